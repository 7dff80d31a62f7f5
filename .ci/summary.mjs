// Adds up vitest's JSON reports in a folder and prints the closing line of a CI run.
// A step that failed without a failing test (a check, a crash, a time limit) counts as one failure. Runs on any Node.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? '.';
const total = { passed: 0, failed: 0, skipped: 0 };
const failedTests = new Map();

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json')).sort()) {
  const report = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const name = file.slice(0, -'.json'.length);
  const skipped = report.numPendingTests + report.numTodoTests;
  // A file that fails before its tests are known (an import, a hook) has no failing test of its own.
  const brokenFiles = report.testResults.filter(
    (result) => result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = report.numFailedTests + brokenFiles.length;
  console.log(`${name}: ${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
  for (const result of report.testResults) {
    for (const test of result.assertionResults) if (test.status === 'failed') console.log(`  failed: ${test.fullName}`);
  }
  for (const result of brokenFiles) console.log(`  failed: ${result.name}`);
  total.passed += report.numPassedTests;
  total.failed += failed;
  total.skipped += skipped;
  failedTests.set(name, failed);
}

const failedSteps = join(folder, 'failed-steps');
const steps = existsSync(failedSteps) ? readFileSync(failedSteps, 'utf8').split('\n').filter(Boolean) : [];
for (const step of steps) {
  console.log(`failed step: ${step}`);
  if (!failedTests.get(step)) total.failed += 1;
}

const skipped = total.skipped === 0 ? '' : `, ${total.skipped} skipped`;
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

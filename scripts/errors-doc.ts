// Makes docs/ERRORS.md from src/base/error-codes.ts: `npm run docs:errors`. The tidy test fails when the page is stale.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES, type ErrorCodeEntry, type ErrorKind } from '../src/base/error-codes.ts';

const SECTIONS: ReadonlyArray<{ readonly digit: string; readonly title: string }> = [
  { digit: '1', title: 'Configuration' },
  { digit: '2', title: 'Source' },
  { digit: '3', title: 'Lake and storage' },
  { digit: '4', title: 'Values and rows' },
  { digit: '5', title: 'Other writers' },
  { digit: '6', title: 'Queries and commands' },
  { digit: '9', title: 'The program and its surroundings' },
];

const KINDS: Readonly<Record<ErrorKind, string>> = {
  retry: 'tried again with growing pauses, up to the configured limit',
  config: 'the command stops at start-up and names the option',
  source: 'that source stops: its log is gone or its settings forbid replication',
  data: 'a value or a file cannot be read or represented: the configuration says what happens',
  fenced: 'the process ends: another writer owns the table',
  bug: 'the process ends with the state that broke the invariant',
};

const EXITS: Readonly<Record<ErrorCodeEntry['exit'], string>> = {
  1: 'unexpected, or a difference found',
  2: 'configuration or check failed',
  3: 'refused for safety',
  4: 'source unreachable',
  5: 'lake unreachable',
};

/** The whole page. Throws if a code belongs to no section, so that none is left out. */
export function errorsDocument(): string {
  const entries: ReadonlyArray<readonly [string, ErrorCodeEntry]> = Object.entries(ERROR_CODES);
  const homeless = entries.filter(([code]) => !SECTIONS.some(({ digit }) => code[1] === digit));
  if (homeless.length > 0) throw new Error(`codes outside every range: ${homeless.map(([code]) => code).join(', ')}`);
  const sections = SECTIONS.map(({ digit, title }) => ({ title, rows: entries.filter(([code]) => code[1] === digit) }))
    .filter(({ rows }) => rows.length > 0)
    .map(
      ({ title, rows }) =>
        `## ${title}\n\n${[...rows]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(section)
          .join('\n')}`,
    );
  return [INTRODUCTION, ...sections].join('\n');
}

const INTRODUCTION = `# Error codes

Made from \`src/base/error-codes.ts\` by \`npm run docs:errors\`; do not edit.

| kind | what happens |
| --- | --- |
${Object.entries(KINDS)
  .map(([kind, meaning]) => `| \`${kind}\` | ${meaning} |`)
  .join('\n')}

A command that ends with an error has this exit code:

| exit code | meaning |
| --- | --- |
${Object.entries(EXITS)
  .map(([exit, meaning]) => `| ${exit} | ${meaning} |`)
  .join('\n')}
`;

function section([code, entry]: readonly [string, ErrorCodeEntry]): string {
  return `### ${code}\n\n${entry.meaning}\n\n**Do:** ${entry.remedy}\n\nKind \`${entry.kind}\`, exit code ${entry.exit}.\n`;
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(join(import.meta.dirname, '..', 'docs', 'ERRORS.md'), errorsDocument());

// Preloaded into a measured process (`node --import`): at its end it writes what the process used to the file that
// TRIBUTARY_BENCH_USAGE names. Threads are part of their process; only the main one writes.
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env['TRIBUTARY_BENCH_USAGE'];

/** The most memory that was ever resident, in KiB. Linux knows it exactly; elsewhere it may include the parent's. */
function peakKiB(): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}

if (isMainThread && file !== undefined) {
  process.once('exit', () => {
    const { user, system } = process.cpuUsage();
    writeFileSync(file, JSON.stringify({ cpuSeconds: (user + system) / 1e6, peakMiB: Math.round(peakKiB() / 1024) }));
  });
}

// What a figure depends on beside the code: the machine, its load, the versions.
import { cpus, loadavg, totalmem } from 'node:os';
import { VERSION } from '../../src/cli/version.ts';

/** The machine and the versions, as they are now. */
export function describeMachine(serverVersion: string): Record<string, unknown> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / 1024 / 1024),
    node: process.version,
    tributary: VERSION,
    server: serverVersion,
  };
}

/** The load average of the last minute. */
export function loadNow(): number {
  return rounded(loadavg()[0], 1);
}

/** Seconds that all cores together have been busy since the machine started. */
export function busySeconds(): number {
  let milliseconds = 0;
  for (const { times } of cpus()) milliseconds += times.user + times.nice + times.sys + times.irq;
  return milliseconds / 1000;
}

/** The number with that many digits after the point. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Median, least and greatest. */
export function spread(values: readonly number[]): {
  readonly median: number;
  readonly min: number;
  readonly max: number;
} {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor((sorted.length - 1) / 2)], min: sorted[0], max: sorted[sorted.length - 1] };
}

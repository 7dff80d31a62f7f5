// The demo's display: a block that is redrawn in its place on a terminal, plain lines elsewhere.
import { expect, test } from 'vitest';
import { tableKey } from '../../../src/change/table-key.ts';
import { Progress, type ProgressState } from '../../../src/cli/demo/progress.ts';
import { newPipelineTelemetry, tableTelemetry } from '../../../src/mirror/telemetry.ts';

function state(): ProgressState {
  const pipeline = newPipelineTelemetry('shop', 1000);
  pipeline.state = 'streaming';
  pipeline.checkpoints = 3;
  pipeline.waitingCommitTimeMs = 8500;
  const table = tableTelemetry(pipeline, tableKey('public', 'orders'), 'shop.orders');
  table.copiedRows = 100;
  table.rows.splice(0, 4, 20, 5, 5, 7);
  return { elapsedMs: 2500, nowMs: 10_000, pipeline, load: { changes: 32, transactions: 9 }, residentBytes: 1024 ** 2 };
}

function shown(isTTY: boolean, columns: number): readonly string[] {
  const written: string[] = [];
  const progress = new Progress({ write: (text) => written.push(text), isTTY, columns });
  progress.show(state());
  progress.show(state());
  return written;
}

test('lines elsewhere', () => {
  const line = '2.5 s: streaming, lag 1.5 s, 32 changes made, 113 rows mirrored, 3 checkpoints, memory 1.0 MiB\n';
  expect(shown(false, 80)).toEqual([line, line]);
});

test('a block on a terminal, drawn again over itself', () => {
  const [first, second] = shown(true, 80);
  expect(first).toMatch(/shop\.orders +113 +20 +5 +7 +- +copying/);
  const height = first.split('\n').length - 1;
  expect(second).toBe(`\u001b[${height}A\r${first}`);
});

test('no line wraps, or the block would be higher than it is counted', () => {
  for (const line of shown(true, 30)[0].replace('\u001b[J', '').split('\n')) expect(line.length).toBeLessThan(30);
});

// What the demo shows while it runs: a block that is redrawn on a terminal, a plain line now and then elsewhere.
import type { PipelineTelemetry } from '../../mirror/telemetry.ts';
import { lagMs } from '../../server/status.ts';
import { sizeText, tableText } from '../output.ts';
import type { LoadProgress } from './load.ts';

/** Where the progress is shown. */
export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What is shown. */
export interface ProgressState {
  readonly elapsedMs: number;
  readonly nowMs: number;
  readonly pipeline: PipelineTelemetry;
  readonly load: LoadProgress;
  readonly residentBytes: number;
}

/** How often a terminal's block is redrawn, and how often a line is written elsewhere. */
const REDRAW_MS = 250;
const LINE_MS = 5000;
const ERASE_BELOW = '\u001b[J';

/** Shows the state again and again. */
export class Progress {
  /** How often `show` is to be called. */
  readonly intervalMs: number;
  private readonly output: ProgressOutput;
  private drawnLines = 0;

  constructor(output: ProgressOutput) {
    this.output = output;
    this.intervalMs = output.isTTY === true ? REDRAW_MS : LINE_MS;
  }

  /** Shows the state; on a terminal in place of what was shown before. */
  show(state: ProgressState): void {
    if (this.output.isTTY !== true) {
      this.output.write(`${progressLine(state)}\n`);
      return;
    }
    const width = this.output.columns ?? 80;
    // A line that wraps would make the block higher than it is counted.
    const lines = progressBlock(state).map((line) => line.slice(0, width - 1));
    const up = this.drawnLines === 0 ? '' : `\u001b[${this.drawnLines}A\r`;
    this.output.write(`${up}${ERASE_BELOW}${lines.join('\n')}\n`);
    this.drawnLines = lines.length;
  }
}

/** One line, for logs. */
function progressLine(state: ProgressState): string {
  const { pipeline, load } = state;
  const rows = [...pipeline.tables.values()].reduce((sum, table) => sum + liveRows(table), 0);
  return [
    `${seconds(state.elapsedMs)} s: ${pipeline.state}`,
    `lag ${seconds(lagMs(pipeline, state.nowMs))} s`,
    `${load.changes} changes made`,
    `${rows} rows mirrored`,
    `${pipeline.checkpoints} checkpoints`,
    `memory ${sizeText(state.residentBytes)}`,
  ].join(', ');
}

/** Lines of the block. */
function progressBlock(state: ProgressState): readonly string[] {
  const { pipeline, load } = state;
  const rate = load.changes / Math.max(1, state.elapsedMs / 1000);
  const header = ['table', 'rows', 'inserts', 'updates', 'deletes', 'snapshot', 'state'];
  const rows = [...pipeline.tables.values()].map((table) => {
    const [inserts, , updates, deletes] = table.rows;
    return [
      table.lakeName,
      liveRows(table),
      inserts,
      updates,
      deletes,
      table.snapshotId,
      table.errorCode ?? table.state,
    ];
  });
  return [
    '',
    `${seconds(state.elapsedMs)} s   ${pipeline.state}   lag ${seconds(lagMs(pipeline, state.nowMs))} s   memory ${sizeText(state.residentBytes)}`,
    `load: ${load.transactions} transactions, ${load.changes} row changes (${rate.toFixed(0)}/s)`,
    `lake: ${pipeline.checkpoints} checkpoints, the newest ${pipeline.checkpointNumber} at ${pipeline.durablePosition ?? '-'}`,
    '',
    ...tableText(header, rows).split('\n'),
  ];
}

/** Rows in the table by what was copied, inserted and deleted since the start of this process. */
function liveRows(table: { readonly copiedRows: number; readonly rows: readonly number[] }): number {
  return Math.max(0, table.copiedRows + table.rows[0] - table.rows[3]);
}

function seconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(1);
}

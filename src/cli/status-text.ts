// The status as people read it.
import type { DaemonStatus, PipelineStatus } from '../server/status.ts';
import { sizeText, type TableCells, tableText } from './output.ts';
import type { StoredStatus } from './stored-status.ts';

/** What `status` shows: what lake and source say, and what the daemon says if one answers. */
export interface StatusReport {
  readonly warehouse: string;
  /** Null where no daemon answers. */
  readonly daemon: DaemonStatus | null;
  readonly pipelines: readonly StoredStatus[];
}

/** The report as lines of text; `nowMs` is for ages. */
export function statusText(report: StatusReport, nowMs: number): string {
  const lines = [`lake    ${report.warehouse}`, daemonLine(report.daemon)];
  for (const stored of report.pipelines) {
    const live = report.daemon?.pipelines.find(({ pipeline }) => pipeline === stored.pipeline) ?? null;
    lines.push('', ...pipelineLines(stored, { live, nowMs }));
  }
  return lines.join('\n');
}

function daemonLine(daemon: DaemonStatus | null): string {
  if (daemon === null) return 'daemon  none answers';
  const uptime = `${Math.round(daemon.uptime_seconds)} s`;
  const { error } = daemon.config;
  const config = error === null ? '' : `\nconfig  not followed: ${error.code} ${error.message}`;
  return `daemon  tributary ${daemon.version}, up ${uptime}, memory ${sizeText(daemon.memory_bytes)}${config}`;
}

interface Context {
  readonly live: PipelineStatus | null;
  readonly nowMs: number;
}

function pipelineLines(stored: StoredStatus, { live, nowMs }: Context): readonly string[] {
  const { pipeline, holder, checkpoint, log, source_error: sourceError } = stored;
  const running = holder === null ? 'not running' : `running on ${holder.host}, process ${holder.pid}`;
  const lag = live === null ? '' : `, lag ${live.lag_seconds.toFixed(1)} s`;
  const lines = [`${pipeline}: ${live === null ? running : live.state}${lag}`];
  if (checkpoint === null) lines.push('  nothing committed yet');
  else {
    const ageText = stored.last_commit === null ? '' : `, ${age(stored.last_commit, nowMs)} ago`;
    lines.push(`  checkpoint ${checkpoint} at ${stored.durable_position ?? '-'}${ageText}`);
  }
  if (sourceError !== null) lines.push(`  source: ${sourceError.code} ${sourceError.message}`);
  if (log !== null) {
    const behind = log.behind_bytes === null ? '' : `, ${sizeText(log.behind_bytes)} behind`;
    lines.push(`  slot ${log.status}, keeps ${sizeText(log.retained_bytes)}, log end ${log.log_end}${behind}`);
  }
  const rows = tableRows(stored, live);
  if (rows.length > 0) {
    const header = ['table', 'lake', 'state', 'snapshot', 'copied', 'inserts', 'updates', 'deletes'];
    lines.push(
      ...tableText(header, rows)
        .split('\n')
        .map((line) => `  ${line}`),
    );
  }
  return lines;
}

/** The daemon knows its tables best; without one, the newest cut does. */
function tableRows(stored: StoredStatus, live: PipelineStatus | null): readonly TableCells[] {
  if (live !== null) {
    return live.tables.map(({ source, table, state, error, snapshot, copied_rows: copied, rows }) => {
      return [
        source,
        table,
        error === null ? state : `${state} ${error}`,
        snapshot,
        copied,
        rows.insert,
        rows.update,
        rows.delete,
      ];
    });
  }
  return stored.tables.map(({ source, table, state, snapshot }) => [
    source,
    table,
    state,
    snapshot,
    null,
    null,
    null,
    null,
  ]);
}

function age(time: string, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(time)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

// The daemon's metrics in OpenMetrics text, filled from the telemetry of its pipelines at every scrape.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PipelineState, PipelineTelemetry, TableState, TableTelemetry } from '../mirror/telemetry.ts';
import { type ConfigReading, copySecondsLeft, lagMs, tableFreshnessMs } from './status.ts';

/** What is told beside the telemetry. */
export interface MetricsInput {
  readonly pipelines: readonly PipelineTelemetry[];
  readonly version: string;
  readonly config: ConfigReading;
  readonly nowMs: number;
  readonly residentBytes: number;
}

const PIPELINE_STATES: readonly PipelineState[] = ['starting', 'copying', 'streaming', 'retrying', 'stopped', 'failed'];
const TABLE_STATES: readonly TableState[] = ['copying', 'streaming', 'paused', 'failed'];
const LOG_STATES = ['ok', 'unreserved', 'lost', 'missing'] as const;
/** Row kinds in the order of `TableTelemetry.rows`; an update's before-image is no row of its own. */
const OPERATIONS = [
  ['insert', 0],
  ['update', 2],
  ['delete', 3],
] as const;
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The metrics of one process; its names are those of docs and of dashboards. */
export class Metrics {
  private readonly registry = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  private readonly gauges = new Map<string, Gauge>();
  private readonly counters = new Map<string, Counter>();
  private readonly durations: Histogram<'pipeline'>;
  /** Checkpoints whose duration was observed, by pipeline. */
  private readonly observed = new Map<string, number>();

  constructor() {
    this.registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    this.durations = new Histogram({
      name: 'tributary_commit_duration_seconds',
      help: 'Time from the begin of a checkpoint to its record.',
      labelNames: ['pipeline'],
      buckets: DURATION_BUCKETS,
      registers: [this.registry],
    });
  }

  /** The media type of `text`. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** Takes over durations of checkpoints; to be called at least every 1024 checkpoints, so that none is missed. */
  observe(pipelines: readonly PipelineTelemetry[]): void {
    for (const { pipeline, checkpoints, checkpointDurationsMs } of pipelines) {
      const fresh = Math.min(checkpoints - (this.observed.get(pipeline) ?? 0), checkpointDurationsMs.length);
      this.observed.set(pipeline, checkpoints);
      if (fresh <= 0) continue;
      for (const durationMs of checkpointDurationsMs.slice(-fresh))
        this.durations.observe({ pipeline }, durationMs / 1000);
    }
  }

  /** The metrics as text. */
  text(input: MetricsInput): Promise<string> {
    for (const metric of [...this.gauges.values(), ...this.counters.values()]) metric.reset();
    this.gauge('build_info', 'The version, as a label.', { version: input.version }, 1);
    this.gauge('up', '1 while the process runs.', {}, 1);
    this.gauge('memory_resident_bytes', 'Resident memory of the process.', {}, input.residentBytes);
    const { error, followedMs } = input.config;
    this.gauge(
      'config_last_reload_successful',
      '1 while the configuration file as it was read last is followed.',
      {},
      error === null ? 1 : 0,
    );
    this.gauge(
      'config_followed_timestamp_seconds',
      'When the configuration that is followed was read.',
      {},
      followedMs / 1000,
    );
    this.observe(input.pipelines);
    for (const pipeline of input.pipelines) this.fillPipeline(pipeline, input);
    return this.registry.metrics();
  }

  private fillPipeline(telemetry: PipelineTelemetry, { nowMs }: MetricsInput): void {
    const { pipeline } = telemetry;
    const label = { pipeline };
    this.oneHot('state', 'The state that the pipeline is in is 1.', label, {
      states: PIPELINE_STATES,
      current: telemetry.state,
    });
    this.gauge('source_connected', '1 while the source is connected.', label, telemetry.connected ? 1 : 0);
    this.gauge(
      'source_lag_seconds',
      'Age of the oldest received change that is not durable; 0 when caught up.',
      label,
      lagMs(telemetry, nowMs) / 1000,
    );
    this.known(
      'source_lag_bytes',
      "Bytes of the source's log that the lake does not hold yet.",
      label,
      telemetry.lagBytes,
    );
    this.counter('transactions', 'Transactions taken from the log.', label, telemetry.transactions);
    const compactions = [...telemetry.tables.values()].reduce((sum, table) => sum + table.compactions, 0);
    this.counter('commits', 'Commits to the lake.', { ...label, kind: 'checkpoint' }, telemetry.checkpoints);
    this.counter('commits', 'Commits to the lake.', { ...label, kind: 'compaction' }, compactions);
    this.counter('commit_retries', 'Commits that were tried again.', label, telemetry.commitRetries);
    this.gauge('buffer_bytes', 'Bytes in buffers.', { ...label, stage: 'memtable' }, telemetry.bufferedBytes);
    this.gauge('buffer_limit_bytes', 'The budget of all buffers.', label, telemetry.bufferLimitBytes);
    this.counter(
      'backpressure_seconds',
      'Time that reading waited for memory.',
      { ...label, stage: 'memtable' },
      telemetry.backPressureMs / 1000,
    );
    this.counter(
      'reconnects',
      'Times the pipeline started again after a failure.',
      { ...label, reason: 'retry' },
      telemetry.reconnects,
    );
    for (const [code, count] of telemetry.errors) this.counter('errors', 'Errors by code.', { ...label, code }, count);
    this.known(
      'last_commit_timestamp_seconds',
      'When the newest checkpoint was recorded.',
      label,
      seconds(telemetry.lastCommitMs),
    );
    this.known('last_error_timestamp_seconds', 'When the newest error came.', label, seconds(telemetry.lastErrorMs));
    this.fillLog(telemetry);
    for (const table of telemetry.tables.values()) this.fillTable(telemetry, table, nowMs);
  }

  private fillLog({ pipeline, health }: PipelineTelemetry): void {
    if (health === null) return;
    const label = { pipeline };
    this.oneHot('slot_health', 'The status that the slot is in is 1.', label, {
      states: LOG_STATES,
      current: health.status,
      name: 'status',
    });
    this.gauge(
      'slot_retained_wal_bytes',
      'Bytes of log that the source keeps for the slot.',
      label,
      health.retainedBytes,
    );
    this.known(
      'slot_safe_wal_bytes',
      'Bytes that may be written before the source gives the slot up.',
      label,
      health.safeBytes,
    );
  }

  private fillTable(telemetry: PipelineTelemetry, table: TableTelemetry, nowMs: number): void {
    const label = { pipeline: telemetry.pipeline, table: table.key };
    this.oneHot('table_state', 'The state that the table is in is 1.', label, {
      states: TABLE_STATES,
      current: table.state,
    });
    const freshness = tableFreshnessMs(telemetry, table, nowMs) / 1000;
    this.gauge(
      'freshness_seconds',
      'Age of what readers of the table see, no more than the lag; 0 when caught up.',
      label,
      freshness,
    );
    for (const [op, index] of OPERATIONS) {
      this.counter('rows', 'Row changes taken from the log.', { ...label, op }, table.rows[index]);
    }
    this.counter('snapshot_rows', 'Rows of the first copy.', label, table.copiedRows);
    this.counter('snapshot_bytes', 'Bytes of the first copy, as they are decoded.', label, table.copiedBytes);
    this.known(
      'snapshot_left_seconds',
      'Time until the first copy is through, as far as can be told.',
      label,
      copySecondsLeft(table, nowMs),
    );
    const done = table.state !== 'copying';
    const ratio = done ? 1 : Math.min(1, table.copiedRows / Math.max(1, table.copyRowsEstimate));
    this.gauge(
      'snapshot_progress_ratio',
      'How much of the first copy is done, by the estimate of the server.',
      label,
      ratio,
    );
  }

  private oneHot(
    name: string,
    help: string,
    labels: Readonly<Record<string, string>>,
    {
      states,
      current,
      name: stateLabel = 'state',
    }: { readonly states: readonly string[]; readonly current: string; readonly name?: string },
  ): void {
    for (const state of states) this.gauge(name, help, { ...labels, [stateLabel]: state }, state === current ? 1 : 0);
  }

  /** A gauge that is left out where its value is not known. */
  private known(name: string, help: string, labels: Readonly<Record<string, string>>, value: number | null): void {
    if (value !== null) this.gauge(name, help, labels, value);
  }

  private gauge(name: string, help: string, labels: Readonly<Record<string, string>>, value: number): void {
    let gauge = this.gauges.get(name);
    if (gauge === undefined) {
      gauge = new Gauge({
        name: `tributary_${name}`,
        help,
        labelNames: Object.keys(labels),
        registers: [this.registry],
      });
      this.gauges.set(name, gauge);
    }
    gauge.set(labels, value);
  }

  /** `name` without `_total`, which the text form adds. */
  private counter(name: string, help: string, labels: Readonly<Record<string, string>>, value: number): void {
    let counter = this.counters.get(name);
    if (counter === undefined) {
      counter = new Counter({
        name: `tributary_${name}`,
        help,
        labelNames: Object.keys(labels),
        registers: [this.registry],
      });
      this.counters.set(name, counter);
    }
    counter.inc(labels, value);
  }
}

function seconds(timeMs: number | null): number | null {
  return timeMs === null ? null : timeMs / 1000;
}

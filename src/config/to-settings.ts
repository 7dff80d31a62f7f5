// What the parts of the program are told, made from the configuration: it knows their settings, they do not know it.
import type { ConnectionSettings } from '../source/connection-settings.ts';
import type { MirrorSettings } from '../mirror/settings.ts';
import type { RetrySettings } from '../mirror/supervise.ts';
import type { ShardSettings } from '../source/shards/merged-tables.ts';
import type { MysqlSettings } from '../source/mysql/settings.ts';
import type { PostgresSettings, TablePolicy } from '../source/postgres/settings.ts';
import { TributaryError } from '../base/errors.ts';
import { didYouMean } from '../base/did-you-mean.ts';
import type { LoadedConfig } from './load-config.ts';
import type { Config, SourceConfig } from './options.ts';
import { type SourceAddress, sourceAddress, type SourceKind } from './source-url.ts';
import { type TableRule, tableRules } from './table-rules.ts';

/** What one run adds to the configuration. */
export interface RunOptions {
  readonly untilCaughtUp: boolean;
  /** The gap that the operator accepts (`--accept-gap FROM..TO`). */
  readonly acceptGap: MirrorSettings['acceptGap'];
}

/** How long a server of MySQL's kind may be silent before it says that its log is idle. */
const SERVER_HEARTBEAT_MS_MAX = 10_000;

/** A run without any. */
export const PLAIN_RUN: RunOptions = { untilCaughtUp: false, acceptGap: null };

/** Names of the sources, in the order of the file. Throws E1009 if there is none. */
export function sourceNames({ config }: LoadedConfig): readonly string[] {
  const names = Object.keys(config.sources);
  if (names.length === 0) throw new TributaryError('E1009', 'configuration has no source: option=sources');
  return names;
}

/** What kind of server the source of that name is. Throws E1006 to E1009. */
export function sourceKind({ config }: LoadedConfig, name: string): SourceKind {
  return addressOf(sourceConfig(config, name), name).kind;
}

/** What the MySQL or MariaDB source of that name is told. Throws E1006 to E1009. */
export function mysqlSettings(loaded: LoadedConfig, name: string): MysqlSettings {
  const source = sourceConfig(loaded.config, name);
  const rules = tableRules(source, optionOf(name));
  return {
    ...connectionSettings(loaded, name),
    serverId: source.server_id,
    zeroDates: source.zero_dates,
    includes: (database, table) => rules.includes(`${database}.${table}`),
    tablePolicy: (database, table) => {
      const { key, noKey, columnTypes } = rules.rule(`${database}.${table}`);
      return { key, noKey, asString: Object.keys(columnTypes) };
    },
    heartbeatMs: Math.min(source.heartbeat.interval, SERVER_HEARTBEAT_MS_MAX),
  };
}

function connectionSettings(loaded: LoadedConfig, name: string): ConnectionSettings {
  const source = sourceConfig(loaded.config, name);
  const { host, port, user, database } = addressOf(source, name);
  const { mode, ca, cert, key, servername } = source.tls;
  return {
    host,
    port,
    user,
    database,
    // Read again at every connect, as short-lived passwords demand (requirement P46).
    password: () => Promise.resolve().then(() => passwordOf(loaded, name)),
    tls: { mode, ca, cert, key, servername },
    connectTimeoutMs: source.connect_timeout,
  };
}

/** What the PostgreSQL source of that name is told. Throws E1006 to E1009. */
export function postgresSettings(loaded: LoadedConfig, name: string): PostgresSettings {
  const source = sourceConfig(loaded.config, name);
  const rules = tableRules(source, optionOf(name));
  return {
    ...connectionSettings(loaded, name),
    slot: { name: source.slot.name ?? defaultName(name), create: source.slot.create, failover: source.slot.failover },
    publication: {
      name: source.publication.name ?? defaultName(name),
      create: source.publication.create,
      viaPartitionRoot: source.publication.via_partition_root,
    },
    includes: (schema, table) => rules.includes(`${schema}.${table}`),
    tablePolicy: (schema, table) => policyOf(rules.rule(`${schema}.${table}`)),
    heartbeat: { intervalMs: source.heartbeat.interval, emit: source.heartbeat.emit },
    onSlotLost: source.on_slot_lost,
  };
}

/** What share of the memory changes may take that wait for a chunk of a copy. */
const HELD_SHARE = 8;

/** What the pipeline of that name is told. Throws E1006 to E1009. */
export function mirrorSettings(loaded: LoadedConfig, name: string, run: RunOptions = PLAIN_RUN): MirrorSettings {
  const { config } = loaded;
  const source = sourceConfig(config, name);
  const rules = tableRules(source, optionOf(name));
  const { lake, commit, maintenance, errors, limits } = config;
  // One budget for the daemon: its pipelines share it evenly.
  const memoryBytesMax = Math.floor(limits.memory / Object.keys(config.sources).length);
  return {
    pipeline: name,
    // A MySQL source may be of all databases of its server: each table's own is its schema.
    database: addressOf(source, name).database || name,
    mapping: (table) => {
      const rule = rules.mergedRule(table) ?? rules.rule(table);
      return {
        database: rule.to?.database ?? lake.database,
        table: rule.to?.table ?? lake.table,
        case: lake.case,
        buckets: rule.buckets,
        options: { ...lake.options, ...rule.options },
      };
    },
    commit: { intervalMs: commit.interval, bytesMax: commit.max_bytes, rowsMax: commit.max_rows },
    memoryBytesMax,
    heartbeatMs: source.heartbeat.interval,
    copy: {
      rowsMax: source.snapshot.chunk_rows,
      bytesMax: source.snapshot.chunk_bytes,
      ageMaxMs: source.snapshot.max_transaction_age,
      bytesPerSecondMax: source.snapshot.rate_limit,
      heldBytesMax: Math.floor(memoryBytesMax / HELD_SHARE),
    },
    snapshots: { retainMs: maintenance.snapshots.retain, countMin: maintenance.snapshots.min },
    compaction: maintenance.compaction,
    evolution: {
      onChange: source.schema.on_change,
      addColumn: source.schema.add_column,
      dropColumn: source.schema.drop_column,
      renameColumn: source.schema.rename_column,
      widenType: source.schema.widen_type,
      narrowType: source.schema.narrow_type,
    },
    onTableError: errors.on_table_error,
    onLogLost: addressOf(source, name).kind === 'postgres' ? source.on_slot_lost : source.on_binlog_purged,
    isolateLagBytesMax: errors.isolate_max_lag,
    untilCaughtUp: run.untilCaughtUp,
    acceptGap: run.acceptGap,
  };
}

/** Which tables of the source of that name are shards. Throws E1006 to E1009. */
export function shardSettings({ config }: LoadedConfig, name: string): ShardSettings {
  const source = sourceConfig(config, name);
  const rules = tableRules(source, optionOf(name));
  return {
    source: name,
    database: addressOf(source, name).database || name,
    shardOf: (schema, table) => {
      const { to, add } = rules.rule(`${schema}.${table}`);
      return to === null || Object.keys(add).length === 0 ? null : { to, add };
    },
  };
}

/** How failures of a pipeline are tried again. */
export function retrySettings({ config }: LoadedConfig): RetrySettings {
  const { initial, max, give_up: giveUp } = config.errors.retry;
  return { initialMs: initial, maxMs: max, giveUpMs: giveUp };
}

/** The password as it is now: `password`, else the one in `url`; null if neither has one. */
function passwordOf(loaded: LoadedConfig, name: string): string | null {
  const password = loaded.secret(name, 'password');
  if (password !== null) return password;
  const url = loaded.secret(name, 'url');
  return url === null ? null : sourceAddress({ url }, optionOf(name)).password;
}

function sourceConfig(config: Config, name: string): SourceConfig {
  const source = Object.hasOwn(config.sources, name) ? config.sources[name] : undefined;
  if (source !== undefined) return source;
  const names = Object.keys(config.sources);
  throw new TributaryError('E1009', `configuration has no such source: source=${name}${didYouMean(name, names)}`);
}

function addressOf(source: SourceConfig, name: string): SourceAddress {
  return sourceAddress(source, optionOf(name));
}

function policyOf(rule: TableRule): TablePolicy {
  const { types, columnTypes } = rule;
  return {
    key: rule.key,
    noKey: rule.noKey,
    types: {
      numericUnbounded: types.numeric_unbounded,
      numericOverflow: types.numeric_overflow,
      infinity: types.infinity,
      // A value of several dimensions is a bad row, unless its column is typed string.
      multidimensional: 'stop',
      time: types.time,
      asString: Object.keys(columnTypes),
    },
  };
}

function optionOf(name: string): string {
  return `sources.${name}`;
}

/** The slot and the publication of a source are named after it. */
function defaultName(source: string): string {
  return `tributary_${source}`;
}

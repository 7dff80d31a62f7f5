// What a MySQL or MariaDB source is told: plain values and functions, made by the configuration from the user's file.
import type { ConnectionSettings } from '../connection-settings.ts';

/** Dates that the calendar does not have: with zero as year, month or day, or as `2024-02-31`. */
export type ZeroDates = 'as_null' | 'string' | 'error';

/** How one table is to be read. */
export interface MysqlTablePolicy {
  /** `auto`: the primary key, else the first unique key without NULLs; or the columns by name. */
  readonly key: 'auto' | readonly string[];
  /** What to do with a table without a usable key: leave it out, or refuse to start. */
  readonly noKey: 'skip' | 'stop';
  /** Columns that are STRING whatever their type, by name. */
  readonly asString: readonly string[];
}

/** Everything a MySQL or MariaDB source is told. */
export interface MysqlSettings extends ConnectionSettings {
  /** Our number among the server's replicas; `auto` draws one. */
  readonly serverId: 'auto' | number;
  readonly zeroDates: ZeroDates;
  /** Whether the configuration wants the table. */
  readonly includes: (database: string, table: string) => boolean;
  readonly tablePolicy: (database: string, table: string) => MysqlTablePolicy;
  /** How often the server tells that an idle log is still there. */
  readonly heartbeatMs: number;
}

// What a PostgreSQL source is told: plain values and functions, made by the configuration from the user's file.
import type { ConnectionSettings } from '../connection-settings.ts';
import type { ValuePolicies } from './value-policies.ts';

/** How one table is to be read. */
export interface TablePolicy {
  /** `auto`: the primary key, else the replica identity index; or the columns by name. */
  readonly key: 'auto' | readonly string[];
  /** What to do with a table without a usable key: leave it out, or refuse to start. */
  readonly noKey: 'skip' | 'stop';
  readonly types: ValuePolicies;
}

/** Everything a PostgreSQL source is told. */
export interface PostgresSettings extends ConnectionSettings {
  readonly slot: {
    readonly name: string;
    readonly create: 'auto' | 'never';
    /** `auto`: a failover slot where the server has them (17 and newer). */
    readonly failover: 'auto' | 'never';
  };
  readonly publication: {
    readonly name: string;
    readonly create: 'auto' | 'never';
    /** Partitioned tables are read as their root. */
    readonly viaPartitionRoot: boolean;
  };
  /** Whether the configuration wants the table. */
  readonly includes: (schema: string, table: string) => boolean;
  readonly tablePolicy: (schema: string, table: string) => TablePolicy;
  readonly heartbeat: { readonly intervalMs: number; readonly emit: 'auto' | 'never' };
  /** `resync`: a slot whose log is gone is dropped and made anew. */
  readonly onSlotLost: 'stop' | 'resync';
}

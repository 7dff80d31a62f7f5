// What a column of the tables with every type of MySQL and MariaDB is.
import type { MysqlKind } from './mysql-servers.ts';

/** A column and its values, in pairs of an SQL expression and what the lake shows. */
export interface TypedColumn {
  readonly type: string;
  readonly values: readonly (readonly [string, unknown])[];
  /** Only on this server. */
  readonly only?: MysqlKind;
}

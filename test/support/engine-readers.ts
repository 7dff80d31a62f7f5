// Every way in which other engines read Paimon tables here, behind one interface: by table, by time and by SQL.
import { type Flink, flink, spark } from './engines.ts';
import type { GoldenRow } from './golden.ts';
import { type Pypaimon, pypaimon } from './pypaimon.ts';

/** The engines, as the page names them. */
export const ENGINE_NAMES = ['Flink', 'Spark', 'pypaimon', 'pypaimon, native', 'pypaimon-rust SQL'] as const;

export type EngineName = (typeof ENGINE_NAMES)[number];

/** A state of a table; nothing is the newest. */
export interface TableState {
  readonly snapshot?: number;
  readonly tag?: string;
}

/** An engine that reads the tables of one warehouse. Calls reject with `Refused` where the engine refuses. */
export interface EngineReader {
  /** All rows of a table or system table, named `database.table` or `database.table$name`. */
  read(table: string, state?: TableState): Promise<readonly GoldenRow[]>;
  /** The rows of a query, in which tables are named by `sqlName`; null where the engine has no SQL. */
  readonly sql: ((query: string) => Promise<readonly GoldenRow[]>) | null;
  /** The changes of a streaming query; null where this is not tried. */
  readonly stream: Flink['stream'] | null;
  stop(): Promise<void>;
}

/** Opens an engine on a warehouse; only where interop tests are wanted. */
export async function openEngine(name: EngineName, warehouse: string): Promise<EngineReader> {
  switch (name) {
    case 'Flink':
      return flinkReader(wanted(await flink(warehouse)));
    case 'Spark':
      return sqlReader(wanted(await spark(warehouse)), versionAsOf);
    case 'pypaimon':
      return pythonReader(wanted(await pypaimon()), warehouse, {});
    case 'pypaimon, native':
      return pythonReader(wanted(await pypaimon()), warehouse, NATIVE_READS);
    case 'pypaimon-rust SQL': {
      const python = wanted(await pypaimon());
      return sqlReader({ query: (query) => python.sql(warehouse, query), stop: () => Promise.resolve() }, versionAsOf);
    }
  }
}

/** Options that make pypaimon plan and read with its native side. */
const NATIVE_READS = { 'read.native.enabled': 'true', 'scan.native-plan.enabled': 'true' };

/** A table's name in the SQL of all engines. */
export function sqlName(table: string): string {
  const [database, name] = table.split('.');
  return `paimon.\`${database}\`.\`${name}\``;
}

interface Sql {
  query(sql: string): Promise<readonly GoldenRow[]>;
  stop(): Promise<void>;
}

function wanted<Engine>(engine: Engine | null): Engine {
  if (engine === null) throw new Error('TRIBUTARY_INTEROP=1 is needed');
  return engine;
}

function flinkReader(engine: Flink): EngineReader {
  return { ...sqlReader(engine, flinkState), stream: (sql, limit) => engine.stream(sql, limit) };
}

function sqlReader(engine: Sql, clause: (state: TableState) => string): EngineReader {
  return {
    read: (table, state = {}) => engine.query(`SELECT * FROM ${sqlName(table)} ${clause(state)}`),
    sql: (query) => engine.query(query),
    stream: null,
    stop: () => engine.stop(),
  };
}

function pythonReader(python: Pypaimon, warehouse: string, options: Readonly<Record<string, string>>): EngineReader {
  return {
    read: (table, { snapshot, tag } = {}) => {
      const state = {
        ...(snapshot === undefined ? {} : { 'scan.snapshot-id': String(snapshot) }),
        ...(tag === undefined ? {} : { 'scan.tag-name': tag }),
      };
      return python.read({ warehouse, table }, { options: { ...options, ...state } });
    },
    sql: null,
    stream: null,
    stop: () => Promise.resolve(),
  };
}

function flinkState({ snapshot, tag }: TableState): string {
  if (snapshot !== undefined) return `/*+ OPTIONS('scan.snapshot-id' = '${snapshot}') */`;
  return tag === undefined ? '' : `/*+ OPTIONS('scan.tag-name' = '${tag}') */`;
}

function versionAsOf({ snapshot, tag }: TableState): string {
  if (snapshot !== undefined) return `VERSION AS OF ${snapshot}`;
  return tag === undefined ? '' : `VERSION AS OF '${tag}'`;
}

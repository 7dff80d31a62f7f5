// Relation messages: what the log says about a table before its first row, and whether that is the table we mirror.
import { TributaryError } from '../../base/errors.ts';
import { type TableKey, tableKey } from '../../change/table-key.ts';
import type { PostgresTable, ReplicaIdentity } from './postgres-table.ts';
import type { TupleColumn } from './row-decoder.ts';

/** A column as the log describes it. */
interface RelationColumn {
  readonly name: string;
  /** Part of the replica identity. */
  readonly identity: boolean;
  readonly typeOid: number;
  readonly modifier: number;
}

/** A table as the log describes it. */
export interface Relation {
  readonly oid: number;
  readonly key: TableKey;
  readonly identity: ReplicaIdentity;
  readonly columns: readonly RelationColumn[];
}

const IDENTITIES: ReadonlySet<string> = new Set<ReplicaIdentity>(['d', 'n', 'f', 'i']);

function isIdentity(letter: string): letter is ReplicaIdentity {
  return IDENTITIES.has(letter);
}

/** Reads the Relation message at `start`. Throws E2033 if it is not one. */
export function readRelation(bytes: Buffer, start: number): Relation {
  let at = start + 5;
  const text = (): string => {
    const end = bytes.indexOf(0, at);
    const value = bytes.toString('utf8', at, end);
    at = end + 1;
    return value;
  };
  const oid = bytes.readUInt32BE(start + 1);
  const schema = text();
  const name = text();
  const identity = String.fromCharCode(bytes.readUInt8(at));
  if (!isIdentity(identity)) throw new TributaryError('E2033', `unknown replica identity: letter=${identity}`);
  const count = bytes.readUInt16BE(at + 1);
  at += 3;
  const columns: RelationColumn[] = [];
  for (let index = 0; index < count; index++) {
    const isIdentityColumn = (bytes.readUInt8(at++) & 1) === 1;
    const columnName = text();
    const typeOid = bytes.readUInt32BE(at);
    const modifier = bytes.readInt32BE(at + 4);
    at += 8;
    columns.push({ name: columnName, identity: isIdentityColumn, typeOid, modifier });
  }
  return { oid, key: tableKey(schema === '' ? 'pg_catalog' : schema, name), identity, columns };
}

/** The name of a column that was dropped: no column has it. */
const DROPPED = '';

/** The relation with the names that its columns have now; `names` as in `FormerColumns`. */
export function renamed(relation: Relation, names: ReadonlyMap<string, string | null>): Relation {
  const now = (name: string): string => {
    const found = names.get(name);
    return found === undefined ? name : (found ?? DROPPED);
  };
  return { ...relation, columns: relation.columns.map((column) => ({ ...column, name: now(column.name) })) };
}

/** What of the relation does not fit the table, in words for a message; null if all fits. */
export function describeMismatch(relation: Relation, table: PostgresTable): string | null {
  if (relation.oid !== table.oid) return 'reason=created-anew';
  if (relation.key !== table.source.key) return `reason=renamed name=${relation.key}`;
  if (relation.identity === 'n') return 'reason=replica-identity-nothing';
  const leftOut = new Set([...table.leftOut, DROPPED]);
  const columns = relation.columns.filter((column) => !leftOut.has(column.name));
  for (const [index, layout] of table.layout.entries()) {
    const column = columns[index];
    if (column?.name !== layout.name) return `reason=columns column=${layout.name}`;
    if (column.typeOid !== layout.typeOid) return `reason=type column=${layout.name}`;
    if (layout.modifier !== -1 && column.modifier !== layout.modifier) return `reason=precision column=${layout.name}`;
    if (table.source.keyColumns.includes(index) && !column.identity && relation.identity !== 'f') {
      return `reason=key-not-in-replica-identity column=${layout.name}`;
    }
  }
  const added = columns[table.layout.length];
  return added === undefined ? null : `reason=column-added column=${added.name}`;
}

/** Whether a mismatch is of columns alone: the table is the same, and was altered. */
export function isAlteration(mismatch: string): boolean {
  return /^reason=(columns|type|precision|column-added) /.test(mismatch);
}

/** Where the columns of the relation's tuples go in the table; for a relation without mismatch. */
export function tupleColumns(relation: Relation, table: PostgresTable): readonly TupleColumn[] {
  return relation.columns.map((column) => ({
    target: table.layout.findIndex((layout) => layout.name === column.name),
    identity: column.identity,
  }));
}

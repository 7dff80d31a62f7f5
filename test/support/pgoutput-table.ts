// A described table without a server: what the catalog would say, for tests and benchmarks of the decoders.
import { tableKey } from '../../src/change/table-key.ts';
import type { PostgresTable, ReplicaIdentity } from '../../src/source/postgres/postgres-table.ts';
import { DEFAULT_VALUE_POLICIES, nullFaults, type ValuePolicies } from '../../src/source/postgres/value-policies.ts';
import { type CatalogType, planValue } from '../../src/source/postgres/value-plan.ts';

/** A column of the table; the modifier is that of `pg_attribute.atttypmod`. */
export interface TestColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly modifier?: number;
}

/** OIDs of built-in types. */
export const OID = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  float4: 700,
  float8: 701,
  int4Array: 1007,
  textArray: 1009,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  numericArray: 1231,
  numeric: 1700,
} as const;

const ELEMENTS: ReadonlyMap<number, number> = new Map<number, number>([
  [OID.int4Array, OID.int4],
  [OID.textArray, OID.text],
  [OID.numericArray, OID.numeric],
]);

/** The catalog's rows of the built-in types above. */
export const builtInTypes: ReadonlyMap<number, CatalogType> = new Map(
  Object.values(OID).map((oid) => [
    oid,
    { oid, baseOid: 0, baseModifier: -1, elementOid: ELEMENTS.get(oid) ?? 0, delimiter: 0x2c },
  ]),
);

/** The modifier of numeric(precision, scale). */
export function numericModifier(precision: number, scale: number): number {
  return ((precision << 16) | (scale & 0x7ff)) + 4;
}

/** The table `public.<name>` of OID 100 with its first column as key, unless `options` say otherwise. */
export function testTable(
  name: string,
  columns: readonly TestColumn[],
  options: {
    readonly oid?: number;
    readonly keyColumns?: readonly number[];
    readonly identity?: ReplicaIdentity;
    readonly policies?: Partial<ValuePolicies>;
    readonly validateUtf8?: boolean;
  } = {},
): PostgresTable {
  const policies = { ...DEFAULT_VALUE_POLICIES, ...options.policies };
  const layout = columns.map((column) => {
    const modifier = column.modifier ?? -1;
    return {
      name: column.name,
      typeOid: column.typeOid,
      modifier,
      plan: planValue(builtInTypes, column.typeOid, modifier, policies),
    };
  });
  return {
    source: {
      key: tableKey('public', name),
      schema: 'public',
      name,
      columns: layout.map((column, index) => ({
        name: column.name,
        id: index + 1,
        nativeType: `type ${column.typeOid}`,
        type: column.plan.type,
        nullable: true,
      })),
      keyColumns: options.keyColumns ?? [0],
      rowCountEstimate: 0,
    },
    oid: options.oid ?? 100,
    partitioned: false,
    hasKeyIndex: true,
    owned: true,
    identity: options.identity ?? 'd',
    layout,
    leftOut: [],
    nullFaults: nullFaults(policies),
    validateUtf8: options.validateUtf8 ?? false,
  };
}

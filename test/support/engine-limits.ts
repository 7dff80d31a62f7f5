// What other engines cannot do with tables that Paimon's Java implementation and we read: exactly what is seen, and the
// note of docs/compatibility.md. A limit that is not seen any more fails the test, so that the list cannot go stale.
import type { EngineName } from './engine-readers.ts';

/** What an engine does with a table where it does not read our rows. */
export interface EngineLimit {
  readonly engines: readonly EngineName[];
  readonly tables: RegExp;
  /** As the page says it. */
  readonly note: string;
  /** The engine's refusal, or what it makes of rows, which are in the form of `comparableRows`. */
  readonly seen: RegExp | ((rows: readonly string[]) => readonly string[]) | 'other rows';
}

const UNKNOWN_MERGE =
  /merge-engine 'partial-update' is enabled together with options that pypaimon does not yet implement/;

export const ENGINE_LIMITS: readonly EngineLimit[] = [
  {
    engines: ['Spark'],
    tables: /^(types_primitive_parquet|types_primitive_avro|types_primitive_orc|moments|every_type)$/,
    note: 'Spark has no TIME, which comes as INT milliseconds, and no nanoseconds: TIMESTAMP(7) to (9) are cut to microseconds.',
    seen: (rows) => rows.map((row) => cutToMicros(timeAsMillis(row))),
  },
  {
    engines: ['Spark'],
    tables: /^types_nested_parquet$/,
    note: 'In Parquet files a row inside a row or an array is read as NULL where all its fields are NULL.',
    seen: (rows) => rows.map((row) => row.replaceAll(/(?<!^)\{("\w+":null,?)+\}/g, 'null')),
  },
  {
    engines: ['Spark'],
    tables: /^se_inner$/,
    note: 'Files from before the fields inside rows changed are refused until a full compaction has rewritten them.',
    seen: /Only support column type evolution in atomic data type/,
  },
  {
    engines: ['Spark'],
    tables: /^bucket_postpone$/,
    note: 'Tables with postponed buckets are refused.',
    seen: /The number of buckets needs to be greater than 0/,
  },
  {
    engines: ['Spark'],
    tables: /^thin_mode_composite$/,
    note: 'Thin mode came later than 0.9.0, which takes keys that are not in a file for NULL: **rows that have yet to be merged are silently wrong**; fully compacted tables read right.',
    seen: 'other rows',
  },
  {
    engines: ['pypaimon'],
    tables:
      /^(pu_(aggregate_in_group|default_aggregate|ignore_delete|remove_on_delete|sequence_group.*)|cp_lookup_partial_update)$/,
    note: 'Sequence groups, aggregates within them, `ignore-delete` and removal by deletes are refused.',
    seen: UNKNOWN_MERGE,
  },
  {
    engines: ['pypaimon', 'pypaimon, native'],
    tables: /^types_nested/,
    note: 'MULTISET is refused; arrays, maps and rows are read.',
    seen: /Unsupported data type: MULTISET/,
  },
  {
    engines: ['pypaimon'],
    tables: /^moments$/,
    note: 'Rows that have to be merged lose their nanoseconds: TIMESTAMP(7) to (9) are cut to microseconds.',
    seen: (rows) => rows.map(cutToMicros),
  },
  {
    engines: ['pypaimon'],
    tables: /^types_primitive_orc$/,
    note: 'Timestamps of ORC files before 1677 or after 2262 are **silently wrong**: as nanoseconds since 1970 they do not fit 64 bits.',
    seen: (rows) => rows.map(wrappedNanos),
  },
  {
    engines: ['pypaimon, native', 'pypaimon-rust SQL'],
    tables: /^types_primitive_orc$/,
    note: 'Timestamps of ORC files before 1677 or after 2262 are refused.',
    seen: /Overflow while decoding timestamp/,
  },
];

/** Timestamps of other centuries as the lowest 64 bits of their nanoseconds tell them, with as many digits. */
function wrappedNanos(row: string): string {
  return row.replaceAll(
    /((?!1[789]|2[012])\d\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?/g,
    (_, second: string, fraction = '.') => {
      const digits = String(fraction).slice(1);
      const nanos = BigInt(Date.parse(`${second}Z`)) * 1_000_000n + BigInt(digits.padEnd(9, '0'));
      // Digits that the type does not have are cut off towards 1970.
      const unit = 10n ** BigInt(9 - digits.length);
      const wrapped = (BigInt.asIntN(64, nanos) / unit) * unit;
      const within = ((wrapped % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
      const date = new Date(Number((wrapped - within) / 1_000_000n)).toISOString().slice(0, 19);
      const kept = String(within).padStart(9, '0').slice(0, digits.length);
      return kept === '' ? date : `${date}.${kept}`;
    },
  );
}

/** Cuts fractions of a second, and the zeros at their end. */
function cutToMicros(row: string): string {
  return row.replaceAll(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})\d+/g, (_, second: string, micros: string) => {
    const digits = micros.replace(/0+$/, '');
    return digits === '' ? second : `${second}.${digits}`;
  });
}

function timeAsMillis(row: string): string {
  return row.replaceAll(/"(\d\d):(\d\d):(\d\d)\.(\d\d\d)"/g, (_, ...parts: string[]) => {
    const [hours = 0, minutes = 0, seconds = 0, millis = 0] = parts.slice(0, 4).map(Number);
    return String(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis);
  });
}

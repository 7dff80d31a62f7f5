// Any history of changes, however it is cut into batches, flushes, commits, compactions and restarts, leaves the table
// that a plain map leaves; an input changelog replays to it, change by change.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cell } from '../../src/paimon/format/cell.ts';
import type { DataType } from '../../src/paimon/schema/data-type.ts';
import { type Change, LEFT_OUT, plain, type TableSpec, text, WrittenTable } from '../support/written-table.ts';

const SECONDS = Number(process.env['PROPERTY_SECONDS'] ?? 2);

const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };
const INT: DataType = { kind: 'INT', nullable: true };

/** Key columns and a few keys that are easily mixed up. */
interface KeyCase {
  readonly name: string;
  readonly types: readonly DataType[];
  readonly keys: readonly (readonly Cell[])[];
}

const one = (name: string, type: DataType, cells: readonly Cell[]): KeyCase => ({
  name,
  types: [type],
  keys: cells.map((cell) => [cell]),
});

const texts = ['', 'a', 'a\0', 'ab', 'common-prefix-1', 'common-prefix-10', '\uffee', '\u{1f600}', 'ä'].map(text);
const wide = [-(10n ** 30n), -256n, -129n, -128n, -1n, 0n, 1n, 127n, 128n, 255n, 10n ** 30n];
const KEY_CASES: readonly KeyCase[] = [
  one('BIGINT', { kind: 'BIGINT', nullable: false }, [
    -(2n ** 63n),
    -1n,
    0n,
    1n,
    2n ** 53n,
    2n ** 53n + 1n,
    2n ** 63n - 1n,
  ]),
  one('INT', { kind: 'INT', nullable: false }, [-2147483648, -1, 0, 1, 5, 2147483647]),
  one('STRING', STRING, texts),
  one('BYTES', { kind: 'VARBINARY', length: 2147483647, nullable: false }, texts),
  one('BOOLEAN', { kind: 'BOOLEAN', nullable: false }, [false, true]),
  one('DECIMAL(38, 0)', { kind: 'DECIMAL', precision: 38, scale: 0, nullable: false }, wide),
  one('DECIMAL(10, 2)', { kind: 'DECIMAL', precision: 10, scale: 2, nullable: false }, [-500n, -1n, 0n, 1n, 99999n]),
  one('DOUBLE', { kind: 'DOUBLE', nullable: false }, [-Infinity, -1.5, -0, 0, 1.5, Infinity, NaN]),
  one('TIMESTAMP(6)', { kind: 'TIMESTAMP', precision: 6, nullable: false }, [-1n, 0n, 1n, 1_700_000_000_000_001n]),
  {
    name: 'STRING, BIGINT, DATE',
    types: [STRING, { kind: 'BIGINT', nullable: false }, { kind: 'DATE', nullable: false }],
    keys: ['a', 'ab', '\u{1f600}'].flatMap((name) =>
      [-1n, 1n].flatMap((id) => [-5, 5].map((day) => [text(name), id, day])),
    ),
  },
];

type Step =
  | { readonly kind: 'put'; readonly key: number; readonly value: number; readonly leaveOut: boolean }
  | { readonly kind: 'delete'; readonly key: number }
  | { readonly kind: 'move'; readonly key: number; readonly to: number; readonly leaveOut: boolean }
  | { readonly kind: 'batch' | 'flush' | 'commit' | 'compact' | 'restart' | 'truncate' };

const key = fc.nat({ max: 11 });
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('put' as const),
        key,
        value: fc.nat({ max: 99 }),
        leaveOut: fc.boolean(),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('move' as const), key, to: key, leaveOut: fc.boolean() }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom('batch', 'batch', 'flush', 'commit', 'compact', 'restart', 'truncate'),
      }),
    },
  ),
  { maxLength: 60 },
);

type Row = readonly [number, Cell, ...Cell[]];

/** The table as a map, and the changes that a source would send for each step. */
class History {
  readonly rows = new Map<number, Row>();
  private readonly keys: readonly (readonly Cell[])[];
  private readonly table: WrittenTable;
  private readonly imaged: boolean;
  private pending: Change[] = [];

  constructor(table: WrittenTable, keys: readonly (readonly Cell[])[], imaged: boolean) {
    this.table = table;
    this.keys = keys;
    this.imaged = imaged;
  }

  async apply(step: Step): Promise<void> {
    switch (step.kind) {
      case 'put':
        this.put(step.key % this.keys.length, step);
        return;
      case 'delete':
        this.remove(step.key % this.keys.length);
        return;
      case 'move':
        this.move(step.key % this.keys.length, step.to % this.keys.length, step.leaveOut);
        return;
      default:
        this.table.write(this.pending, this.imaged);
        this.pending = [];
    }
    if (step.kind === 'flush') await this.table.writer.flush();
    if (step.kind === 'truncate') {
      await this.table.writer.truncate();
      this.rows.clear();
    }
    if (step.kind === 'commit' || step.kind === 'compact' || step.kind === 'restart') await this.table.commit();
    if (step.kind === 'compact') await this.table.compact();
    if (step.kind === 'restart') this.table.openWriter();
  }

  private put(keyIndex: number, step: { readonly value: number; readonly leaveOut: boolean }): void {
    const old = this.rows.get(keyIndex);
    const note = step.leaveOut && old !== undefined ? old[1] : step.value % 7 === 0 ? null : text(`note ${step.value}`);
    this.rows.set(keyIndex, [step.value, note]);
    const key = this.keys[keyIndex];
    if (old === undefined) this.pending.push(['+I', ...key, step.value, note]);
    else {
      if (this.imaged) this.pending.push(['-U', ...key, ...old]);
      this.pending.push(['+U', ...key, step.value, step.leaveOut ? LEFT_OUT : note]);
    }
  }

  private remove(keyIndex: number): void {
    const old = this.rows.get(keyIndex);
    if (old === undefined) return;
    this.rows.delete(keyIndex);
    this.pending.push(['-D', ...this.keys[keyIndex], ...(this.imaged ? old : [null, null])]);
  }

  private move(from: number, to: number, leaveOut: boolean): void {
    const old = this.rows.get(from);
    if (old === undefined || this.rows.has(to)) return;
    this.remove(from);
    this.rows.set(to, old);
    this.pending.push(['+I', ...this.keys[to], old[0], leaveOut ? LEFT_OUT : old[1]]);
  }

  /** The rows as the table should give them, keys first, in no particular order. */
  expected(): Set<string> {
    return new Set([...this.rows].map(([index, row]) => print([...this.keys[index], ...row].map(plain))));
  }
}

function print(row: readonly unknown[]): string {
  return row.map((value) => (Object.is(value, -0) ? '-0' : `${typeof value} ${String(value)}`)).join(' | ');
}

/** Replays a changelog; every change has to fit what the ones before it left. */
function replay(changes: readonly (readonly unknown[])[], keyCount: number): Set<string> {
  const rows = new Map<string, string>();
  let updating: string | null = null;
  for (const [kind, ...values] of changes) {
    const id = print(values.slice(0, keyCount));
    const row = print(values);
    if (updating !== null) expect([kind, id]).toEqual(['+U', updating]);
    updating = kind === '-U' ? id : null;
    if (kind === '-U' || kind === '-D') expect(rows.get(id)).toBe(row);
    if (kind === '+I') expect(rows.has(id)).toBe(false);
    if (kind === '-D') rows.delete(id);
    else if (kind !== '-U') rows.set(id, row);
  }
  expect(updating).toBeNull();
  return new Set(rows.values());
}

async function check(keyCase: KeyCase, history: readonly Step[], variant: Variant): Promise<void> {
  const keyNames = keyCase.types.map((_, index) => `k${index}`);
  const columns = Object.fromEntries(keyCase.types.map((type, index) => [keyNames[index], type]));
  const spec: TableSpec = {
    columns: { ...columns, value: INT, note: STRING },
    primaryKeys: keyNames,
    options: { bucket: variant.buckets, ...(variant.changelog ? { 'changelog-producer': 'input' } : {}) },
  };
  const table = new WrittenTable(spec);
  const model = new History(table, keyCase.keys, variant.imaged);
  for (const step of history) await model.apply(step);
  await model.apply({ kind: 'commit' });
  const rows = await table.rows();
  expect(new Set(rows.map(print))).toEqual(model.expected());
  expect(rows).toHaveLength(model.rows.size);
  const replayed = variant.changelog ? replay(await table.changelog(), keyNames.length) : model.expected();
  expect(replayed).toEqual(model.expected());
}

interface Variant {
  readonly buckets: string;
  readonly changelog: boolean;
  readonly imaged: boolean;
}

const variants: fc.Arbitrary<Variant> = fc.record({
  buckets: fc.constantFrom('1', '3'),
  changelog: fc.boolean(),
  imaged: fc.boolean(),
});

describe('any history gives the table of the plain map', () => {
  test.each(KEY_CASES.map((keyCase) => [keyCase.name, keyCase] as const))(
    'with a key of %s',
    async (_name, keyCase) => {
      const limit = { numRuns: 50 * SECONDS };
      expect.hasAssertions();
      await fc.assert(
        fc.asyncProperty(steps, variants, (history, variant) => check(keyCase, history, variant)),
        limit,
      );
    },
    60_000 + SECONDS * 1000,
  );
});

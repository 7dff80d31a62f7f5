// Random tables for the differential test of buckets and partitions: how rows are spread, what happens to them and who
// does it, all from one seed; and a model of what such a table holds.
import type { Random } from '../../src/base/random.ts';
import type { GoldenRow, GoldenValue } from './golden.ts';
import type { KindRow } from './reference.ts';

/** How the rows of a table are spread over buckets. */
export type BucketMode = 'fixed' | 'dynamic' | 'cross' | 'postpone' | 'unaware' | 'bucketed';

/** The modes, in the order in which seeds take them. */
export const BUCKET_MODES: readonly BucketMode[] = [
  'cross',
  'fixed',
  'dynamic',
  'bucketed',
  'cross',
  'postpone',
  'unaware',
];

/** What happens to the table, and who does it. Partitions are values of the partition columns. */
export type BucketStep =
  | {
      readonly kind: 'write';
      readonly ours: boolean;
      /** Ours are written by a session that stays open for the next ones. */
      readonly bySession: boolean;
      readonly rows: readonly KindRow[];
    }
  | { readonly kind: 'compact'; readonly ours: boolean; readonly full: boolean }
  | {
      readonly kind: 'overwrite';
      readonly ours: boolean;
      readonly rows: readonly KindRow[];
      /** The partition that is named; null for none. */
      readonly partition: readonly GoldenValue[] | null;
    }
  | { readonly kind: 'drop'; readonly pick: number }
  | { readonly kind: 'rescale'; readonly ours: boolean; readonly buckets: number };

/** A table and its life. */
export interface BucketScenario {
  readonly mode: BucketMode;
  readonly definition: {
    readonly fields: readonly { readonly id: number; readonly name: string; readonly type: string }[];
    readonly partitionKeys: readonly string[];
    readonly primaryKeys: readonly string[];
    readonly options: Readonly<Record<string, string>>;
    readonly comment: string;
  };
  readonly steps: readonly BucketStep[];
}

const STEPS = 9;
/** Values of a partition column by its type, as both sides print them. */
const PARTITION_VALUES: Readonly<Record<string, readonly GoldenValue[]>> = {
  STRING: ['a', 'b c', 'x=y/z', '50%:#', '日本'],
  'CHAR(3)': ['abc', 'äöü'],
  INT: [-1, 0, 20240101],
  BIGINT: ['-1', '9007199254740993'],
  TINYINT: [-128, 7],
  SMALLINT: [-32768, 5],
  FLOAT: [0.5, -1.25],
  BOOLEAN: [true, false],
  DATE: ['1969-12-31', '2024-01-01'],
  'DECIMAL(10, 2)': ['1.50', '-0.01', '0.00'],
  DOUBLE: [1.5, -0.25, 1e21],
  'TIMESTAMP(3)': ['2024-01-01T00:00:00.000000', '2024-01-01T01:02:03.456000'],
  'TIME(3)': ['00:00:00.000', '01:02:03.004'],
  'TIMESTAMP(3) WITH LOCAL TIME ZONE': ['1970-01-01T00:00:00.000000Z', '2024-01-01T01:02:03.456000Z'],
  'TIMESTAMP(9)': ['2024-01-01T01:02:03.123456789', '2024-01-01T00:00:00.000000000'],
  'TIMESTAMP(6)': ['1969-12-31T23:59:59.999999', '2024-01-01T01:02:00.000000'],
};
/** Types whose values `--overwrite p=…` takes as they are printed. */
const NAMED_TYPES = ['STRING', 'CHAR(3)', 'INT', 'BIGINT', 'TINYINT', 'BOOLEAN', 'DATE', 'DECIMAL(10, 2)'];
/** Values of the column that buckets are made of, by its type. */
const BUCKET_KEY_VALUES: Readonly<Record<string, readonly GoldenValue[]>> = {
  INT: [-7, 0, 1, 2, 3, 2147483647],
  BIGINT: ['-7', '0', '1', '4294967296', '9007199254740993'],
  STRING: ['', 'a', 'seven77', 'äöü😀', 'longer than that'],
  'DECIMAL(10, 2)': ['1.50', '-100.00', '0.00', '2.05'],
  'DECIMAL(30, 3)': ['123456789012345678901234567.100', '-1.000', '0.000'],
  DATE: ['1969-12-31', '2024-01-01', '2024-01-02'],
  DOUBLE: [0, 1.5, -1e300],
  BOOLEAN: [true, false],
  BYTES: ['', '00ff', '8001020304050607'],
};

/** Draws the scenario of a seed. */
export function drawBucketScenario(random: Random, mode: BucketMode): BucketScenario {
  return new Draw(random, mode).scenario();
}

class Draw {
  private readonly random: Random;
  private readonly mode: BucketMode;
  private readonly partitionTypes: readonly string[];
  private readonly keyType: string;
  private readonly isKeyed: boolean;
  private readonly engine: string;
  private readonly dynamicOverwrite: boolean;

  constructor(random: Random, mode: BucketMode) {
    this.random = random;
    this.mode = mode;
    this.isKeyed = mode !== 'unaware' && mode !== 'bucketed';
    const partitionCount = mode === 'cross' ? this.one([1, 1, 2]) : this.one([0, 1, 1, 2]);
    this.partitionTypes = Array.from({ length: partitionCount }, () => this.one(Object.keys(PARTITION_VALUES)));
    this.keyType = this.one(Object.keys(BUCKET_KEY_VALUES));
    this.engine =
      mode === 'cross'
        ? this.one(['deduplicate', 'deduplicate', 'partial-update', 'first-row', 'aggregation'])
        : 'deduplicate';
    this.dynamicOverwrite = this.chance(0.6);
  }

  scenario(): BucketScenario {
    const { mode } = this;
    const partitionKeys = this.partitionTypes.map((_, index) => `p${index}`);
    const primaryKeys = this.primaryKeys(partitionKeys);
    const notNull = (name: string): string => (primaryKeys.includes(name) ? ' NOT NULL' : '');
    const columns = [
      ...this.partitionTypes.map((type, index): [string, string] => [`p${index}`, type]),
      ['id', 'INT'],
      ['k', this.keyType],
      ['v', 'BIGINT'],
    ] as readonly [string, string][];
    const fields = columns.map(([name, type], id) => ({ id, name, type: `${type}${notNull(name)}` }));
    const definition = { fields, partitionKeys, primaryKeys, options: this.options(), comment: '' };
    const nullable = partitionKeys.map((name) => !primaryKeys.includes(name));
    const steps = Array.from({ length: STEPS }, (_, step) => this.step(step === 0, nullable));
    return { mode, definition, steps };
  }

  private primaryKeys(partitionKeys: readonly string[]): readonly string[] {
    if (!this.isKeyed) return [];
    if (this.mode === 'cross') return partitionKeys.length === 2 && this.chance(0.5) ? ['p0', 'id'] : ['id'];
    return [...partitionKeys, 'id', ...(this.mode === 'fixed' ? ['k'] : [])];
  }

  private options(): Readonly<Record<string, string>> {
    const { mode } = this;
    const options: Record<string, string> = { bucket: '-1', 'num-sorted-run.compaction-trigger': this.one(['3', '5']) };
    if (mode === 'postpone')
      Object.assign(options, { bucket: '-2', 'postpone.default-bucket-num': this.one(['1', '3']) });
    if (mode === 'fixed' || mode === 'bucketed') options['bucket'] = this.one(['1', '2', '3']);
    if (mode === 'fixed' && this.chance(0.7)) options['bucket-key'] = this.one(['k', 'id', 'k,id']);
    if (mode === 'bucketed') options['bucket-key'] = this.one(['k', 'k', 'k,v', 'id']);
    const bucketKey = options['bucket-key'] ?? '';
    const canBeMod = bucketKey === 'id' || (bucketKey === 'k' && ['INT', 'BIGINT'].includes(this.keyType));
    if (bucketKey !== '' && this.chance(0.5))
      options['bucket-function.type'] = this.one(canBeMod ? ['mod', 'hive'] : ['hive']);
    if (mode === 'dynamic' || mode === 'cross')
      options['dynamic-bucket.target-row-num'] = this.one(['3', '10', '1000']);
    if (mode === 'dynamic' && this.chance(0.3)) options['dynamic-bucket.max-buckets'] = '2';
    if (this.engine !== 'deduplicate') options['merge-engine'] = this.engine;
    if (this.engine === 'aggregation') options['fields.v.aggregate-function'] = 'sum';
    // The reference does not look up keys with bytes in them: it cannot compare those.
    const canLookUp = this.isKeyed && !(mode === 'fixed' && this.keyType === 'BYTES');
    if (canLookUp && this.engine === 'deduplicate' && this.chance(0.25)) options['deletion-vectors.enabled'] = 'true';
    if (canLookUp && this.chance(0.3))
      options['changelog-producer'] = this.engine === 'first-row' ? 'lookup' : this.one(['lookup', 'input']);
    if (this.partitionTypes.length > 0) {
      if (this.chance(0.5)) options['partition.legacy-name'] = 'false';
      if (!this.dynamicOverwrite) options['dynamic-partition-overwrite'] = 'false';
    }
    return options;
  }

  private step(isFirst: boolean, nullable: readonly boolean[]): BucketStep {
    const ours = this.chance(0.6);
    const draw = this.random.unit();
    if (isFirst || draw < 0.5) {
      const bySession = ours && this.chance(0.6);
      return { kind: 'write', ours, bySession, rows: this.rows(nullable, true) };
    }
    if (draw < 0.65) return { kind: 'compact', ours: ours || this.mode === 'postpone', full: this.chance(0.5) };
    if (draw < 0.75 && this.partitionTypes.length > 0)
      return { kind: 'drop', pick: Math.floor(this.random.unit() * 100) };
    if (draw < 0.87 && ['fixed', 'bucketed', 'postpone'].includes(this.mode)) {
      return { kind: 'rescale', ours: ours || this.mode === 'postpone', buckets: this.one([1, 2, 4]) };
    }
    if (this.mode === 'postpone') return { kind: 'compact', ours: true, full: false };
    return this.overwrite(ours, nullable);
  }

  private overwrite(ours: boolean, nullable: readonly boolean[]): BucketStep {
    const drawn = this.rows(nullable, false);
    const isNamed = !this.dynamicOverwrite && this.partitionTypes.every((type) => NAMED_TYPES.includes(type));
    const values = this.partitionTypes.map((type) => this.one(PARTITION_VALUES[type]));
    const partition = isNamed && this.partitionTypes.length > 0 && this.chance(0.7) ? values : null;
    const inPartition = (row: GoldenRow): GoldenRow =>
      partition === null
        ? row
        : { ...row, ...Object.fromEntries(partition.map((value, index) => [`p${index}`, value])) };
    const rows = drawn.map(({ kind, row }) => ({ kind, row: inPartition(row) }));
    // The reference takes keys away from partitions that are not overwritten, and so overwrites these, too.
    return { kind: 'overwrite', ours: ours || this.mode === 'cross', rows, partition };
  }

  private rows(nullable: readonly boolean[], hasDeletes: boolean): readonly KindRow[] {
    const canDelete = hasDeletes && this.isKeyed && this.engine === 'deduplicate';
    const count = 1 + Math.floor(this.random.unit() * (this.chance(0.4) ? 60 : 12));
    return Array.from({ length: count }, () => {
      const partition = this.partitionTypes.map((type, index): [string, GoldenValue] => {
        const isAbsent = nullable[index] && this.chance(0.15);
        const isBlank = type === 'STRING' && this.chance(0.1);
        return [`p${index}`, isAbsent ? null : isBlank ? '' : this.one(PARTITION_VALUES[type])];
      });
      const row = {
        ...Object.fromEntries(partition),
        id: Math.floor(this.random.unit() * 25),
        k: this.one(BUCKET_KEY_VALUES[this.keyType]),
        v: this.engine === 'partial-update' && this.chance(0.3) ? null : String(Math.floor(this.random.unit() * 1000)),
      };
      return { kind: canDelete && this.chance(0.2) ? '-D' : '+I', row };
    });
  }

  private one<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random.unit() * choices.length)];
  }

  private chance(probability: number): boolean {
    return this.random.unit() < probability;
  }
}

/** What a table of a scenario holds. */
export class BucketModel {
  private readonly scenario: BucketScenario;
  private readonly isKeyed: boolean;
  private readonly engine: string;
  private shown = new Map<string, GoldenRow>();
  private waiting: KindRow[] = [];
  private appended = 0;

  constructor(scenario: BucketScenario) {
    this.scenario = scenario;
    this.isKeyed = scenario.definition.primaryKeys.length > 0;
    this.engine = scenario.definition.options['merge-engine'] ?? 'deduplicate';
  }

  /** The rows that a read shows. */
  rows(): readonly GoldenRow[] {
    return [...this.shown.values()];
  }

  write(rows: readonly KindRow[]): void {
    if (this.scenario.mode === 'postpone') this.waiting.push(...rows);
    else for (const row of rows) this.put(this.shown, row);
  }

  /** Rows of postponed buckets come into others. */
  settle(): void {
    for (const row of this.waiting.splice(0)) this.put(this.shown, row);
  }

  /** False, and nothing has changed, where a key of another partition would be there twice. */
  overwrite(rows: readonly KindRow[], partition: readonly GoldenValue[] | null): boolean {
    const written = new Map<string, GoldenRow>();
    const touched = new Set<string>();
    for (const row of rows) touched.add(this.partitionOf(this.put(written, row) ?? row.row));
    const isDynamic = this.scenario.definition.options['dynamic-partition-overwrite'] !== 'false';
    const named = partition === null ? null : JSON.stringify(partition);
    const isReplaced = (row: GoldenRow): boolean => {
      if (this.scenario.definition.partitionKeys.length === 0) return true;
      return isDynamic ? touched.has(this.partitionOf(row)) : named === null || this.partitionOf(row) === named;
    };
    const staying = [...this.shown].filter(([, row]) => !isReplaced(row));
    if (this.isKeyed && staying.some(([key]) => written.has(key))) return false;
    this.shown = new Map([...staying, ...written]);
    return true;
  }

  /** Drops a partition that there is and that can be named; its values, or null. */
  drop(pick: number): readonly GoldenValue[] | null {
    const partitions = [
      ...new Set([...this.rows(), ...this.waiting.map(({ row }) => row)].map((row) => this.partitionOf(row))),
    ];
    const named = partitions.filter((text) =>
      (JSON.parse(text) as GoldenValue[]).every((value) => value !== null && value !== ''),
    );
    if (named.length === 0) return null;
    const dropped = named.sort()[pick % named.length];
    this.shown = new Map([...this.shown].filter(([, row]) => this.partitionOf(row) !== dropped));
    this.waiting = this.waiting.filter(({ row }) => this.partitionOf(row) !== dropped);
    return JSON.parse(dropped) as GoldenValue[];
  }

  partitionOf(row: GoldenRow): string {
    return JSON.stringify(this.scenario.definition.partitionKeys.map((name) => row[name]));
  }

  /** Puts a row into some rows by the merge engine; gives the row that it was merged into, if any. */
  private put(into: Map<string, GoldenRow>, { kind, row }: KindRow): GoldenRow | null {
    const { primaryKeys, partitionKeys } = this.scenario.definition;
    const key = this.isKeyed ? JSON.stringify(primaryKeys.map((name) => row[name])) : `${this.appended++}`;
    const before = into.get(key);
    if (kind === '-D') into.delete(key);
    else if (before === undefined || this.engine === 'deduplicate') into.set(key, row);
    else if (this.engine === 'first-row') return before;
    else {
      const values = Object.keys(row).filter((name) => !partitionKeys.includes(name));
      const merged = Object.fromEntries(values.map((name) => [name, row[name] ?? before[name]]));
      if (this.engine === 'aggregation')
        merged['v'] = String(BigInt(before['v'] as string) + BigInt(row['v'] as string));
      into.set(key, { ...before, ...merged });
      return before;
    }
    return null;
  }
}

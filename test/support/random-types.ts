// Random types of the whole type system with random values, in Paimon's JSON of schemas and the reference's JSON of rows.
import type { Dice } from './dice.ts';
import type { GoldenRow, GoldenValue } from './golden.ts';

/** A type in the JSON of a schema. */
export type TypeJson = string | Readonly<Record<string, unknown>>;

/** A type with how its values are drawn. */
export interface RandomType {
  /** Such as `BIGINT`, `DECIMAL` or `ROW`. */
  readonly kind: string;
  json(isNullable: boolean): TypeJson;
  /** Never NULL. */
  draw(): GoldenValue;
  /** A value with the entries of its maps in an order of their own, as readers need not keep the order. */
  sorted(value: GoldenValue): GoldenValue;
  /** The kinds of this type and of those within it. */
  kinds(): readonly string[];
  /** The fields of a ROW, to which others may be added. */
  readonly fields?: RandomField[];
}

/** A field of a ROW. */
export interface RandomField {
  readonly id: number;
  readonly name: string;
  readonly type: RandomType;
  readonly isNullable: boolean;
}

/** What a random type must fit. */
export interface TypeUse {
  /** Avro data files, which hold neither nanoseconds nor decimals of time. */
  readonly isAvro: boolean;
  /** Keys have no NaN, of which the reference does not know whether it is equal to itself. */
  readonly isKey: boolean;
  /** Partitions have no blank texts: those share a directory with one another, which the reference's fsck takes for one. */
  readonly isPartition?: boolean;
  /** ORC data files, of which the reference reads or writes some values otherwise than they are: see `ORC_INSTANTS`. */
  readonly isOrc?: boolean;
}

const TEXTS = ['', 'a', 'b', 'a,b', 'seven77', 'eight888', ' ', 'ü', '\u{1f600}', '\uffff', "it's", 'x'.repeat(40)];
const HEX = ['', '00', '7f', '80', 'ff', '00ff', '61626364', '61'.repeat(20)];
const NO_ELEMENTS: ReadonlySet<string> = new Set(['DECIMAL', 'TIMESTAMP', 'TIMESTAMP_LTZ']);
/** Kinds whose values are bytes. */
export const BINARY: ReadonlySet<string> = new Set(['BYTES', 'BINARY', 'VARBINARY']);
const DEPTH_MAX = 2;
/** Instants that nanoseconds since 1970 can tell in 64 bits come first. */
const INSTANTS = [
  '2024-02-29T12:34:56',
  '1970-01-01T00:00:00',
  '1969-12-31T23:59:59',
  '2262-01-01T00:00:00',
  '1700-01-01T00:00:01',
  '0001-01-01T00:00:00',
  '9999-12-31T23:59:59',
];
const NANOSECOND_INSTANTS = 5;
/**
 * The reference writes times before 1582 by the Julian calendar, and those within the second before 1970 a second later;
 * pypaimon reads nothing that is out of the range of nanoseconds.
 */
const ORC_INSTANTS = INSTANTS.slice(0, NANOSECOND_INSTANTS).map((instant) =>
  instant.replace('31T23:59:59', '31T23:59:58'),
);

/** Draws types; the ids of nested fields are its own. */
export class RandomTypes {
  private readonly dice: Dice;
  private nextId = 1000;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  /** An id for a nested field. */
  newId(): number {
    return this.nextId++;
  }

  any(use: TypeUse): RandomType {
    return this.dice.chance(0.3) ? this.nested(use, DEPTH_MAX) : this.scalar(use);
  }

  scalar(use: TypeUse): RandomType {
    const { dice } = this;
    const draws: readonly (() => RandomType)[] = [
      () => leaf(dice, 'BOOLEAN', [true, false]),
      () => leaf(dice, 'TINYINT', [-128, -1, 0, 7, 127]),
      () => leaf(dice, 'SMALLINT', [-32768, -1, 0, 7, 32767]),
      () => leaf(dice, 'INT', [-2147483648, -1, 0, 7, 8, 2147483647]),
      () => this.bigint(),
      () => leaf(dice, 'FLOAT', [-1.5, 0, 0.25, 16777216, ...noNumbers(use)]),
      () => leaf(dice, 'DOUBLE', [-1e300, 0, 0.1, 5e-324, ...noNumbers(use)]),
      () => this.decimal(),
      () => this.text(use),
      () => this.bytes(),
      () => leaf(dice, 'DATE', ['0001-01-01', '1969-12-31', '1970-01-01', '2024-02-29', '9999-12-31']),
      () => this.time(),
      () => this.timestamp(use, ''),
      () => this.timestamp(use, ' WITH LOCAL TIME ZONE'),
    ];
    return dice.one(draws)();
  }

  bigint(): RandomType {
    const values = ['-9223372036854775808', '-1', '0', '7', '9007199254740993', '9223372036854775807'];
    return leaf(this.dice, 'BIGINT', values);
  }

  private nested(use: TypeUse, depth: number): RandomType {
    const element = (): RandomType =>
      depth > 0 && this.dice.chance(0.3) ? this.nested(use, depth - 1) : this.scalar(use);
    // The order of a map of an Avro file is that of a Java HashMap, in which bytes are told apart by identity.
    const key = (): RandomType => {
      for (;;) {
        const type = this.scalar({ ...use, isKey: true });
        if (!use.isAvro || !BINARY.has(type.kind)) return type;
      }
    };
    return this.dice.one([
      () => this.array(element()),
      () => this.map(key(), element()),
      () => this.multiset(use),
      () => this.row([element(), ...this.dice.list(2, element)]),
    ])();
  }

  private decimal(): RandomType {
    const { dice } = this;
    const precision = dice.one([1, 5, 9, 10, 18, 19, 25, 38]);
    const scale = dice.below(precision + 1);
    const digits = [1, Math.min(5, precision), precision];
    const draw = (): string => {
      const unscaled = dice.one(['0', ...digits.map((count) => '9'.repeat(count)), '1', '7']);
      const padded = unscaled.padStart(scale + 1, '0');
      const text = scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
      return dice.chance(0.3) && /[1-9]/.test(text) ? `-${text}` : text;
    };
    return typeOf('DECIMAL', `DECIMAL(${precision}, ${scale})`, draw);
  }

  private text({ isPartition = false, isOrc = false }: TypeUse): RandomType {
    const { dice } = this;
    // The reference pads CHAR in ORC files, and its bounds too, but gives it without blanks.
    const type = dice.one(['STRING', 'STRING', 'VARCHAR(50)', isOrc ? 'VARCHAR(41)' : 'CHAR(8)']);
    const texts = isPartition ? TEXTS.filter((text) => text.trim() !== '') : TEXTS;
    return leaf(dice, type, type === 'CHAR(8)' ? texts.filter((text) => text.length <= 8) : texts);
  }

  private bytes(): RandomType {
    const { dice } = this;
    const type = dice.one(['BYTES', 'VARBINARY(20)', 'BINARY(4)']);
    return leaf(dice, type, type === 'BINARY(4)' ? ['00000000', '61626364', 'ffffffff'] : HEX);
  }

  private time(): RandomType {
    const { dice } = this;
    const precision = dice.below(4);
    const millis = ['000', '900', '980', '987'][precision];
    return leaf(dice, `TIME(${precision})`, ['00:00:00.000', `12:34:56.${millis}`, `23:59:59.${millis}`]);
  }

  private timestamp({ isAvro, isOrc = false }: TypeUse, zone: string): RandomType {
    const { dice } = this;
    const precision = dice.one(isAvro ? [0, 3, 5, 6] : [0, 3, 5, 6, 9]);
    const ofPrecision = precision > 6 ? INSTANTS.slice(0, NANOSECOND_INSTANTS) : INSTANTS;
    const instants = isOrc ? ORC_INSTANTS : ofPrecision;
    const draw = (): string => {
      const fraction = dice.one(['000000000', '123456789', '999999999', '100000000']).slice(0, precision);
      const digits = fraction.padEnd(precision > 6 ? 9 : 6, '0');
      return `${dice.one(instants)}.${digits}${zone === '' ? '' : 'Z'}`;
    };
    const kind = zone === '' ? 'TIMESTAMP' : 'TIMESTAMP_LTZ';
    return typeOf(kind, `TIMESTAMP(${precision})${zone}`, draw);
  }

  private array(element: RandomType): RandomType {
    const { dice } = this;
    const isNullable = dice.chance(0.7);
    const item = isNullable ? dice.maybe(() => element.draw()) : () => element.draw();
    return {
      kind: 'ARRAY',
      json: (nullable) => ({ type: named('ARRAY', nullable), element: element.json(isNullable) }),
      draw: () => dice.list(3, item),
      sorted: (value) => (value as readonly GoldenValue[]).map((drawn) => sortedOrNull(element, drawn)),
      kinds: () => ['ARRAY', ...element.kinds()],
    };
  }

  private map(key: RandomType, value: RandomType): RandomType {
    const { dice } = this;
    const isNullable = dice.chance(0.7);
    const item = isNullable ? dice.maybe(() => value.draw()) : () => value.draw();
    return {
      kind: 'MAP',
      json: (nullable) => ({ type: named('MAP', nullable), key: key.json(false), value: value.json(isNullable) }),
      draw: () => distinct(dice.list(3, () => key.draw())).map((drawn): GoldenValue => [drawn, item()]),
      sorted: (entries) => sortedEntries(entries, value),
      kinds: () => ['MAP', ...key.kinds(), ...value.kinds()],
    };
  }

  private multiset(use: TypeUse): RandomType {
    const { dice } = this;
    const element = use.isAvro ? this.text(use) : this.scalar({ ...use, isAvro: false, isKey: true });
    // The reference does not read its own multisets of others in Avro, nor of these in Parquet.
    if (!use.isAvro && NO_ELEMENTS.has(element.kind)) return this.multiset(use);
    return {
      kind: 'MULTISET',
      json: (nullable) => ({ type: named('MULTISET', nullable), element: element.json(false) }),
      draw: () => distinct(dice.list(3, () => element.draw())).map((drawn): GoldenValue => [drawn, 1 + dice.below(9)]),
      sorted: (entries) => sortedEntries(entries, null),
      kinds: () => ['MULTISET', ...element.kinds()],
    };
  }

  private row(types: readonly RandomType[]): RandomType {
    const { dice } = this;
    const fields = types.map((type, index): RandomField => {
      return { id: this.newId(), name: `f${index}`, type, isNullable: dice.chance(0.7) };
    });
    const json = (nullable: boolean): TypeJson => ({ type: named('ROW', nullable), fields: fields.map(fieldJson) });
    const value = ({ name, type, isNullable }: RandomField): readonly [string, GoldenValue] => [
      name,
      isNullable ? dice.maybe(() => type.draw())() : type.draw(),
    ];
    return {
      kind: 'ROW',
      json,
      draw: () => Object.fromEntries(fields.map(value)) as GoldenRow,
      sorted: (row) => sortedRow(fields, row as GoldenRow),
      kinds: () => ['ROW', ...fields.flatMap(({ type }) => type.kinds())],
      fields,
    };
  }
}

/** A field in the JSON of a schema. */
export function fieldJson({ id, name, type, isNullable }: RandomField): object {
  return { id, name, type: type.json(isNullable) };
}

/** A row with the entries of its maps in an order of their own. */
export function sortedRow(fields: readonly RandomField[], row: GoldenRow): GoldenRow {
  const types = new Map(fields.map(({ name, type }) => [name, type]));
  const sorted = ([name, value]: readonly [string, GoldenValue]): readonly [string, GoldenValue] => {
    const type = types.get(name);
    return [name, type === undefined ? value : sortedOrNull(type, value)];
  };
  return Object.fromEntries(Object.entries(row).map(sorted));
}

function sortedOrNull(type: RandomType, value: GoldenValue): GoldenValue {
  return value === null ? null : type.sorted(value);
}

function sortedEntries(entries: GoldenValue, type: RandomType | null): GoldenValue {
  const texts = (entries as [GoldenValue, GoldenValue][]).map(([key, value]) =>
    JSON.stringify([key, type === null ? value : sortedOrNull(type, value)]),
  );
  return texts.toSorted().map((text) => JSON.parse(text) as GoldenValue);
}

/** Floats that keys do not have; bounds of the reference's ORC files leave out NaN. */
function noNumbers({ isKey, isOrc = false }: TypeUse): readonly string[] {
  const infinite = ['Infinity', '-Infinity'];
  return isKey ? [] : isOrc ? infinite : ['NaN', ...infinite];
}

function leaf(dice: Dice, type: string, values: readonly GoldenValue[]): RandomType {
  return typeOf(type.replace(/\(.*/, ''), type, () => dice.one(values));
}

function typeOf(kind: string, type: string, draw: () => GoldenValue): RandomType {
  return { kind, json: (isNullable) => named(type, isNullable), draw, sorted: (value) => value, kinds: () => [kind] };
}

function named(type: string, isNullable: boolean): string {
  return isNullable ? type : `${type} NOT NULL`;
}

function distinct(values: readonly GoldenValue[]): readonly GoldenValue[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

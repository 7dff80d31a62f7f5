// A table with a column of every type that is mirrored, and random values for each, as SQL literals.
import type { Random } from '../../src/base/random.ts';

/** A type with how its values are drawn. */
export interface TypedColumn {
  readonly name: string;
  /** In SQL. */
  readonly type: string;
  /** The lake's type, as Paimon writes it. */
  readonly lakeType: string;
  /** A literal or expression of the type, never NULL. */
  readonly value: (random: Random) => string;
}

/** Types that the tables need; run before they are made. */
export const TYPE_STATEMENTS: readonly string[] = [
  `create type mood as enum ('happy', 'so, "so"', 'sad''')`,
  'create domain positive as integer check (value > 0)',
  'create domain price as numeric(8,2)',
];

const TEXTS = ['', 'NULL', 'null', '\\N', 'naïve 𝄞 漢', 'tab\tline\nback\\slash', '{"a"}', "quo'te", ' ', 'a,b', '"'];

/** A whole number below `limit`. */
export function below(random: Random, limit: number): number {
  return Math.floor(random.unit() * limit);
}

/** One of the items. */
export function oneOf<Item>(random: Random, items: readonly Item[]): Item {
  return items[below(random, items.length)];
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  const plain = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? `E${plain.replaceAll('\\', '\\\\')}` : plain;
}

function digits(random: Random, count: number): string {
  return Array.from({ length: count }, () => below(random, 10)).join('');
}

function integer(bits: number): (random: Random) => string {
  const limit = 1n << BigInt(bits - 1);
  const edges = [-limit, limit - 1n, 0n, -1n, 127n, -129n];
  return (random) => {
    if (random.unit() < 0.3) return `'${oneOf(random, edges)}'`;
    return `'${BigInt.asIntN(bits, BigInt(`0x${random.uuid().replaceAll('-', '')}`) >> BigInt(below(random, bits)))}'`;
  };
}

function decimal(whole: number, scale: number): (random: Random) => string {
  return (random) => {
    const sign = random.unit() < 0.5 ? '-' : '';
    const head = digits(random, 1 + below(random, whole));
    return `'${sign}${head}${scale === 0 ? '' : `.${digits(random, below(random, scale + 1))}`}'`;
  };
}

function float(exponentMax: number): (random: Random) => string {
  const edges = ['-0', 'NaN', 'Infinity', '-Infinity', '0.1', '16777217'];
  return (random) => {
    if (random.unit() < 0.3) return `'${oneOf(random, edges)}'`;
    // Digits alone: a number near zero is printed with an exponent of its own.
    const fraction = (random.unit() - 0.5).toFixed(20);
    return `'${fraction}e${below(random, 2 * exponentMax) - exponentMax}'`;
  };
}

function moment(random: Random): string {
  const edges = ['0001-01-01 00:00:00.000001', '9999-12-31 23:59:59.999999', '1969-12-31 23:59:59.9', '2024-02-29'];
  if (random.unit() < 0.2) return oneOf(random, edges);
  const date = new Date(
    Date.UTC(1900 + below(random, 200), below(random, 12), 1 + below(random, 28), below(random, 24)),
  );
  return `${date.toISOString().slice(0, 19).replace('T', ' ')}.${digits(random, 6)}`;
}

function time(digitCount: number): (random: Random) => string {
  const two = (random: Random, limit: number): string => String(below(random, limit)).padStart(2, '0');
  return (random) => `'${two(random, 24)}:${two(random, 60)}:${two(random, 60)}.${digits(random, digitCount)}'`;
}

function arrayOf(element: (random: Random) => string, type: string): (random: Random) => string {
  return (random) => {
    const items = Array.from({ length: below(random, 4) }, () => (random.unit() < 0.2 ? 'null' : element(random)));
    return `array[${items.join(', ')}]::${type}[]`;
  };
}

const text = (random: Random): string => literal(oneOf(random, TEXTS) + oneOf(random, ['', random.uuid()]));
const timestamp = (random: Random): string => `'${moment(random)}'`;
const timestamptz = (random: Random): string =>
  `'${moment(random).replace(/^(0001|9999)/, '1999')} ${oneOf(random, ['UTC', 'US/Eastern', '+08:00', 'Asia/Kathmandu'])}'`;
const uuid = (random: Random): string => `'${random.uuid().toUpperCase()}'`;
const json = (random: Random): string =>
  literal(JSON.stringify({ b: random.unit(), a: [oneOf(random, TEXTS), null] }, null, below(random, 2)));
const bytes = (random: Random): string =>
  `'\\x${random
    .uuid()
    .replaceAll('-', '')
    .slice(0, 2 * below(random, 16))}'`;
const inet = (random: Random): string =>
  `'${oneOf(random, [`10.${below(random, 256)}.0.1/${8 + below(random, 25)}`, `2001:db8::${below(random, 9999)}`])}'`;
const mood = (random: Random): string => oneOf(random, [`'happy'`, `'so, "so"'`, `'sad'''`]);
const interval = (random: Random): string =>
  `'${below(random, 30) - 15} years ${below(random, 24) - 12} mons ${below(random, 60) - 30} days ${below(random, 200000) - 100000}.${digits(random, 6)} seconds'`;
const range = (random: Random): string => {
  const start = below(random, 1000);
  return oneOf(random, [`'empty'`, `'(,${start}]'`, `'[${start},${start + 1 + below(random, 9)})'`]);
};

/** What can be a key. */
export const KEY_COLUMNS: readonly TypedColumn[] = [
  { name: 'k_bool', type: 'boolean', lakeType: 'BOOLEAN', value: (random) => oneOf(random, ['true', 'false']) },
  { name: 'k_int2', type: 'smallint', lakeType: 'SMALLINT', value: integer(16) },
  { name: 'k_int4', type: 'integer', lakeType: 'INT', value: integer(32) },
  { name: 'k_int8', type: 'bigint', lakeType: 'BIGINT', value: integer(64) },
  { name: 'k_float4', type: 'real', lakeType: 'FLOAT', value: float(30) },
  { name: 'k_float8', type: 'double precision', lakeType: 'DOUBLE', value: float(300) },
  { name: 'k_numeric_10_2', type: 'numeric(10,2)', lakeType: 'DECIMAL(10, 2)', value: decimal(8, 2) },
  { name: 'k_numeric_38_10', type: 'numeric(38,10)', lakeType: 'DECIMAL(38, 10)', value: decimal(28, 10) },
  { name: 'k_numeric', type: 'numeric', lakeType: 'STRING', value: decimal(50, 20) },
  { name: 'k_text', type: 'text', lakeType: 'STRING', value: text },
  { name: 'k_varchar', type: 'varchar(60)', lakeType: 'STRING', value: text },
  {
    name: 'k_char',
    type: 'char(5)',
    lakeType: 'STRING',
    value: (random) => literal(oneOf(random, ['a', 'ab', 'é ', ''])),
  },
  { name: 'k_bytea', type: 'bytea', lakeType: 'BYTES', value: bytes },
  { name: 'k_date', type: 'date', lakeType: 'DATE', value: (random) => `'${moment(random).slice(0, 10)}'` },
  { name: 'k_time3', type: 'time(3)', lakeType: 'TIME(3)', value: time(2) },
  { name: 'k_time', type: 'time', lakeType: 'STRING', value: time(6) },
  { name: 'k_timetz', type: 'timetz', lakeType: 'STRING', value: (random) => time(3)(random).replace(/'$/, "+05:30'") },
  { name: 'k_timestamp', type: 'timestamp', lakeType: 'TIMESTAMP(6)', value: timestamp },
  { name: 'k_timestamptz', type: 'timestamptz', lakeType: 'TIMESTAMP(6) WITH LOCAL TIME ZONE', value: timestamptz },
  { name: 'k_interval', type: 'interval', lakeType: 'STRING', value: interval },
  { name: 'k_uuid', type: 'uuid', lakeType: 'STRING', value: uuid },
  { name: 'k_jsonb', type: 'jsonb', lakeType: 'STRING', value: json },
  { name: 'k_inet', type: 'inet', lakeType: 'STRING', value: inet },
  { name: 'k_enum', type: 'mood', lakeType: 'STRING', value: mood },
  { name: 'k_domain', type: 'positive', lakeType: 'INT', value: (random) => `'${1 + below(random, 1000)}'` },
  { name: 'k_range', type: 'int4range', lakeType: 'STRING', value: range },
];

/** Every type of the issue; the name of a key's column with its `k` made `v`, and what cannot be a key. */
export const VALUE_COLUMNS: readonly TypedColumn[] = [
  ...KEY_COLUMNS.map((column) => ({ ...column, name: column.name.replace(/^k/, 'v') })),
  { name: 'v_json', type: 'json', lakeType: 'STRING', value: json },
  { name: 'v_domain_price', type: 'price', lakeType: 'DECIMAL(8, 2)', value: decimal(6, 2) },
  { name: 'v_point', type: 'point', lakeType: 'STRING', value: (random) => `'(${random.unit()},${below(random, 9)})'` },
  { name: 'v_numrange', type: 'numrange', lakeType: 'STRING', value: (random) => `'[1.5,${2 + below(random, 9)}.50)'` },
  { name: 'v_ints', type: 'integer[]', lakeType: 'ARRAY<INT>', value: arrayOf(integer(32), 'integer') },
  {
    name: 'v_bools',
    type: 'boolean[]',
    lakeType: 'ARRAY<BOOLEAN>',
    value: arrayOf((random) => oneOf(random, ['true', 'false']), 'boolean'),
  },
  { name: 'v_longs', type: 'bigint[]', lakeType: 'ARRAY<BIGINT>', value: arrayOf(integer(64), 'bigint') },
  { name: 'v_floats', type: 'float8[]', lakeType: 'ARRAY<DOUBLE>', value: arrayOf(float(300), 'float8') },
  { name: 'v_texts', type: 'text[]', lakeType: 'ARRAY<STRING>', value: arrayOf(text, 'text') },
  {
    name: 'v_numerics',
    type: 'numeric(6,2)[]',
    lakeType: 'ARRAY<DECIMAL(6, 2)>',
    value: arrayOf(decimal(4, 2), 'numeric(6,2)'),
  },
  { name: 'v_byteas', type: 'bytea[]', lakeType: 'ARRAY<BYTES>', value: arrayOf(bytes, 'bytea') },
  {
    name: 'v_dates',
    type: 'date[]',
    lakeType: 'ARRAY<DATE>',
    value: arrayOf((random) => `'${moment(random).slice(0, 10)}'`, 'date'),
  },
  {
    name: 'v_stamps',
    type: 'timestamptz[]',
    lakeType: 'ARRAY<TIMESTAMP(6) WITH LOCAL TIME ZONE>',
    value: arrayOf(timestamptz, 'timestamptz'),
  },
  { name: 'v_uuids', type: 'uuid[]', lakeType: 'ARRAY<STRING>', value: arrayOf(uuid, 'uuid') },
  { name: 'v_moods', type: 'mood[]', lakeType: 'ARRAY<STRING>', value: arrayOf(mood, 'mood') },
  { name: 'v_jsonbs', type: 'jsonb[]', lakeType: 'ARRAY<STRING>', value: arrayOf(json, 'jsonb') },
];

/** A value for a column that may be NULL. */
export function nullable(column: TypedColumn, random: Random): string {
  return random.unit() < 0.1 ? 'null' : column.value(random);
}

// Columns of MySQL and MariaDB with random values, edges among them, as SQL. Nothing says what they are to become: they
// are for tests that compare two ways to read them.
import type { Dice } from './dice.ts';
import type { MysqlKind } from './mysql-servers.ts';

/** A column and what draws its values as SQL expressions, never NULL. */
interface RandomColumn {
  readonly type: string;
  readonly draw: (dice: Dice) => string;
  /** Only on this server. */
  readonly only?: MysqlKind;
}

const hex = (dice: Dice, sizeBytes: number): string =>
  Array.from({ length: sizeBytes }, () => dice.below(256).toString(16).padStart(2, '0')).join('');
const digits = (dice: Dice, count: number): string => Array.from({ length: count }, () => dice.below(10)).join('');
const sign = (dice: Dice): string => dice.one(['', '-']);

/** A number of so many digits at most on both sides of the point. */
function decimal(whole: number, scale: number, isUnsigned = false): RandomColumn['draw'] {
  return (dice) => {
    const text = `${digits(dice, 1 + dice.below(whole))}.${digits(dice, scale)}0`;
    const edge = `${'9'.repeat(whole)}.${'9'.repeat(scale)}0`;
    return `${isUnsigned ? '' : sign(dice)}${dice.one([text, text, edge, `0.${'0'.repeat(scale)}1`])}`;
  };
}

/** A whole number of so many bits; the server puts what is beyond its limits at these. */
function whole(bits: number, isUnsigned = false): RandomColumn['draw'] {
  return (dice) => {
    const magnitude = BigInt(`0x${hex(dice, 8)}`) >> BigInt(63 - dice.below(bits));
    const limits = ['0', '-99999999999999999999', '99999999999999999999'];
    return dice.one([`${isUnsigned ? '' : sign(dice)}${magnitude}`, ...limits]);
  };
}

/** A double of any size, as digits that mean it. */
function double(dice: Dice): string {
  const value = Buffer.from(hex(dice, 8), 'hex').readDoubleBE(0);
  const small = `${sign(dice)}${dice.below(1e6)}e${dice.below(40) - 20}`;
  return dice.one([Number.isFinite(value) ? String(value) : '0e0', small, small, `${sign(dice)}0e0`]);
}

const two = (value: number): string => String(value).padStart(2, '0');
const clock = (dice: Dice): string => `${two(dice.below(24))}:${two(dice.below(60))}:${two(dice.below(60))}`;

/** Days that the calendar does not have are among them, too. */
function date(dice: Dice): string {
  const day = `${String(dice.below(10_000)).padStart(4, '0')}-${two(dice.below(13))}-${two(dice.below(32))}`;
  return dice.one([day, day, day, '0000-00-00', '2023-02-30', '2024-02-29', '0001-01-01', '9999-12-31']);
}

const fractional = (dice: Dice): string => `.${digits(dice, 6)}`;
const datetime = (dice: Dice): string => `'${date(dice)} ${clock(dice)}${fractional(dice)}'`;
const time = (dice: Dice): string =>
  `'${sign(dice)}${dice.below(dice.one([24, 838]))}:${two(dice.below(60))}:${two(dice.below(60))}${dice.one(['', fractional(dice)])}'`;

/** Around changes of daylight saving time, too. */
function timestamp(dice: Dice): string {
  const around = dice.one([1, 1_711_846_800, 1_730_610_000, 1_730_595_600, 2_147_480_000, dice.below(2_147_400_000)]);
  return dice.one([`from_unixtime(${around + dice.below(7200)}.${digits(dice, 6)})`, "'0000-00-00 00:00:00'"]);
}

const TEXTS = ['', ' ', 'a ', ' a', 'é', '日本 ', 'a\\0b', '\\t\\n\\r', "''", '\\\\', '"', '%_', 'null'];
const text = (dice: Dice): string => `'${dice.list(3, () => dice.one(TEXTS)).join('')}'`;
const wide = (dice: Dice): string => dice.one([text(dice), "'😀'", `repeat('ß€', ${dice.below(2000)})`]);
const bytes =
  (sizeMax: number): RandomColumn['draw'] =>
  (dice) =>
    `x'${dice.one(['', '00', '20'])}${hex(dice, dice.below(sizeMax))}${dice.one(['', '00', '20', '0000'])}'`;

/** JSON of every kind of value; some objects and arrays are too large for short offsets. */
function json(dice: Dice, depth = 0): string {
  const scalars = ['null', 'true', 'false', '"\\\\u0000\\\\u001f\\\\"\\\\\\\\/é😀"', '""', '[]', '{}', double(dice)];
  const numbers = [
    whole(64)(dice),
    whole(16)(dice),
    `${sign(dice)}${dice.below(1e9)}.${digits(dice, 5)}`,
    `"${'x'.repeat(dice.below(300))}"`,
  ];
  if (depth > 4 || dice.chance(0.4)) return dice.one([...scalars, ...numbers]);
  const items = dice.list(5, () => json(dice, depth + 1));
  if (dice.chance(0.05)) items.push(`"${'long'.repeat(20_000)}"`);
  if (dice.chance(0.5)) return `[${items.join(', ')}]`;
  return `{${items.map((item, index) => `"${dice.one(['k', 'kéy', '', '😀'])}${index}": ${item}`).join(', ')}}`;
}

function point(dice: Dice): string {
  return `${double(dice)} ${double(dice)}`;
}

function geometry(dice: Dice): string {
  const shape = dice.one([
    `POINT(${point(dice)})`,
    `LINESTRING(${point(dice)}, 1 2)`,
    'POLYGON((0 0, 1 0, 1 1, 0 0), (0.1 0.1, 0.2 0.1, 0.2 0.2, 0.1 0.1))',
    'MULTIPOINT((1 2), (3 4))',
    `GEOMETRYCOLLECTION(POINT(${point(dice)}), MULTILINESTRING((0 0, 1 1), (2 2, 3 3)))`,
  ]);
  return `ST_GeomFromText('${shape}'${dice.one(['', ', 3857'])})`;
}

const isFraction = [0, 1, 2, 3, 4, 5, 6];
const fractions = (name: string, draw: RandomColumn['draw']): RandomColumn[] =>
  isFraction.map((count) => ({ type: `${name}(${count}) null`, draw }));

const COLUMNS: readonly RandomColumn[] = [
  ...['tinyint', 'smallint', 'mediumint', 'int', 'bigint'].flatMap((type) => [
    { type, draw: whole(64) },
    { type: `${type} unsigned`, draw: whole(64, true) },
    { type: `${type} zerofill`, draw: whole(20, true) },
  ]),
  { type: 'decimal(1,0)', draw: decimal(1, 0) },
  { type: 'decimal(9,9)', draw: (dice) => `0.${digits(dice, 9)}` },
  { type: 'decimal(19,10)', draw: decimal(9, 10) },
  { type: 'decimal(38,19) unsigned', draw: decimal(19, 19, true) },
  { type: 'decimal(65,30)', draw: decimal(35, 30) },
  { type: 'decimal(65,0)', draw: decimal(65, 0) },
  { type: 'float', draw: double },
  { type: 'double', draw: double },
  { type: 'float(7,3)', draw: double },
  { type: 'bit(1)', draw: (dice) => dice.one(['0', '1']) },
  { type: 'bit(9)', draw: (dice) => `x'0${hex(dice, 1)}0'` },
  { type: 'bit(64)', draw: (dice) => `x'${hex(dice, 8)}'` },
  { type: 'year', draw: (dice) => dice.one(['0', '1901', '2155', String(1901 + dice.below(255))]) },
  { type: 'date', draw: (dice) => `'${date(dice)}'` },
  ...fractions('datetime', datetime),
  ...fractions('timestamp', timestamp),
  ...fractions('time', time),
  { type: 'char(30)', draw: text },
  { type: 'char(200) character set utf8mb3', draw: text },
  { type: 'varchar(30) character set latin1', draw: text },
  { type: 'varchar(30) character set cp932', draw: text },
  { type: 'varchar(4000)', draw: wide },
  { type: 'mediumtext', draw: wide },
  { type: 'binary(40)', draw: bytes(30) },
  { type: 'varbinary(400)', draw: bytes(300) },
  { type: 'longblob', draw: bytes(70_000 / 100) },
  {
    type: "enum('a,b','','ü',' c') character set utf8mb4",
    draw: (dice) => dice.one(["'a,b'", "''", "'ü'", "' c'", "'refused'", '2']),
  },
  {
    type: "set('','a','ü b','日') character set utf8mb4",
    draw: (dice) => dice.one(["'a'", "'日,a'", "''", "'ü b'", '15', '0']),
  },
  { type: `set(${Array.from({ length: 64 }, (_, bit) => `'m${bit}'`).join()})`, draw: (dice) => `x'${hex(dice, 8)}'` },
  { type: 'geometry', draw: geometry },
  { type: 'json', draw: (dice) => `'${json(dice)}'` },
  { type: 'uuid', only: 'mariadb', draw: (dice) => `x'${hex(dice, 16)}'` },
  { type: 'inet4', only: 'mariadb', draw: (dice) => `x'${dice.one([hex(dice, 4), '0a000000'])}'` },
  {
    type: 'inet6',
    only: 'mariadb',
    draw: (dice) => `x'${Array.from({ length: 8 }, () => dice.one(['0000', '0000', 'ffff', hex(dice, 2)])).join('')}'`,
  },
];

/** The types of the columns that the server has, and a draw of one row's values in their order. */
export function randomRows(kind: MysqlKind): {
  readonly types: readonly string[];
  readonly draw: (dice: Dice) => string;
} {
  const columns = COLUMNS.filter(({ only }) => only === undefined || only === kind);
  return {
    types: columns.map(({ type }) => type),
    draw: (dice) => columns.map(({ draw }) => draw(dice)).join(', '),
  };
}

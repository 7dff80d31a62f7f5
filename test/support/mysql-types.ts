// Columns of every type of MySQL and MariaDB with values at the edges: as SQL, and as the row JSON of the lake has them.
import type { MysqlKind } from './mysql-servers.ts';
import { TEXT_COLUMNS } from './mysql-text-types.ts';
import type { TypedColumn } from './mysql-typed-column.ts';

const wide = '12345678901234567890123456789012345.678901234567890123456789012345';

const TYPED_COLUMNS: readonly TypedColumn[] = [
  {
    type: 'tinyint',
    values: [
      ['-128', -128],
      ['127', 127],
    ],
  },
  {
    type: 'tinyint unsigned',
    values: [
      ['0', 0],
      ['255', 255],
    ],
  },
  {
    type: 'tinyint(1)',
    values: [
      ['1', 1],
      ['-7', -7],
    ],
  },
  {
    type: 'smallint',
    values: [
      ['-32768', -32768],
      ['32767', 32767],
    ],
  },
  {
    type: 'smallint unsigned',
    values: [
      ['65535', 65535],
      ['1', 1],
    ],
  },
  {
    type: 'mediumint',
    values: [
      ['-8388608', -8388608],
      ['8388607', 8388607],
    ],
  },
  {
    type: 'mediumint unsigned zerofill',
    values: [
      ['16777215', '16777215'],
      ['7', '7'],
    ],
  },
  {
    type: 'int',
    values: [
      ['-2147483648', -2147483648],
      ['2147483647', 2147483647],
    ],
  },
  {
    type: 'int unsigned',
    values: [
      ['4294967295', '4294967295'],
      ['0', '0'],
    ],
  },
  {
    type: 'int(40) unsigned zerofill',
    values: [
      ['42', '42'],
      ['4294967295', '4294967295'],
    ],
  },
  {
    type: 'bigint',
    values: [
      ['-9223372036854775808', '-9223372036854775808'],
      ['9223372036854775807', '9223372036854775807'],
    ],
  },
  {
    type: 'bigint unsigned',
    values: [
      ['18446744073709551615', '18446744073709551615'],
      ['0', '0'],
    ],
  },
  {
    type: 'decimal(5,2)',
    values: [
      ['-999.99', '-999.99'],
      ['0.01', '0.01'],
    ],
  },
  {
    type: 'decimal(18,9)',
    values: [
      ['-123456789.987654321', '-123456789.987654321'],
      ['0', '0.000000000'],
    ],
  },
  {
    type: 'decimal(38,10)',
    values: [
      ['-1234567890123456789012345678.0123456789', '-1234567890123456789012345678.0123456789'],
      ['1', '1.0000000000'],
    ],
  },
  {
    type: 'decimal(65,30)',
    values: [
      [wide, wide],
      ['-0.5', '-0.500000000000000000000000000000'],
    ],
  },
  {
    type: 'decimal(10,0) unsigned zerofill',
    values: [
      ['42', '42'],
      ['9999999999', '9999999999'],
    ],
  },
  {
    type: 'float',
    values: [
      ['1.17549e-38', Math.fround(1.17549e-38)],
      ['16777217', 16777216],
    ],
  },
  {
    type: 'double',
    values: [
      ['0.1', 0.1],
      ['-1.7976931348623157e308', -1.7976931348623157e308],
    ],
  },
  {
    type: 'double(10,2)',
    values: [
      ['0.1', 0.1],
      ['12345678.91', 12345678.91],
    ],
  },
  {
    type: 'bit(1)',
    values: [
      ["b'1'", true],
      ["b'0'", false],
    ],
  },
  {
    type: 'bit(10)',
    values: [
      ["b'1000000001'", '0201'],
      ["b'0'", '0000'],
    ],
  },
  {
    type: 'bit(64)',
    values: [
      ['18446744073709551615', 'ffffffffffffffff'],
      ['1', '0000000000000001'],
    ],
  },
  {
    type: 'year',
    values: [
      ['1901', 1901],
      ['2155', 2155],
    ],
  },
  {
    type: 'date',
    values: [
      ["'1000-01-01'", '1000-01-01'],
      ["'9999-12-31'", '9999-12-31'],
    ],
  },
  {
    type: 'time',
    values: [
      ["'-838:59:59'", '-838:59:59'],
      ["'00:00:01'", '00:00:01'],
    ],
  },
  {
    type: 'time(3)',
    values: [
      ["'-00:00:00.001'", '-00:00:00.001'],
      ["'100:10:10.5'", '100:10:10.500'],
    ],
  },
  {
    type: 'time(6)',
    values: [
      ["'-12:34:56.000001'", '-12:34:56.000001'],
      ["'23:59:59.999999'", '23:59:59.999999'],
    ],
  },
  {
    type: 'datetime',
    values: [
      ["'1000-01-01 00:00:00'", '1000-01-01T00:00:00.000000'],
      ["'9999-12-31 23:59:59'", '9999-12-31T23:59:59.000000'],
    ],
  },
  {
    type: 'datetime(1)',
    values: [
      ["'2024-02-29 12:34:56.7'", '2024-02-29T12:34:56.700000'],
      ['null', null],
    ],
  },
  {
    type: 'datetime(6)',
    values: [
      ["'1969-12-31 23:59:59.999999'", '1969-12-31T23:59:59.999999'],
      ["'2026-03-29 02:30:00.000001'", '2026-03-29T02:30:00.000001'],
    ],
  },
  {
    type: 'timestamp null',
    values: [
      ["'2038-01-19 11:14:07'", '2038-01-19T03:14:07.000000Z'],
      ["'2024-07-01 08:00:00'", '2024-07-01T00:00:00.000000Z'],
    ],
  },
  {
    type: 'timestamp(5) null',
    values: [
      ["'2024-07-01 08:00:00.12345'", '2024-07-01T00:00:00.123450Z'],
      ['null', null],
    ],
  },
  {
    type: 'binary(4)',
    values: [
      ["x'0100'", '01000000'],
      ["x'00'", '00000000'],
    ],
  },
  {
    type: 'varbinary(300)',
    values: [
      ["x'00ff0000'", '00ff0000'],
      ["x''", ''],
    ],
  },
  {
    type: 'blob',
    values: [
      ["x'deadbeef00'", 'deadbeef00'],
      ['null', null],
    ],
  },
  {
    type: 'point',
    values: [
      ["ST_GeomFromText('POINT(1 2)')", '0101000000000000000000f03f0000000000000040'],
      ['null', null],
    ],
  },
  {
    type: 'geometry',
    values: [
      ["ST_GeomFromText('POINT(1 2)', 3857)", '0101000020110f0000000000000000f03f0000000000000040'],
      ['null', null],
    ],
  },
  {
    type: 'uuid',
    only: 'mariadb',
    values: [
      ["'00112233-4455-1677-8899-AABBCCDDEE00'", '00112233-4455-1677-8899-aabbccddee00'],
      ["'01890a5d-ac96-774b-bcce-b302099a8057'", '01890a5d-ac96-774b-bcce-b302099a8057'],
    ],
  },
  {
    type: 'uuid',
    only: 'mariadb',
    values: [
      ["'00000000-0000-0000-0000-000000000000'", '00000000-0000-0000-0000-000000000000'],
      ["'ffffffff-ffff-ffff-ffff-ffffffffffff'", 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
    ],
  },
  {
    type: 'inet4',
    only: 'mariadb',
    values: [
      ["'10.20.0.0'", '10.20.0.0'],
      ["'255.255.255.255'", '255.255.255.255'],
    ],
  },
  {
    type: 'inet6',
    only: 'mariadb',
    values: [
      ["'2001:DB8:0:0:1::'", '2001:db8:0:0:1::'],
      ["'::ffff:192.0.2.1'", '::ffff:192.0.2.1'],
    ],
  },
  {
    type: 'inet6',
    only: 'mariadb',
    values: [
      ["'::'", '::'],
      ["'1:0:0:2:0:0:0:3'", '1:0:0:2::3'],
    ],
  },
  {
    type: 'json',
    only: 'mariadb',
    values: [
      [`'{"b":1, "a":[1.50]}'`, '{"b":1, "a":[1.50]}'],
      ["'[]'", '[]'],
    ],
  },
  {
    type: 'json',
    only: 'mysql',
    values: [
      [
        `'{"bb":[1,-1,65535,-32769,4294967295,9223372036854775807,18446744073709551615],"a":{"x":null,"y":[true,false]}}'`,
        '{"a": {"x": null, "y": [true, false]}, "bb": [1, -1, 65535, -32769, 4294967295, 9223372036854775807, 18446744073709551615]}',
      ],
      [`'"q\\\\"\\\\\\\\ \\\\u0001 é😀\\\\n"'`, '"q\\"\\\\ \\u0001 é😀\\n"'],
    ],
  },
  {
    type: 'json',
    only: 'mysql',
    values: [
      [
        "'[0.1, 1e20, 1e300, 1.0, -0.0, 1e-7, 123456789012345, 1e15, 1.5e-10, 1e-15, 1e-16, 1504413256650398.8, 12345678901234567890123]'",
        '[0.1, 1e20, 1e300, 1.0, -0.0, 0.0000001, 123456789012345, 1e15, 0.00000000015, 0.000000000000001, 1e-16, 1504413256650398.8, 1.2345678901234568e22]',
      ],
      [
        "json_object('d', cast('2015-01-15' as date), 't', cast('-23:24:25.12' as time(2)), 'dt', cast('2015-01-15 23:24:25' as datetime), 'n', cast(-1.50 as decimal(10,2)), 'b', x'cafe')",
        '{"b": "base64:type15:yv4=", "d": "2015-01-15", "n": -1.50, "t": "-23:24:25.120000", "dt": "2015-01-15 23:24:25.000000"}',
      ],
    ],
  },
  {
    type: 'json',
    only: 'mysql',
    values: [
      [`json_object('k', repeat('v', 70000))`, `{"k": "${'v'.repeat(70000)}"}`],
      ["'null'", 'null'],
    ],
  },
  ...TEXT_COLUMNS,
];

/** The columns of one server as a table's definition, as an INSERT of both rows, and as the lake has the rows. */
export interface TypedTable {
  readonly types: readonly string[];
  readonly definition: string;
  readonly insert: (table: string) => string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** The columns that the server has. */
export function typedColumns(kind: MysqlKind): readonly TypedColumn[] {
  return TYPED_COLUMNS.filter(({ only }) => only === undefined || only === kind);
}

/** All columns. */
export function typedTable(kind: MysqlKind): TypedTable {
  return tableOf(typedColumns(kind));
}

/** Those without long values. */
export function smallColumns(kind: MysqlKind): TypedTable {
  const isSmall = ({ values }: TypedColumn): boolean =>
    values.every(([, value]) => JSON.stringify(value).length < 1000);
  return tableOf(typedColumns(kind).filter(isSmall));
}

function tableOf(columns: readonly TypedColumn[]): TypedTable {
  const valuesOf = (row: number): string => [String(row), ...columns.map(({ values }) => values[row]?.[0])].join(', ');
  return {
    types: columns.map(({ type }) => type),
    definition: columns.map(({ type }, index) => `c${index} ${type}`).join(', '),
    insert: (table) => `insert into ${table} values (${valuesOf(0)}), (${valuesOf(1)})`,
    rows: [0, 1].map((row) => ({
      id: String(row),
      ...Object.fromEntries(columns.map(({ values }, index) => [`c${index}`, values[row]?.[1]])),
    })),
  };
}

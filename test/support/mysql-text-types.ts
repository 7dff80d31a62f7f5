// Columns of texts, enums and sets in several character sets, with values at the edges.
import type { TypedColumn } from './mysql-typed-column.ts';

/** For the tables with every type. */
export const TEXT_COLUMNS: readonly TypedColumn[] = [
  {
    type: 'char(10)',
    values: [
      ["'é ü '", 'é ü'],
      ["''", ''],
    ],
  },
  {
    type: 'char(255)',
    values: [
      ["repeat('ß', 200)", 'ß'.repeat(200)],
      ["'x'", 'x'],
    ],
  },
  {
    type: 'varchar(300)',
    values: [
      ["'a\\\\b\\n\\t\\'\"'", 'a\\b\n\t\'"'],
      ["repeat('😀', 300)", '😀'.repeat(300)],
    ],
  },
  {
    type: 'varchar(20) character set latin1',
    values: [
      ["'é€ÿ'", 'é€ÿ'],
      ['null', null],
    ],
  },
  {
    type: 'varchar(20) character set cp1251',
    values: [
      ["'Привет'", 'Привет'],
      ["'x'", 'x'],
    ],
  },
  {
    type: 'text character set utf8mb3',
    values: [
      ["'žluťoučký'", 'žluťoučký'],
      ["''", ''],
    ],
  },
  {
    type: 'varchar(20) character set ucs2',
    values: [
      ["'日本'", '日本'],
      ["''", ''],
    ],
  },
  {
    type: 'varchar(20) character set utf16',
    values: [
      ["'日😀'", '日😀'],
      ["''", ''],
    ],
  },
  {
    type: 'varchar(20) character set utf32',
    values: [
      ["'日😀'", '日😀'],
      ["''", ''],
    ],
  },
  {
    type: 'varchar(20) character set gbk',
    values: [
      ["'中é丂a'", '中é丂a'],
      ["''", ''],
    ],
  },
  {
    type: 'char(20) character set cp932',
    values: [
      ["'日本ｶ①\\\\~'", '日本ｶ①\\~'],
      ['null', null],
    ],
  },
  {
    type: 'text character set ujis',
    values: [
      ["'日本ｶ丂'", '日本ｶ丂'],
      ["'x'", 'x'],
    ],
  },
  {
    type: 'varchar(20) character set gb18030',
    only: 'mysql',
    values: [
      ["'中é😀'", '中é😀'],
      ["''", ''],
    ],
  },
  {
    type: 'tinytext',
    values: [
      ["'t'", 't'],
      ['null', null],
    ],
  },
  {
    type: 'longtext',
    values: [
      ["repeat('x', 70000)", 'x'.repeat(70000)],
      ["'y'", 'y'],
    ],
  },
  {
    type: "enum('a,b','ü','''')",
    values: [
      ["'a,b'", 'a,b'],
      ["''''", "'"],
    ],
  },
  {
    type: "enum('ñ','m') character set latin1",
    values: [
      ["'ñ'", 'ñ'],
      ["'m'", 'm'],
    ],
  },
  {
    type: "enum('表','能') character set sjis",
    values: [
      ["'能'", '能'],
      ["'表'", '表'],
    ],
  },
  {
    type: "set('中','文') character set big5",
    values: [
      ["'中,文'", ['中', '文']],
      ["'文'", ['文']],
    ],
  },
  {
    type: "set('x','ÿ','z')",
    values: [
      ["'x,z'", ['x', 'z']],
      ["''", []],
    ],
  },
  {
    type: "set('m1','m2','m3','m4','m5','m6','m7','m8','m9') character set latin1",
    values: [
      ["'m9,m1'", ['m1', 'm9']],
      ['null', null],
    ],
  },
];

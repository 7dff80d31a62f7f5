// The characters of a set of the server that is not Unicode, by their bytes: asked of the server, which knows best what
// it makes of them when a client reads in UTF-8. No two servers need to agree, nor any with the tables of a library.
import { field, type SqlRunner } from './sql-session.ts';

/**
 * The character whose bytes are this big-endian number: `?` where Unicode has none, as the server says; undefined where
 * the bytes are no character of the set. No character's bytes begin another one.
 */
export type FindCharacter = (code: number) => string | undefined;

/** First and last value of a byte. */
type ByteRange = readonly [first: number, last: number];

const ANY: ByteRange = [0, 255];
const HIGH: ByteRange = [0x80, 255];
const EXTENDED: ByteRange = [0xa1, 0xfe];
const DIGIT: ByteRange = [0x30, 0x39];
const GB18030_LONG: readonly ByteRange[] = [[0x81, 0xfe], DIGIT, [0x81, 0xfe], DIGIT];
/** The bytes of the first character outside of the basic plane. */
const GB18030_SUPPLEMENTARY = [0x90, 0x30, 0x81, 0x30];

/** Which bytes characters of several bytes may have. */
const LONG_SHAPES: Readonly<Record<string, readonly (readonly ByteRange[])[]>> = {
  ...Object.fromEntries(['big5', 'cp932', 'euckr', 'gb2312', 'gbk', 'sjis'].map((charset) => [charset, [[HIGH, ANY]]])),
  ...Object.fromEntries(
    ['eucjpms', 'ujis'].map((charset) => [
      charset,
      [
        [HIGH, ANY],
        [[0x8f, 0x8f], EXTENDED, EXTENDED],
      ],
    ]),
  ),
  // Of the characters of four bytes, those of the basic plane; the others follow each other as their code points do.
  gb18030: [
    [HIGH, ANY],
    [[0x81, 0x84], DIGIT, [0x81, 0xfe], DIGIT],
  ],
};
/** Bytes of a character at most. */
export const CHARACTER_SIZE_MAX = 4;

/** Asks the server for the characters of a set. Throws E2010 to E2013. */
export async function readCharacters(sql: SqlRunner, charset: string): Promise<FindCharacter> {
  const characters = new Map<number, string>();
  for (const shape of [[ANY], ...(LONG_SHAPES[charset] ?? [])]) {
    const [first] = shape[shape.length - 1];
    for (const row of await sql.query(charactersQuery(charset, shape))) {
      const code = Number.parseInt(`${field(row, 'lead_bytes')}00`, 16) + first;
      for (const [index, hex] of field(row, 'characters').split(',').entries()) {
        if (hex !== '') characters.set(code + index, Buffer.from(hex, 'hex').toString('utf8'));
      }
    }
  }
  if (charset !== 'gb18030') return (code) => characters.get(code);
  return (code) => characters.get(code) ?? gb18030Character(code);
}

const SUPPLEMENTARY = 0x10000;
const CODE_POINT_MAX = 0x10ffff;

/** A character of four bytes outside of the basic plane. */
function gb18030Character(code: number): string | undefined {
  const bytes = [24, 16, 8, 0].map((shift) => (code >>> shift) & 0xff);
  const isLong = bytes.every((byte, index) => byte >= GB18030_LONG[index][0] && byte <= GB18030_LONG[index][1]);
  if (!isLong) return undefined;
  const codePoint = SUPPLEMENTARY + gb18030Number(bytes) - gb18030Number(GB18030_SUPPLEMENTARY);
  return codePoint >= SUPPLEMENTARY && codePoint <= CODE_POINT_MAX ? String.fromCodePoint(codePoint) : '?';
}

/** The number of a character of four bytes among them. */
function gb18030Number([a, b, c, d]: readonly number[]): number {
  return ((a * 10 + b) * 126 + c) * 10 + d;
}

/** For each beginning of such characters, what they are with each last byte, in hexadecimal UTF-8; empty for none. */
function charactersQuery(charset: string, shape: readonly ByteRange[]): string {
  const names = shape.map((_, index) => `b${index}`);
  const values = names.map((name) => `${name}.n`);
  const lead = values.slice(0, -1);
  const text = `CHAR(${values.join(', ')} USING ${charset})`;
  const isOne = `CHAR_LENGTH(${text}) = 1 AND LENGTH(${text}) = ${shape.length}`;
  const ranges = shape.map(([first, last], index) => `${values[index]} BETWEEN ${first} AND ${last}`);
  return `WITH RECURSIVE numbers AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 255)
SELECT ${lead.length === 0 ? "''" : `HEX(CHAR(${lead.join(', ')}))`} AS lead_bytes,
  GROUP_CONCAT(IF(${isOne}, HEX(CONVERT(${text} USING utf8mb4)), '') ORDER BY ${values[lead.length]}) AS characters
FROM ${names.map((name) => `numbers ${name}`).join(', ')} WHERE ${ranges.join(' AND ')}
GROUP BY ${lead.length === 0 ? '1' : lead.join(', ')}`;
}

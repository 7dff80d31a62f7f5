// From the server's character sets to UTF-8, for the values of the log, which has them as the columns store them. Sets
// that are not Unicode are translated by the server's own table.
import { CHARACTER_SIZE_MAX, type FindCharacter, readCharacters } from './character-table.ts';
import type { SqlRunner } from './sql-session.ts';

/** The UTF-8 of the text `bytes[start … end)`; null where these are no characters of the set. */
export type Utf8Converter = (bytes: Buffer, start: number, end: number) => Uint8Array | null;

/** The server's character sets, as far as they are used. */
export interface Charsets {
  /** The name of the set that a collation is of; null if the collation is not known. */
  ofCollation(collation: number): string | null;
  /** How texts of the set become UTF-8; null where they are; undefined where this version cannot. */
  converter(charset: string): Utf8Converter | null | undefined;
}

const UTF8: ReadonlySet<string> = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii']);
const WIDE: Readonly<Record<string, Utf8Converter>> = {
  ucs2: fromUtf16Be,
  utf16: fromUtf16Be,
  utf16le: (bytes, start, end) => Buffer.from(bytes.toString('utf16le', start, end), 'utf8'),
  utf32: fromUtf32,
};
const UNICODE: ReadonlySet<string> = new Set([...UTF8, ...Object.keys(WIDE)]);

/** Asks the server for its collations and for the tables of the sets that are used. Throws E2010 to E2013. */
export async function readCharsets(sql: SqlRunner, used: ReadonlySet<string>): Promise<Charsets> {
  const byCollation = new Map<number, string>();
  for (const row of await readCollations(sql)) {
    if (row['id'] != null && row['charset'] != null) byCollation.set(Number(row['id']), row['charset']);
  }
  const converters = new Map<string, Utf8Converter>(Object.entries(WIDE));
  for (const charset of new Set(byCollation.values())) {
    if (!used.has(charset) || UNICODE.has(charset) || charset === 'binary') continue;
    converters.set(charset, byCharacter(await readCharacters(sql, charset)));
  }
  return {
    ofCollation: (collation) => byCollation.get(collation) ?? null,
    converter: (charset) => (UTF8.has(charset) ? null : converters.get(charset)),
  };
}

/** MariaDB has collations of several sets under one name; their numbers stand in another table. */
async function readCollations(sql: SqlRunner): ReturnType<SqlRunner['query']> {
  const [column] = await sql.query(
    `SELECT COUNT(*) AS present FROM information_schema.columns WHERE table_schema = 'information_schema'
     AND LOWER(table_name) = 'collation_character_set_applicability' AND LOWER(column_name) = 'id'`,
  );
  const table = column?.['present'] === '0' ? 'collations' : 'collation_character_set_applicability';
  return sql.query(`SELECT id AS id, character_set_name AS charset FROM information_schema.${table}`);
}

function byCharacter(find: FindCharacter): Utf8Converter {
  return (bytes, start, end) => {
    let text = '';
    for (let at = start; at < end; ) {
      let size = 1;
      let character = find(bytes[at]);
      while (character === undefined && size < CHARACTER_SIZE_MAX && at + size < end) {
        character = find(bytes.readUIntBE(at, ++size));
      }
      if (character === undefined) return null;
      text += character;
      at += size;
    }
    return Buffer.from(text, 'utf8');
  };
}

function fromUtf16Be(bytes: Buffer, start: number, end: number): Uint8Array {
  return Buffer.from(Buffer.from(bytes.subarray(start, end)).swap16().toString('utf16le'), 'utf8');
}

function fromUtf32(bytes: Buffer, start: number, end: number): Uint8Array {
  let text = '';
  for (let at = start; at + 4 <= end; at += 4) text += String.fromCodePoint(bytes.readUInt32BE(at));
  return Buffer.from(text, 'utf8');
}

// Bytes that are no characters of a set have no UTF-8; asked of the tables that MySQL 8.0 gave when it was recorded.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readCharsets } from '../../../../src/source/mysql/charsets.ts';
import type { TextRow } from '../../../../src/source/mysql/sql-session.ts';

const fixture = readFileSync(new URL('../../../fixtures/mysql/mysql.json.gz', import.meta.url));
const { answers } = JSON.parse(gunzipSync(fixture).toString('utf8')) as {
  readonly answers: Readonly<Record<string, readonly TextRow[]>>;
};
const query = (statement: string): Promise<readonly TextRow[]> => Promise.resolve(answers[statement] ?? []);

test.each([
  ['gbk', '61d6d0', 'a中'],
  ['gbk', '61d6', null],
  ['gbk', 'ff40', null],
  ['sjis', '955c5c', '表\\'],
  ['sjis', '81', null],
  ['ujis', '8fb0a1', '丂'],
  ['ujis', '8fb0', null],
  ['gb18030', '9439fc3661', '😀a'],
  ['gb18030', '8130813081', null],
  ['gb18030', 'fe39fe39', '?'],
])('%s %s', async (charset, hex, text) => {
  const charsets = await readCharsets({ query }, new Set([charset]));
  const bytes = Buffer.from(`61${hex}61`, 'hex');
  const converted = charsets.converter(charset)?.(bytes, 1, bytes.length - 1);
  expect(converted == null ? converted : Buffer.from(converted).toString('utf8')).toBe(text);
});

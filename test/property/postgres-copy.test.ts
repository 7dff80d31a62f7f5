// COPY against the log: the same values by either way, however the chunks of the copy are cut; and arrays.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SourcePosition } from '../../src/change/position.ts';
import { CopyDecoder } from '../../src/source/postgres/copy-decoder.ts';
import { LogDecoder } from '../../src/source/postgres/log-decoder.ts';
import * as message from '../support/pgoutput-messages.ts';
import { OID, testTable } from '../support/pgoutput-table.ts';
import { batchRows, rowsOf } from '../support/postgres-source.ts';

const RUNS: fc.Parameters<unknown> = {
  numRuns: 300 * Number(process.env['PROPERTY_SECONDS'] ?? '2'),
  ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }),
};
const COLUMNS = [
  { name: 'id', typeOid: OID.int8, identity: true },
  { name: 'note', typeOid: OID.text },
  { name: 'raw', typeOid: OID.bytea },
  { name: 'tags', typeOid: OID.textArray },
];
const TABLE = testTable('t', COLUMNS);

// Text with everything that COPY or arrays treat in a special way.
const text = fc
  .oneof(
    fc.string({
      unit: fc.constantFrom(
        '\\',
        '\t',
        '\n',
        '\r',
        'N',
        '"',
        '{',
        '}',
        ',',
        'NULL',
        '.',
        'x',
        ' ',
        'é',
        '𝄞',
        '\b',
        '\v',
        '\f',
      ),
    }),
    fc.string({ unit: 'grapheme' }),
  )
  .filter((value) => !value.includes('\0') && value.isWellFormed());

const row = fc.record({
  id: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  note: fc.option(text),
  raw: fc.option(fc.uint8Array({ maxLength: 20 })),
  tags: fc.option(fc.array(fc.option(text), { maxLength: 5 })),
});

/** As `array_out` prints it. */
function arrayText(elements: readonly (string | null)[]): string {
  const quoted = elements.map((element) => {
    if (element === null) return 'NULL';
    const plain = element !== '' && !/[\\"{},\s]/.test(element) && element.toUpperCase() !== 'NULL';
    return plain ? element : `"${element.replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${quoted.join(',')}}`;
}

function copyField(value: string | null): string {
  if (value === null) return '\\N';
  const letters: Readonly<Record<string, string>> = {
    '\b': 'b',
    '\f': 'f',
    '\n': 'n',
    '\r': 'r',
    '\t': 't',
    '\v': 'v',
    '\\': '\\',
  };
  return value.replace(/[\b\f\n\r\t\v\\]/g, (letter) => `\\${letters[letter] ?? ''}`);
}

test('P8 a row is the same copied and streamed, however the copy is cut', () => {
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(40), { minLength: 1 }),
      (rows, cuts) => {
        const values = rows.map(({ id, note, raw, tags }) => [
          String(id),
          note,
          raw === null ? null : `\\x${Buffer.from(raw).toString('hex')}`,
          tags === null ? null : arrayText(tags),
        ]);
        const expected = rows.map(({ id, note, raw, tags }) => [
          '+I',
          String(id),
          note,
          raw === null ? null : Buffer.from(raw).toString('hex'),
          tags === null ? null : `[${tags.map((tag) => tag ?? 'NULL').join('|')}]`,
        ]);
        const log = new LogDecoder({
          tables: [TABLE],
          places: new Map([[TABLE.source.key, '0/0' as SourcePosition]]),
          beforeImages: new Set(),
        });
        const messages = values.map((tuple) => message.insert(100, tuple));
        for (const bytes of [
          message.begin(1n),
          message.relation(100, 't', COLUMNS),
          ...messages,
          message.commit(1n, 2n),
        ])
          log.message(bytes, 0);
        log.flush();
        expect(rowsOf(log.events, TABLE.source)).toEqual(expected);

        const bytes = Buffer.from(values.map((tuple) => `${tuple.map(copyField).join('\t')}\n`).join(''));
        const copy = new CopyDecoder(TABLE, '0/1');
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const size = 1 + (cuts[cut % cuts.length] ?? 0);
          copy.push(bytes.subarray(at, at + size));
          at += size;
        }
        const batch = copy.take(true);
        expect(batch === null ? [] : batchRows(batch, TABLE.source)).toEqual(expected);
      },
    ),
    RUNS,
  );
});

test('a copy that ends within a row or has other columns is refused', () => {
  for (const bytes of ['1\ta\t\\\\x00\t{}', '1\ta\t\\\\x00\n', '1\ta\t\\\\x00\t{}\tmore\n']) {
    const copy = new CopyDecoder(TABLE, '0/1');
    expect(() => {
      copy.push(Buffer.from(bytes));
      copy.take(true);
    }).toThrow(expect.objectContaining({ code: 'E4006' }) as Error);
  }
});

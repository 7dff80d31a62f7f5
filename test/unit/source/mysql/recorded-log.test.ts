// The log of real servers, recorded by scripts/record-mysql-fixture.ts: every type with its edge values, and what
// happens to damaged or unknown events.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { SourcePosition } from '../../../../src/change/position.ts';
import { BinlogDecoder } from '../../../../src/source/mysql/binlog-decoder.ts';
import { examine } from '../../../../src/source/mysql/check.ts';
import { gtidOrder } from '../../../../src/source/mysql/gtids.ts';
import type { TextRow } from '../../../../src/source/mysql/sql-session.ts';
import { mysqlSettings } from '../../../support/mysql-source.ts';
import { smallColumns } from '../../../support/mysql-types.ts';
import { type ShownChange, shownRows, updatesOf, valueLines } from '../../../support/shown-rows.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

interface Recording {
  readonly database: string;
  readonly position: SourcePosition;
  readonly answers: Readonly<Record<string, readonly TextRow[]>>;
  /** In base 64. */
  readonly events: readonly string[];
}

const TABLE_MAP = 19;
const TYPE_OFFSET = 4;
const kinds = ['mariadb', 'mysql'] as const;

function recording(kind: (typeof kinds)[number]): Recording {
  const path = new URL(`../../../fixtures/mysql/${kind}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as Recording;
}

/** A decoder that follows the recorded table from the position on. */
async function decoderOf({ database, position, answers }: Recording, place = position) {
  const query = (statement: string): Promise<readonly TextRow[]> => {
    const rows = answers[statement];
    return rows === undefined ? Promise.reject(new Error(`not recorded: ${statement}`)) : Promise.resolve(rows);
  };
  const { results, server, tables, charsets } = await examine({ query }, mysqlSettings(`mysql://root@h:1/${database}`));
  expect(results.filter(({ status }) => status === 'fail')).toEqual([]);
  const [table] = tables;
  if (table === undefined) throw new Error('no table was recorded');
  const { key } = table.source;
  const decoder = new BinlogDecoder({
    flavor: server.flavor,
    from: position,
    tables,
    places: new Map([[key, place]]),
    beforeImages: new Set([key]),
    charsets,
    foldNames: false,
  });
  return { decoder, table: table.source };
}

const bytesOf = ({ events }: Recording): readonly Buffer[] => events.map((event) => Buffer.from(event, 'base64'));

describe.each(kinds)('%s', (kind) => {
  const { types, rows } = smallColumns(kind);

  test('every value, inserted, updated and deleted', async () => {
    const recorded = recording(kind);
    const { decoder, table } = await decoderOf(recorded);
    for (const event of bytesOf(recorded)) decoder.event(event, 0, event.length);
    decoder.flush();
    const changes = decoder.events.flatMap((event) =>
      event.kind === 'changes' ? event.changes.flatMap((batch) => shownRows(batch, table)) : [],
    );
    const wanted = [...rows.map((row): ShownChange => ['+I', row]), ...updatesOf(rows)];
    expect(valueLines(changes, types)).toEqual(valueLines(wanted, types));
    const last = decoder.events.at(-1);
    expect(last).toMatchObject({ kind: 'changes', boundary: { transactionCount: 4 } });
    const end = last?.kind === 'changes' ? last.boundary?.position : undefined;
    expect(end !== undefined && gtidOrder.includes(end, recorded.position)).toBe(true);
    expect(end !== undefined && gtidOrder.includes(recorded.position, end)).toBe(false);
  });

  test('a place that includes the transactions gets nothing of them', async () => {
    const recorded = recording(kind);
    const first = await decoderOf(recorded);
    for (const event of bytesOf(recorded)) first.decoder.event(event, 0, event.length);
    first.decoder.flush();
    const [changes] = first.decoder.events;
    const place = changes?.kind === 'changes' ? changes.boundary?.position : undefined;
    const { decoder } = await decoderOf(recorded, place);
    for (const event of bytesOf(recorded)) decoder.event(event, 0, event.length);
    decoder.flush();
    expect(decoder.events).toEqual([]);
    expect(decoder.takeProgress()).toBe(place);
    expect(decoder.takeProgress()).toBeNull();
  });

  test('a damaged event is not read', async () => {
    const recorded = recording(kind);
    const { decoder } = await decoderOf(recorded);
    const events = bytesOf(recorded);
    const at = events.findIndex((event) => event[TYPE_OFFSET] === TABLE_MAP);
    for (const event of events.slice(0, at)) decoder.event(event, 0, event.length);
    const damaged = events[at];
    damaged[30] ^= 1;
    expect(thrownBy(() => decoder.event(damaged, 0, damaged.length))).toMatchObject({ code: 'E2036' });
  });

  test('an event of an unknown kind stops the log', async () => {
    const recorded = recording(kind);
    const { decoder } = await decoderOf(recorded);
    // Before the description of the format, events have no checksum.
    const unknown = bytesOf(recorded).find((event) => event[TYPE_OFFSET] === TABLE_MAP) as Buffer;
    unknown[TYPE_OFFSET] = 42;
    const error = thrownBy(() => decoder.event(unknown, 0, unknown.length));
    expect(error).toMatchObject({ code: 'E2033' });
    expect(error.message).toContain('type=42');
    expect(error.message).toContain(recorded.position);
  });
});

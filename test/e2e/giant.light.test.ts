// P37: one transaction of 200,000 rows, or of P37_ROWS, passes through a daemon of bounded memory.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import type { Table } from '../../src/paimon/table.ts';
import { mirrorSite } from '../support/mirror-site.ts';
import { postgres, type TestPostgres, withClient } from '../support/servers.ts';

const ROWS = Number(process.env['P37_ROWS'] ?? '200000');
const MINUTES = 60_000;
const RESIDENT_MIB_MAX = 512;

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres({ settings: { fsync: 'off' } });
});
afterAll(async () => {
  await server.stop();
});

test(
  `P37: a transaction of ${ROWS} rows passes in less than ${RESIDENT_MIB_MAX} MiB`,
  async () => {
    const site = await mirrorSite(server, {
      statements: ['create table giant (id bigint primary key, n int, note text, body jsonb)'],
    });
    const daemon = site.start();
    await site.caughtUp();
    await site.sql(
      `begin; insert into giant select i, i % 1000, md5(i::text), jsonb_build_object('row', i, 'text', repeat('x', 60)) from generate_series(1, ${ROWS}) i;
       update giant set n = n + 1 where id % 10 = 0; delete from giant where id % 7 = 0; commit`,
    );
    await site.caughtUp(60 * MINUTES);
    const peakMib = peakResidentMib(daemon.pid);
    process.stderr.write(`giant: ${ROWS} rows, peak resident ${peakMib} MiB\n`);
    expect(peakMib).toBeLessThan(RESIDENT_MIB_MAX);
    expect(await daemon.kill()).toEqual({ code: 0, signal: null });
    expect(await lakeSums(await site.table('giant'))).toEqual(await sourceSums(site.database.url));
    await site.close();
  },
  90 * MINUTES,
);

/** The most memory a process ever had, as Linux counts it. */
function peakResidentMib(pid: number): number {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(match?.[1] ?? Number.NaN) / 1024);
}

interface Sums {
  readonly count: string;
  readonly ids: string;
  readonly numbers: string;
}

async function sourceSums(url: string): Promise<Sums> {
  const { rows } = await withClient(url, (client) =>
    client.query<Sums>('select count(*)::text as count, sum(id)::text as ids, sum(n)::text as numbers from giant'),
  );
  return rows[0];
}

async function lakeSums(table: Table): Promise<Sums> {
  let [count, ids, numbers] = [0, 0n, 0];
  for await (const batch of table.read({ columns: ['id', 'n'] })) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) {
      const { id, n } = JSON.parse(print(batch.columns, row)) as { readonly id: string; readonly n: number };
      count++;
      ids += BigInt(id);
      numbers += n;
    }
  }
  return { count: String(count), ids: String(ids), numbers: String(numbers) };
}

// Flink, Spark and pypaimon write to tables of ours; we read what they read, find no fault, write on, and they read on.
// docs/compatibility.md shows the result, and the last test compares it.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lake } from '../../src/paimon/lake.ts';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { comparableRows } from '../support/comparable-rows.ts';
import { type Cell, pageBlock, pageText } from '../support/compatibility-page.ts';
import { typedRows } from '../support/engine-judge.ts';
import { type EngineReader, openEngine } from '../support/engine-readers.ts';
import type { GoldenRow } from '../support/golden.ts';
import { interopWanted } from '../support/line-process.ts';
import { type Pypaimon, pypaimon } from '../support/pypaimon.ts';
import {
  COMPACTION,
  goOn,
  TAKEOVERS,
  US,
  type StepAction,
  WRITERS,
  type Writer,
  writeTakenTable,
} from '../support/takeover.ts';
import {
  insertStatement,
  rowsAfter,
  TAKEOVER_KINDS,
  THEIR_ROWS,
  writeKind,
  writeLast,
} from '../support/takeover-kinds.ts';
import { tempDir } from '../support/temp-dir.ts';

const YES: Cell = { verdict: 'yes', notes: [] };
const PENDING: Cell = {
  verdict: 'in part',
  notes: [
    'Readers see what is compacted, and pypaimon does not compact: its rows are seen after the next commit of ours.',
  ],
};
const NATIVE_WRITES = { 'write.native.enabled': 'true', 'commit.native.enabled': 'true' };

describe.skipIf(!interopWanted())('other engines write to our tables', () => {
  const warehouse = join(tempDir(), 'lake');
  const lake = Lake.open(warehouse);
  const seen = new Map<string, Map<Writer, Cell>>();

  function record(what: string, writer: Writer, cell: Cell): void {
    seen.set(what, (seen.get(what) ?? new Map<Writer, Cell>()).set(writer, cell));
  }

  describe.each(WRITERS)('%s', (writer) => {
    const database = writer.replaceAll(/\W+/g, '_').toLowerCase();
    let engine: EngineReader;
    let python: Pypaimon | null;
    beforeAll(async () => {
      engine = await openEngine(writer, warehouse);
      python = await pypaimon();
    });
    afterAll(() => engine.stop());

    async function act(table: string, action: StepAction): Promise<void> {
      if ('sql' in action) {
        await engine.sql?.(action.sql);
      } else {
        const rows = action.rows.map((row) => ({ kind: '+I', row }));
        await python?.insert({ warehouse, table }, rows, writer.endsWith('native') ? NATIVE_WRITES : {});
      }
    }

    /** We and the engine read these rows, and nothing is wrong with the table. */
    async function expectRows(name: string, rows: readonly GoldenRow[], what: string): Promise<void> {
      const table = await lake.table(name);
      const wanted = comparableRows(table.schema.fields, rows);
      const ours = await typedRows(table.read(), table.schema.fields);
      expect(comparableRows(table.schema.fields, ours.rows), `${what}, read by us`).toEqual(wanted);
      const theirs = await engine.read(name);
      expect(comparableRows(table.schema.fields, theirs), `${what}, read by ${writer}`).toEqual(wanted);
      expect((await fsck(table)).problems, what).toEqual([]);
    }

    test('takes a table over, and gives it back', async () => {
      const name = `${database}.taken`;
      const model = await writeTakenTable(lake, name);
      await expectRows(name, [...model.values()], 'before');
      const steps = TAKEOVERS[writer];
      for (const [index, { what, act: action, change }] of steps.entries()) {
        await act(name, action(name));
        change(model);
        const newest = await (await lake.table(name)).latestSnapshot();
        const isTheirs = newest?.commitKind === 'COMPACT' && newest.commitUser !== US;
        expect(isTheirs || what !== COMPACTION, 'the engine has compacted').toBe(true);
        await expectRows(name, [...model.values()], what);
        await goOn(await lake.table(name), model, steps[index + 1]);
        await expectRows(name, [...model.values()], `${what}, and rows of ours`);
        record(what, writer, YES);
      }
    });

    test.each(TAKEOVER_KINDS)('writes to a table with $what', async (kind) => {
      const name = await writeKind(lake, database, kind);
      const isSql = engine.sql !== null;
      await act(name, isSql ? { sql: insertStatement(name) } : { rows: THEIR_ROWS });
      // pypaimon does not compact. We do after each commit, and then everybody sees what it wrote.
      const isPending = !isSql && kind.pending !== undefined;
      await expectRows(name, rowsAfter(kind, isPending ? 'pending' : 'theirs'), 'after theirs');
      await writeLast(lake, name);
      await expectRows(name, rowsAfter(kind, 'last'), 'after ours');
      record(`INSERT: ${kind.what}`, writer, isPending ? PENDING : YES);
    });
  });

  test('the page shows what was seen', () => {
    const rows = [...seen].map(([what, cells]) => {
      return [what, WRITERS.map((writer): Cell => cells.get(writer) ?? { verdict: '–', notes: [] })] as const;
    });
    const text = pageText({ corner: 'write', columns: WRITERS, rows });
    expect(pageBlock('writes', text)).toBe(text);
  });
});

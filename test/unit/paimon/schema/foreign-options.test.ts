// Options that others act on: those that leave something undone here are told, and no table is read or written wrongly.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isTributaryError } from '../../../../src/base/errors.ts';
import { FileSystemCatalog } from '../../../../src/paimon/catalog/file-system-catalog.ts';
import { Lake } from '../../../../src/paimon/lake.ts';
import { UNFOLLOWED, unfollowedOptions } from '../../../../src/paimon/schema/foreign-options.ts';
import { newTableSchema } from '../../../../src/paimon/schema/new-schema.ts';
import { TableSession } from '../../../../src/paimon/table-session.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';

type Options = Readonly<Record<string, string>>;

const PAGE = readFileSync(new URL('../../../../docs/compatibility.md', import.meta.url), 'utf8');

describe('options that are not followed', () => {
  it('are told with what they leave undone, unless they ask for nothing', () => {
    const options = { 'metadata.iceberg.storage': 'hadoop-catalog', bucket: '2', 'tag.create-success-file': 'false' };
    expect(unfollowedOptions(options)).toEqual([
      {
        option: 'metadata.iceberg.storage',
        value: 'hadoop-catalog',
        consequence: expect.stringContaining('Iceberg') as string,
      },
    ]);
    expect(unfollowedOptions({ 'metadata.iceberg.storage': 'disabled', 'commit.callbacks': '' })).toEqual([]);
  });

  it('stand in docs/compatibility.md', () => {
    expect([...UNFOLLOWED.keys()].filter((option) => !PAGE.includes(`\`${option}\``))).toEqual([]);
  });
});

/** A table with options that it got from elsewhere. */
async function tableWith(options: Options): Promise<Lake> {
  const store = new MemoryFileStore();
  const lake = new Lake(store);
  await lake.createTable('db.t', { columns: { id: 'INT', v: 'INT' }, primaryKey: ['id'], options: { bucket: '1' } });
  const { schemas, schema } = await lake.table('db.t');
  await schemas.update(() => ({ ...schema, options: { ...schema.options, ...options } }));
  return lake;
}

/** The code that a promise rejects with. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'a plan',
    (error: unknown) => (isTributaryError(error) ? error.code : String(error)),
  );
}

const CLUSTERED = { 'pk-clustering-override': 'true', 'clustering.columns': 'v', 'deletion-vectors.enabled': 'true' };
const CHAIN = {
  'chain-table.enabled': 'true',
  'scan.fallback-snapshot-branch': 'a',
  'scan.fallback-delta-branch': 'b',
};

describe('options with which files or rows would be wrong', () => {
  it.each<[Options, planned: string, changes: string]>([
    [{ 'manifest.format': 'orc' }, 'E3244', 'E3244'],
    [CHAIN, 'E3244', 'E3244'],
    [{ 'sequence.snapshot-ordering': 'true', 'write-only': 'true' }, 'E3244', 'E3244'],
    // Reads are right; there is just nothing to read yet.
    [CLUSTERED, 'a plan', 'E3401'],
    [{ 'chain-table.enabled': 'true' }, 'a plan', 'E3401'],
  ])('%o: no writes, and reads give %s', async (options, planned, changes) => {
    const table = await (await tableWith(options)).table('db.t');
    await expect(TableSession.open(table, { user: 'a' })).rejects.toMatchObject({ code: 'E3301' });
    expect(await codeOf(table.plan())).toBe(planned);
    expect(await codeOf(table.changesOf(1n).next())).toBe(changes);
  });

  it.each<Options>([
    { 'manifest.format': 'AVRO' },
    { 'pk-clustering-override': 'false' },
    { 'chain-table.enabled': 'false', 'scan.fallback-delta-branch': 'b', 'scan.fallback-snapshot-branch': 'a' },
  ])('%o: nothing of the kind', async (options) => {
    const table = await (await tableWith(options)).table('db.t');
    const session = await TableSession.open(table, { user: 'a' });
    await session.write([{ id: 1, v: 2 }]);
    await session.commit();
    await session.close();
    expect((await table.plan()).splits).toHaveLength(1);
  });

  it.each<[string, Options]>([
    ['type', { type: 'format-table' }],
    ['type', { type: 'Object-Table' }],
    ['auto-create', { 'auto-create': 'true' }],
  ])('no table is made: %s', async (name, options) => {
    const store = new MemoryFileStore();
    const field = { id: 0, name: 'id', type: { kind: 'INT', nullable: false } } as const;
    const definition = { fields: [field], primaryKeys: ['id'], partitionKeys: [], comment: null };
    expect(newTableSchema({ ...definition, options: {} }, 0).id).toBe(0);
    const create = (of: Options) =>
      new FileSystemCatalog(store).createTable({ database: 'db', table: 't' }, { ...definition, options: of }, 0);
    await expect(create(options)).rejects.toMatchObject({
      code: 'E3103',
      message: expect.stringContaining(name) as string,
    });
    await create({ type: 'materialized-table' });
  });
});

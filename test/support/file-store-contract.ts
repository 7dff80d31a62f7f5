// What every store must do; each store's test calls this with a way to make an empty one.
import { describe, expect, it } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import type { FileStore } from '../../src/storage/file-store.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The code that the call fails with; `none` if it does not fail. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    return isTributaryError(error) ? error.code : String(error);
  }
}

/** Names that readers see; names with a leading dot are unfinished files. */
async function visibleNames(store: FileStore, directory: string): Promise<readonly string[]> {
  return (await store.list(directory)).map((entry) => entry.name).filter((name) => !name.startsWith('.'));
}

/** Runs the contract of `FileStore` on stores that `makeStore` gives, each empty and of its own. */
export function describeFileStoreContract(name: string, makeStore: () => Promise<FileStore>): void {
  describe(`${name}: a file store`, () => {
    describeCreate(makeStore);
    describeReplace(makeStore);
    describeSinks(makeStore);
    describeReads(makeStore);
    describeListing(makeStore);
    describeDeletes(makeStore);
  });
}

function describeCreate(makeStore: () => Promise<FileStore>): void {
  it('creates a file once, and reads it back', async () => {
    const store = await makeStore();
    expect(await store.create('a/b/file', bytesOf('first'))).toBe(true);
    expect(await store.create('a/b/file', bytesOf('second'))).toBe(false);
    expect(textOf(await store.read('a/b/file'))).toBe('first');
  });

  it('gives true to exactly one of many concurrent creators, whose bytes stay', async () => {
    const store = await makeStore();
    for (let round = 0; round < 10; round += 1) {
      const path = `race/snapshot-${round}`;
      const results = await Promise.all(
        Array.from({ length: 16 }, (_, writer) => store.create(path, bytesOf(`writer-${writer}`))),
      );
      expect(results.filter((created) => created)).toHaveLength(1);
      expect(textOf(await store.read(path))).toBe(`writer-${results.indexOf(true)}`);
    }
    expect((await store.list('race')).map((entry) => entry.name)).toHaveLength(10);
  });

  it('creates an empty file', async () => {
    const store = await makeStore();
    expect(await store.create('empty', new Uint8Array(0))).toBe(true);
    expect(await store.read('empty')).toHaveLength(0);
    expect((await store.stat('empty'))?.sizeBytes).toBe(0);
  });

  it('keeps the bytes of a created file when the caller reuses them', async () => {
    const store = await makeStore();
    const bytes = bytesOf('kept');
    await store.create('file', bytes);
    bytes.fill(0);
    expect(textOf(await store.read('file'))).toBe('kept');
  });
}

function describeReplace(makeStore: () => Promise<FileStore>): void {
  it('replaces and creates', async () => {
    const store = await makeStore();
    await store.replace('hint/LATEST', bytesOf('10'));
    await store.replace('hint/LATEST', bytesOf('9'));
    expect(textOf(await store.read('hint/LATEST'))).toBe('9');
    expect(await visibleNames(store, 'hint')).toEqual(['LATEST']);
  });

  it('shows one of the contents whole while it is replaced', async () => {
    const store = await makeStore();
    const contents = ['a'.repeat(5000), 'b'.repeat(7000)];
    await store.replace('hint', bytesOf('a'.repeat(5000)));
    const writes = Array.from({ length: 20 }, (_, round) => store.replace('hint', bytesOf(contents[round % 2] ?? '')));
    const reads = await Promise.all(Array.from({ length: 20 }, () => store.read('hint')));
    await Promise.all(writes);
    for (const read of reads) expect(contents).toContain(textOf(read));
  });
}

function describeSinks(makeStore: () => Promise<FileStore>): void {
  it('shows nothing of a file before it is closed', async () => {
    const store = await makeStore();
    const sink = await store.openWrite('bucket-0/data-1');
    await sink.write(bytesOf('half'));
    expect(await store.stat('bucket-0/data-1')).toBeNull();
    expect(await visibleNames(store, 'bucket-0')).toEqual([]);
    expect(await codeOf(store.read('bucket-0/data-1'))).toBe('E3001');
    await sink.write(bytesOf(' and half'));
    await sink.close();
    expect(textOf(await store.read('bucket-0/data-1'))).toBe('half and half');
    expect((await store.list('bucket-0')).map((entry) => entry.name)).toEqual(['data-1']);
  });

  it('keeps what was written when the caller reuses the bytes', async () => {
    const store = await makeStore();
    const sink = await store.openWrite('file');
    const bytes = bytesOf('one ');
    await sink.write(bytes);
    bytes.set(bytesOf('two '));
    await sink.write(bytes);
    await sink.close();
    expect(textOf(await store.read('file'))).toBe('one two ');
  });

  it('leaves nothing of an aborted file, and lets its path be written again', async () => {
    const store = await makeStore();
    const sink = await store.openWrite('bucket-0/data-1');
    await sink.write(bytesOf('dropped'));
    await sink.abort();
    await sink.abort();
    expect(await store.list('bucket-0')).toEqual([]);
    const second = await store.openWrite('bucket-0/data-1');
    await second.write(bytesOf('kept'));
    await second.close();
    await second.abort();
    expect(textOf(await store.read('bucket-0/data-1'))).toBe('kept');
  });

  it('never overwrites a file by a sink', async () => {
    const store = await makeStore();
    const late = await store.openWrite('file');
    await late.write(bytesOf('late'));
    await store.create('file', bytesOf('first'));
    expect(await codeOf(late.close())).not.toBe('none');
    await late.abort();
    expect(await codeOf(store.openWrite('file'))).not.toBe('none');
    expect(textOf(await store.read('file'))).toBe('first');
    expect((await store.list('')).map((entry) => entry.name)).toEqual(['file']);
  });

  it('writes many files of one new directory at once', async () => {
    const store = await makeStore();
    const names = Array.from({ length: 100 }, (_, index) => `data-${String(index).padStart(3, '0')}`);
    await Promise.all(
      names.map(async (name) => {
        const sink = await store.openWrite(`pt=1/bucket-0/${name}`);
        await sink.write(bytesOf(name));
        await sink.close();
      }),
    );
    expect((await store.list('pt=1/bucket-0')).map((entry) => entry.name)).toEqual(names);
  });
}

function describeReads(makeStore: () => Promise<FileStore>): void {
  it('reads ranges, short only at the end', async () => {
    const store = await makeStore();
    await store.create('file', bytesOf('0123456789'));
    expect(textOf(await store.readRange('file', 0, 3))).toBe('012');
    expect(textOf(await store.readRange('file', 4, 6))).toBe('456789');
    expect(textOf(await store.readRange('file', 8, 100))).toBe('89');
    expect(await store.readRange('file', 10, 5)).toHaveLength(0);
    expect(await store.readRange('file', 3, 0)).toHaveLength(0);
  });

  it('gives each caller bytes of its own', async () => {
    const store = await makeStore();
    await store.create('file', bytesOf('0123456789'));
    const first = await store.readRange('file', 0, 10);
    first.fill(0);
    expect(textOf(await store.readRange('file', 0, 10))).toBe('0123456789');
  });

  it('names a missing file E3001', async () => {
    const store = await makeStore();
    await store.create('directory/file', bytesOf('x'));
    for (const path of ['missing', 'directory/missing', 'missing/file', 'directory/file/below']) {
      expect(await codeOf(store.read(path))).toBe('E3001');
      expect(await codeOf(store.readRange(path, 0, 1))).toBe('E3001');
      expect(await store.stat(path)).toBeNull();
    }
  });

  it('refuses paths that leave the store', async () => {
    const store = await makeStore();
    for (const path of ['../x', '/x', 'a//b', 'a/./b', 'a/..', 'a/']) {
      expect(await codeOf(store.create(path, bytesOf('x')))).toBe('E9001');
      expect(await codeOf(store.read(path))).toBe('E9001');
      expect(await codeOf(store.list(path))).toBe('E9001');
    }
  });

  it('keeps names as they are', async () => {
    const store = await makeStore();
    const name = 'dt=a b%2Fc%3Aé 日本';
    await store.create(`${name}/file`, bytesOf('x'));
    expect(await visibleNames(store, '')).toEqual([name]);
    expect(textOf(await store.read(`${name}/file`))).toBe('x');
  });
}

function describeListing(makeStore: () => Promise<FileStore>): void {
  it('lists files and directories of one level by name', async () => {
    const store = await makeStore();
    await store.create('t/snapshot-10', bytesOf('ten'));
    await store.create('t/snapshot-9', bytesOf('9'));
    await store.create('t/inner/deep/file', bytesOf('x'));
    await store.create('tx/file', bytesOf('x'));
    const entries = await store.list('t');
    expect(entries.map(({ name, isDirectory, sizeBytes }) => ({ name, isDirectory, sizeBytes }))).toEqual([
      { name: 'inner', isDirectory: true, sizeBytes: 0 },
      { name: 'snapshot-10', isDirectory: false, sizeBytes: 3 },
      { name: 'snapshot-9', isDirectory: false, sizeBytes: 1 },
    ]);
    expect(await store.list('none')).toEqual([]);
    expect(await visibleNames(store, '')).toEqual(['t', 'tx']);
  });

  it('tells files, directories and nothing apart', async () => {
    const store = await makeStore();
    await store.create('t/file', bytesOf('four'));
    expect(await store.stat('t')).toMatchObject({ name: 't', isDirectory: true, sizeBytes: 0 });
    const file = await store.stat('t/file');
    expect(file).toMatchObject({ name: 'file', isDirectory: false, sizeBytes: 4 });
    expect(Number.isFinite(file?.modifiedMs)).toBe(true);
    expect(await store.stat('t/fil')).toBeNull();
  });
}

function describeDeletes(makeStore: () => Promise<FileStore>): void {
  it('deletes a file, and is content where there is none', async () => {
    const store = await makeStore();
    await store.create('t/file', bytesOf('x'));
    await store.delete('t/file');
    await store.delete('t/file');
    await store.delete('none/file');
    expect(await store.stat('t/file')).toBeNull();
    expect(await store.create('t/file', bytesOf('again'))).toBe(true);
  });

  it('deletes a directory with all below it, and nothing beside it', async () => {
    const store = await makeStore();
    await store.create('t/a/b/file', bytesOf('x'));
    await store.create('t2/file', bytesOf('x'));
    await store.deleteDirectory('t');
    await store.deleteDirectory('t');
    expect(await visibleNames(store, '')).toEqual(['t2']);
    expect(await store.create('t/a/b/file', bytesOf('again'))).toBe(true);
    expect(textOf(await store.read('t/a/b/file'))).toBe('again');
  });

  it('gives a directory another path whole, and never over another', async () => {
    const store = await makeStore();
    await store.create('a/x/file', bytesOf('x'));
    await store.create('b/file', bytesOf('b'));
    expect(await store.renameDirectory('a', 'b')).toBe(false);
    expect(await store.renameDirectory('a', 'c/d')).toBe(true);
    expect(textOf(await store.read('c/d/x/file'))).toBe('x');
    expect(await visibleNames(store, 'a')).toEqual([]);
    expect(await store.create('a/x/file', bytesOf('again'))).toBe(true);
    await expect(store.renameDirectory('none', 'e')).rejects.toMatchObject({ code: 'E3001' });
  });
}

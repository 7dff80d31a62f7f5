import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { LocalFileStore } from '../../../../src/storage/local/local-file-store.ts';
import { openStore, storeSettingsOf } from '../../../../src/storage/open-store.ts';
import { describeFileStoreContract } from '../../../support/file-store-contract.ts';

const roots: string[] = [];

async function makeRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'tributary-store-'));
  roots.push(root);
  return root;
}

afterEach(async () => {
  await Promise.all(roots.splice(0).map((root) => rm(root, { recursive: true, force: true })));
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describeFileStoreContract('LocalFileStore', async () => new LocalFileStore(await makeRoot()));

describe('LocalFileStore', () => {
  it('creates its root with the first write, and reads an absent root as empty', async () => {
    const root = join(await makeRoot(), 'not', 'yet');
    const store = new LocalFileStore(root);
    expect(await store.list('')).toEqual([]);
    expect(await store.create('file', bytesOf('x'))).toBe(true);
    expect(await readdir(root)).toEqual(['file']);
  });

  it('names a closed directory E3003', async () => {
    const root = await makeRoot();
    const store = new LocalFileStore(root);
    await store.create('t/file', bytesOf('x'));
    await chmod(join(root, 't'), 0o500);
    // Root may write everywhere; there the call is tried as nobody, by a process of its own.
    const outcome =
      process.getuid?.() === 0 ? codeAsNobody(root) : await failureOf(store.create('t/other', bytesOf('x')));
    await chmod(join(root, 't'), 0o700);
    expect(outcome).toBe('E3003');
  });

  it('leaves no hidden file behind when the name is taken or the directory is in the way', async () => {
    const root = await makeRoot();
    const store = new LocalFileStore(root);
    await store.create('t/file', bytesOf('x'));
    expect(await store.create('t/file', bytesOf('y'))).toBe(false);
    await store.create('t/directory/file', bytesOf('x'));
    expect(await failureOf(store.replace('t/directory', bytesOf('y')))).toMatch(/^E300[34]$/);
    expect(await readdir(join(root, 't'))).toEqual(['directory', 'file']);
  });

  it('shows an unfinished file under a hidden name, so that orphans can be found', async () => {
    const root = await makeRoot();
    const store = new LocalFileStore(root);
    const sink = await store.openWrite('t/data-1');
    await sink.write(bytesOf('half'));
    const names = (await store.list('t')).map((entry) => entry.name);
    expect(names).toHaveLength(1);
    expect(names[0]).toMatch(/^\.data-1\.[0-9a-f-]{36}\.tmp$/);
    await sink.abort();
  });

  it('writes again into a directory that was removed from outside', async () => {
    const root = await makeRoot();
    const store = new LocalFileStore(root);
    await store.create('p=1/bucket-0/file', bytesOf('x'));
    await rm(join(root, 'p=1'), { recursive: true });
    expect(await store.create('p=1/bucket-0/file', bytesOf('y'))).toBe(true);
  });

  it('opens from its own settings, from a URI and from a path', async () => {
    const root = await makeRoot();
    await writeFile(join(root, 'file'), 'x');
    const stores = [
      openStore(new LocalFileStore(root).settings()),
      openStore(storeSettingsOf(pathToFileURL(root).href)),
      openStore(storeSettingsOf(root)),
    ];
    for (const store of stores) expect((await store.stat('file'))?.sizeBytes).toBe(1);
    expect(stores[0]?.location('file')).toBe(join(root, 'file'));
  });

  it('refuses warehouses that it cannot open', () => {
    for (const warehouse of ['', 's3://lake/prod', 'hdfs://name/x', 'file://other-host/x']) {
      expect(() => storeSettingsOf(warehouse)).toThrow(expect.objectContaining({ code: 'E3005' }));
    }
  });
});

async function failureOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'none',
    (error: unknown) => (error as { code: string }).code,
  );
}

function codeAsNobody(root: string): string {
  const script = `
    const { LocalFileStore } = await import(${JSON.stringify(new URL('../../../../src/storage/local/local-file-store.ts', import.meta.url).href)});
    process.setgid(65534);
    process.setuid(65534);
    const outcome = await new LocalFileStore(${JSON.stringify(root)}).create('t/other', new Uint8Array(1)).then(() => 'none', (error) => error.code);
    process.stdout.write(outcome);`;
  spawnSync('chmod', ['755', root]);
  const result = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  return result.stdout === '' ? result.stderr : result.stdout;
}

// Names that begin alike: files and directories apart, others left out.
import { expect, test } from 'vitest';
import { MemoryFileStore } from '../../../src/storage/memory/memory-file-store.ts';
import { prefixedDirectories, prefixedFiles } from '../../../src/storage/prefixed-entries.ts';
import { EagerClock } from '../../support/eager-clock.ts';

test('are found without their prefix, files and directories apart', async () => {
  const store = new MemoryFileStore(new EagerClock());
  for (const path of ['d/tag-b', 'd/tag-a', 'd/other', 'd/tag-dir/x']) await store.create(path, new Uint8Array());
  const files = await prefixedFiles(store, 'd', 'tag-');
  expect(files.map(({ name, path }) => [name, path])).toEqual([
    ['a', 'd/tag-a'],
    ['b', 'd/tag-b'],
  ]);
  expect(await prefixedDirectories(store, 'd', 'tag-')).toMatchObject([{ name: 'dir', path: 'd/tag-dir' }]);
  expect(await prefixedFiles(store, 'none', 'tag-')).toEqual([]);
});

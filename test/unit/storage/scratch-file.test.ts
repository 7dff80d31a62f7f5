// Temporary files: what was appended is read back, and nothing of them is to be seen in the directory.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ScratchFile } from '../../../src/storage/scratch-file.ts';
import { SpillSpace } from '../../../src/storage/spill-space.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('gives back what was appended and leaves nothing behind', async () => {
  const parent = tempDir();
  mkdirSync(parent, { recursive: true });
  const file = await ScratchFile.create(new SpillSpace({ directory: parent }));
  await file.append(Uint8Array.of(1, 2, 3));
  await file.append(Uint8Array.of(4, 5));
  expect(file.sizeBytes).toBe(5);
  const middle = new Uint8Array(3);
  await file.readInto(middle, 1);
  expect([...middle]).toEqual([2, 3, 4]);
  expect(readdirSync(parent)).toEqual([]);
  await expect(file.readInto(middle, 3)).rejects.toMatchObject({ code: 'E9001' });
  await file.close();
});

test('says where no file can be made', async () => {
  const parent = join(tempDir(), 'missing');
  await expect(ScratchFile.create(new SpillSpace({ directory: parent }))).rejects.toMatchObject({ code: 'E3001' });
});

test('takes no more than its space has, and gives it back', async () => {
  const space = new SpillSpace({ directory: tempDir(), bytesMax: 5 });
  const [first, second] = [await ScratchFile.create(space), await ScratchFile.create(space)];
  await first.append(Uint8Array.of(1, 2, 3));
  await second.append(Uint8Array.of(4));
  expect(space.leftBytes).toBe(1);
  await expect(second.append(Uint8Array.of(5, 6))).rejects.toMatchObject({ code: 'E3006' });
  await first.close();
  await second.append(Uint8Array.of(5, 6));
  expect(space.leftBytes).toBe(2);
  await second.close();
  expect(space.leftBytes).toBe(5);
});

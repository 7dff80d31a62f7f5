// Temporary files: what was appended is read back, and nothing of them is to be seen in the directory.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ScratchFile } from '../../../src/storage/scratch-file.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('gives back what was appended and leaves nothing behind', async () => {
  const parent = tempDir();
  mkdirSync(parent, { recursive: true });
  const file = await ScratchFile.create(parent);
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
  await expect(ScratchFile.create(parent)).rejects.toMatchObject({ code: 'E3001' });
});

// What temporary files of a command may take: its options come before the configuration.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { spillSettingsOf } from '../../../src/cli/shared-options.ts';
import { tempDir } from '../../support/temp-dir.ts';

const MEBIBYTE = 1024 ** 2;

test('the options of the command, or else those of the configuration', async () => {
  const config = join(tempDir(), 'tributary.yaml');
  writeFileSync(config, 'version: 1\nlake: { warehouse: /lake }\nlimits: { spill: { dir: /large, max: 5MiB } }\n');
  expect(await spillSettingsOf({ warehouse: '/lake' })).toEqual({});
  expect(await spillSettingsOf({ config })).toEqual({ directory: '/large', bytesMax: 5 * MEBIBYTE });
  expect(await spillSettingsOf({ config, spillDir: '/small', spillMax: '1MiB' })).toEqual({
    directory: '/small',
    bytesMax: MEBIBYTE,
  });
  await expect(spillSettingsOf({ spillMax: 'much' })).rejects.toMatchObject({ code: 'E6200' });
});

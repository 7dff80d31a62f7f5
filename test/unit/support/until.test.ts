// The waiting helper and the process runner: they give up with a reason instead of hanging.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { removeDir, tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';

test('gives the first answer that is there', async () => {
  const answers = [undefined, null, false, 0];
  expect(await until(() => answers.shift(), { intervalMs: 1 })).toBe(0);
});

test('goes on after an error and reports the last one as the cause', async () => {
  let asked = 0;
  const answer = await until(
    () => {
      asked += 1;
      if (asked < 3) throw new Error('early');
      return asked;
    },
    { intervalMs: 1 },
  );
  expect(answer).toBe(3);
  const never = until(() => Promise.reject(new Error('late')), { timeoutMs: 5, intervalMs: 1, what: 'the end' });
  await expect(never).rejects.toMatchObject({ message: /^the end did not come about/, cause: { message: 'late' } });
});

test('temporary directories are new each time and go away', () => {
  const [first, second] = [tempDir(), tempDir()];
  expect(first).not.toBe(second);
  removeDir(first);
  expect([existsSync(first), existsSync(second)]).toEqual([false, true]);
  removeDir(second);
});

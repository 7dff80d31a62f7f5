// Actions in turn: in order, never two at a time, and not stopped by one that fails.
import { expect, test } from 'vitest';
import { Turns } from '../../../src/base/turns.ts';

test('one after the other, whatever becomes of those before', async () => {
  const turns = new Turns();
  const log: string[] = [];
  const action =
    (name: string, fails = false) =>
    async (): Promise<string> => {
      log.push(`${name} begins`);
      await Promise.resolve();
      await Promise.resolve();
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };
  const [first, second, third] = [turns.take(action('a')), turns.take(action('b', true)), turns.take(action('c'))];
  await expect(second).rejects.toThrow('b');
  expect(await first).toBe('a');
  await turns.ended();
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  expect(await third).toBe('c');
});

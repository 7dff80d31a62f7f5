// The examples of docs/paimon.md run, in order and as one program, and print what the page says.
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import * as paimon from '../../../src/paimon/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const PAGE = new URL('../../../docs/paimon.md', import.meta.url);
const EXPECTED = '//=> ';

/** All examples as the body of a function of `paimon` and `console`. */
function program(page: string, warehouse: string): string {
  const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => String(code));
  return blocks
    .join('\n')
    .replaceAll(/^import \{(.*)\} from 'tributary\/paimon';$/gm, (_, names: string) => `const {${names}} = paimon;`)
    .replaceAll("'./lake'", JSON.stringify(warehouse));
}

test('the examples print what the page says', async () => {
  const code = program(readFileSync(PAGE, 'utf8'), tempDir());
  const printed: string[] = [];
  const log = (...values: unknown[]): void => {
    const texts = values.map((value) =>
      typeof value === 'string' ? value : inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 5 }),
    );
    printed.push(texts.join(' '));
  };
  const { constructor: AsyncFunction } = Object.getPrototypeOf(async () => {}) as { constructor: FunctionConstructor };
  const run = new AsyncFunction('paimon', 'console', code) as (...parts: unknown[]) => Promise<void>;
  await run(paimon, { log });
  const lines = code.split('\n').filter((line) => line.startsWith(EXPECTED));
  expect(printed).toEqual(lines.map((line) => line.slice(EXPECTED.length)));
  expect(printed.length).toBeGreaterThan(15);
});

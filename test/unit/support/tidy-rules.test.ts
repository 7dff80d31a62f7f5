// Planted faults: each rule of the tidy test finds what it is for, and nothing in the clean neighbour of the fault.
import { describe, expect, test } from 'vitest';
import { functionsOf, importsOf, scanSource } from '../../support/source-scan.ts';
import {
  checkApart,
  checkBannedUses,
  checkCycles,
  checkErrorCodes,
  checkEscapes,
  checkLayers,
  checkModuleStyle,
  checkOpening,
  checkOrder,
  checkSizes,
  checkTestModifiers,
  tidyFile,
  type Finding,
} from '../../support/tidy-rules.ts';

const messages = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ line, message }) => `${line} ${message}`);
const LAYERS = { base: [], column: ['base'], config: ['base', 'column (types)'] };

describe('scanSource', () => {
  test('tells strings, templates, comments and regular expressions from code', () => {
    const { tokens, comments } = scanSource(
      [
        '// Date.now()',
        "const a = 'Date.now()' + `x ${f(`${y}`)} }` + 'it\\'s';",
        'const r = /["`/*]/g.test(a) ? 4 / 2 / 1 : 0; /* ` */',
      ].join('\n'),
    );
    expect(comments.map(({ text, line }) => [text, line])).toEqual([
      ['// Date.now()', 1],
      ['/* ` */', 3],
    ]);
    expect(tokens.filter(({ kind }) => kind === 'string').map(({ text }) => text)).toEqual(['Date.now()', "it\\'s"]);
    expect(tokens.filter(({ kind }) => kind === 'regex').map(({ text }) => text)).toEqual(['/["`/*]/g']);
    expect(tokens.filter(({ kind }) => kind === 'template').map(({ text }) => text)).toEqual(['x ', '', '', ' }']);
    expect(tokens.filter(({ text }) => text === '/')).toHaveLength(2);
  });

  test('refuses what it cannot pair', () => {
    expect(() => scanSource('f({)')).toThrow('no partner');
    expect(() => scanSource('f({')).toThrow('left open');
    expect(() => scanSource('`a ${b')).toThrow('left open');
  });

  test('finds imports of every form, and only those', () => {
    const source = [
      "import a, { type B } from './a.ts';",
      "import type { C } from './c.ts';",
      "import './d.ts';",
      "export * from './e.ts';",
      "export type { F } from './f.ts';",
      "const g = await import('./g.ts');",
      "export const text = 'from'; const h = './h.ts';",
      "export function from() { return './i.ts'; }",
      "type J = import('./j.ts').J;",
    ].join('\n');
    expect(
      importsOf(scanSource(source)).map(({ kind, specifier, typeOnly }) => `${kind} ${specifier} ${typeOnly}`),
    ).toEqual([
      'import ./a.ts false',
      'import ./c.ts true',
      'import ./d.ts false',
      'export ./e.ts false',
      'export ./f.ts true',
      'dynamic ./g.ts false',
      'dynamic ./j.ts false',
    ]);
  });

  test('measures functions, methods and arrows', () => {
    const source = [
      'export async function* one<K extends string>(a: Map<string, number>, { b, c }: D = { b: 1, c: 2 }): AsyncGenerator<{ x: 1 }> {',
      '  if (a) { b(c); }',
      '}',
      'class E {',
      '  constructor(a: number,) { this.a = a; }',
      '  async two(',
      '    f: (x: number, y: number) => void,',
      '  ): Promise<{ readonly z: number }> {',
      '    return cond ? g(1, 2) : { z: 1 };',
      '  }',
      '}',
      'const three = async (a: A, b: B): Promise<void> => {',
      '  four(a, (x) => x + 1);',
      '};',
      'const five = x => x * 2;',
      'if (call(1, 2, 3)) { six(); }',
    ].join('\n');
    expect(
      functionsOf(scanSource(source)).map(({ name, line, lineCount, parameterCount }) => [
        name,
        line,
        lineCount,
        parameterCount,
      ]),
    ).toEqual([
      ['one', 1, 3, 2],
      ['constructor', 5, 1, 1],
      ['two', 6, 5, 1],
      ['f', 7, 1, 2],
      ['three', 12, 3, 2],
      ['anonymous', 13, 1, 1],
      ['five', 15, 1, 1],
    ]);
  });
});

describe('rules find planted faults', () => {
  test('layers', () => {
    const at = (path: string, source: string): readonly string[] =>
      messages(checkLayers(tidyFile(path, source), LAYERS));
    expect(at('src/base/a.ts', "import { x } from '../column/x.ts';")).toEqual([
      '1 base may not import column: src/column/x.ts',
    ]);
    expect(at('src/column/a.ts', "import { x } from '../base/x.ts';\nimport { y } from './y.ts';")).toEqual([]);
    expect(at('src/column/a.ts', "import { x } from '../../test/support/x.ts';")).toEqual([
      '1 column may not import outside src: test/support/x.ts',
    ]);
    expect(at('src/config/a.ts', "import type { X } from '../column/x.ts';")).toEqual([]);
    expect(at('src/config/a.ts', "import { x } from '../column/x.ts';")).toEqual([
      '1 config may not import column: src/column/x.ts',
    ]);
    expect(at('src/column/a.ts', "const x = await import('../config/x.ts');")).toHaveLength(1);
    expect(at('src/utils/a.ts', '')).toEqual(['1 folder is not in the table: utils']);
  });

  test('order inside a folder', () => {
    const at = (path: string, source: string): readonly string[] =>
      messages(checkOrder(tidyFile(path, source), { folder: 'src/paimon', order: ['schema', 'lsm', 'table.ts'] }));
    expect(at('src/paimon/schema/a.ts', "import { x } from '../lsm/x.ts';")).toEqual([
      '1 schema may not import src/paimon/lsm/x.ts',
    ]);
    expect(
      at('src/paimon/lsm/a.ts', "import { x } from '../schema/x.ts';\nimport { y } from '../../base/y.ts';"),
    ).toEqual([]);
    expect(at('src/paimon/lsm/a.ts', "import { x } from '../table.ts';")).toHaveLength(1);
    expect(at('src/paimon/misc/a.ts', '')).toEqual(['1 not in the order of src/paimon']);
  });

  test('sources that know each other', () => {
    const file = tidyFile(
      'src/source/postgres/a.ts',
      "import { x } from '../mysql/x.ts';\nimport { y } from '../source.ts';",
    );
    expect(messages(checkApart(file, ['src/source/postgres/', 'src/source/mysql/']))).toEqual([
      '1 src/source/postgres/ may not import src/source/mysql/x.ts',
    ]);
  });

  test('cycles, once each', () => {
    const cycle = [
      tidyFile('src/a.ts', "import { b } from './b.ts';"),
      tidyFile('src/b.ts', "import { c } from './c.ts';"),
      tidyFile('src/c.ts', "import type { A } from './a.ts';"),
    ];
    expect(messages(checkCycles(cycle))).toEqual(['1 src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts']);
    expect(checkCycles(cycle.slice(0, 2))).toEqual([]);
  });

  test('module style', () => {
    const at = (path: string, source: string): readonly string[] =>
      checkModuleStyle(tidyFile(path, source)).map(({ rule }) => rule);
    expect(at('src/a.ts', "import { b } from './b';")).toEqual(['extension']);
    expect(at('src/a.ts', "import { b } from './b.js';")).toEqual(['extension']);
    expect(at('src/a.ts', 'export default 1;')).toEqual(['default-export']);
    expect(at('x.config.ts', 'export default 1;')).toEqual([]);
    expect(at('src/a.ts', "export { b } from './b.ts';")).toEqual(['re-export']);
    expect(at('src/a.ts', "export type * from './b.ts';")).toEqual(['re-export']);
    expect(at('src/a.ts', "import { b } from './b.ts';\nexport { b };")).toEqual(['re-export']);
    expect(at('src/index.ts', "export { b } from './b.ts';")).toEqual([]);
    expect(at('src/a.ts', 'export const a = 1;\nexport type B = { c: 1 };\nconst o = { export: 1 };')).toEqual([]);
  });

  test('sizes', () => {
    const at = (source: string): readonly string[] => checkSizes(tidyFile('src/a.ts', source)).map(({ rule }) => rule);
    const body = (lines: number): string => `function f() {\n${'g();\n'.repeat(lines - 2)}}\n`;
    expect(at(body(60))).toEqual([]);
    expect(at(body(61))).toEqual(['function-size']);
    expect(at('g();\n'.repeat(500))).toEqual([]);
    expect(at('g();\n'.repeat(501))).toEqual(['file-size']);
    expect(at('const f = (a: number, b: number, c: number, d: number) => a;')).toEqual([]);
    expect(at('class A { f(a: number, b: number, c: number, d: number, e: number): void { a; } }')).toEqual([
      'parameters',
    ]);
  });

  test('opening comments', () => {
    expect(checkOpening(tidyFile('src/a.ts', '// What it is.\nf();'))).toEqual([]);
    expect(checkOpening(tidyFile('src/a.ts', '#!/usr/bin/env node\n// What it is.\nf();'))).toEqual([]);
    expect(checkOpening(tidyFile('src/a.ts', '#!/usr/bin/env node\nf();'))).toHaveLength(1);
    expect(checkOpening(tidyFile('src/a.ts', 'f(); // late'))).toHaveLength(1);
  });

  test('banned uses outside their home', () => {
    const uses = [
      { name: 'Date.now', tokens: ['Date', '.', 'now'], homes: ['src/base/clock.ts'] },
      { name: 'setTimeout', tokens: ['setTimeout'], homes: ['src/base/clock.ts'] },
      { name: 'files', modules: ['fs'], homes: ['src/storage/'] },
    ];
    const at = (path: string, source: string): readonly string[] =>
      messages(checkBannedUses(tidyFile(path, source), uses));
    expect(at('src/a.ts', 'f();\nDate.now();')).toEqual(['2 Date.now outside src/base/clock.ts']);
    expect(at('src/a.ts', 'globalThis.setTimeout(f, 1);')).toHaveLength(1);
    expect(at('src/a.ts', 'socket.setTimeout(1); // setTimeout\nconst s = "Date.now";')).toEqual([]);
    expect(at('src/a.ts', "import { open } from 'node:fs';")).toEqual(['1 node:fs outside src/storage/']);
    expect(at('src/a.ts', "const fs = await import('fs');")).toEqual(['1 fs outside src/storage/']);
    expect(at('src/storage/local/a.ts', "import { open } from 'node:fs';")).toEqual([]);
    expect(at('src/base/clock.ts', 'Date.now();')).toEqual([]);
  });

  test('escapes', () => {
    const at = (source: string): readonly string[] => messages(checkEscapes(tidyFile('src/a.ts', source)));
    expect(at('// @ts-ignore\nf();')).toEqual(['1 // @ts-ignore']);
    expect(at('const a: any = 1;')).toEqual(['1 any']);
    expect(at('const a = b as any;\nlet c: Map<string, any>;')).toEqual(['1 any', '2 any']);
    expect(at('const a = b as unknown as C;')).toEqual(['1 as unknown as']);
    expect(at("throw new Error('x');")).toEqual(['1 throw new Error: use TributaryError']);
    expect(at('Promise.any([]); const o = { any: 1 }; const s = "any"; throw error;')).toEqual([]);
  });

  test('tests that do not run', () => {
    const at = (path: string, source: string): readonly string[] =>
      messages(checkTestModifiers(tidyFile(path, source)));
    expect(at('test/unit/a.test.ts', "test.only('a', f);\ndescribe.concurrent.skip('b', f);\nit.todo('c');")).toEqual([
      '1 test.only',
      '2 describe.skip',
      '3 it.todo',
    ]);
    expect(at('test/unit/a.test.ts', "test.skipIf(x)('a', f);")).toEqual(['1 test.skipIf']);
    expect(at('test/interop/a.test.ts', "test.skipIf(x)('a', f);")).toEqual([]);
    expect(at('test/unit/a.test.ts', "test.each([1])('a', f);\n/x/.test('only'); rows.skip(1);")).toEqual([]);
  });

  test('error codes', () => {
    const table = { path: 'src/base/error-codes.ts', codes: ['E1001', 'E1002'] };
    const file = tidyFile(
      'src/a.ts',
      "throw new TributaryError('E1001', 'a');\nthrow new TributaryError('E1003', 'b');",
    );
    expect(messages(checkErrorCodes([file], table))).toEqual([
      '2 code is not in the table: E1003',
      '1 code is never used: E1002',
    ]);
  });
});

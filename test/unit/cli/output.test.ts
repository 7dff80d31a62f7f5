// What is printed: tables, errors, log lines; and that secrets are taken out.
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { TributaryError } from '../../../src/base/errors.ts';
import { reportJson, reportOf, reportText } from '../../../src/cli/error-report.ts';
import { createLogger } from '../../../src/cli/logger.ts';
import { jsonText, sizeText, tableText } from '../../../src/cli/output.ts';
import { createRedactor } from '../../../src/cli/redact.ts';
import { parseGap } from '../../../src/cli/run.ts';

function redactorOf(...secrets: readonly string[]) {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.hide(secret);
  return redactor;
}

describe('tables', () => {
  test('texts stand to the left, numbers to the right, null is a dash', () => {
    expect(
      tableText(
        ['name', 'n'],
        [
          ['a', 5],
          ['longer', null],
          ['b', 12345n],
        ],
      ),
    ).toBe(['name        n', '------  -----', 'a           5', 'longer      -', 'b       12345'].join('\n'));
  });

  test('a table without rows has its header', () => {
    expect(tableText(['name'], [])).toBe('name\n----');
  });

  test('sizes', () => {
    expect([0, 1023, 1024, 1536, 1024 ** 3, 1024 ** 5].map(sizeText)).toEqual([
      '0 B',
      '1023 B',
      '1.0 KiB',
      '1.5 KiB',
      '1.0 GiB',
      '1024.0 TiB',
    ]);
  });

  test('64-bit integers are texts in JSON', () => {
    expect(jsonText({ id: 2n ** 63n, n: 1 })).toBe('{"id":"9223372036854775808","n":1}');
  });
});

describe('redaction (P43)', () => {
  test('hides secrets in every form they appear in', () => {
    const redactor = redactorOf('p%W:"/@');
    expect(redactor.clean(`p%W:"/@ ${encodeURIComponent('p%W:"/@')} ${JSON.stringify({ x: 'p%W:"/@' })}`)).toBe(
      '*** *** {"x":"***"}',
    );
  });

  test('hides the longer of two secrets as a whole', () => {
    expect(redactorOf('abc', 'abcdef').clean('abcdef abc')).toBe('*** ***');
  });

  test("hides a url's password without knowing it, and nothing else", () => {
    const redactor = redactorOf();
    expect(redactor.clean('cannot open postgres://joe:geheim@db:5432/shop, s3://bucket/key:x@y')).toBe(
      'cannot open postgres://joe:***@db:5432/shop, s3://bucket/key:x@y',
    );
    expect(redactor.clean('at 12:30@home')).toBe('at 12:30@home');
  });

  test('an empty or absent secret hides nothing', () => {
    const redactor = redactorOf('');
    redactor.hide(null);
    expect(redactor.clean('text')).toBe('text');
  });
});

describe('errors', () => {
  const error = new TributaryError('E2011', 'postgres refused the connection: host=db', {
    cause: new Error('password authentication failed, geheim', { cause: new Error('deeper') }),
    context: { state: '28P01' },
  });

  test('are told with meaning, remedy, causes and where to read on', () => {
    const report = reportOf(error, { redactor: redactorOf('geheim'), debug: false });
    expect(report).toMatchObject({ code: 'E2011', exit: 2, docs: 'docs/ERRORS.md#e2011', stack: null });
    expect(report.causes).toEqual(['state=28P01', 'password authentication failed, ***', 'deeper']);
    const text = reportText(report);
    expect(text.split('\n')[0]).toBe('E2011 postgres refused the connection: host=db');
    for (const part of [report.meaning, report.remedy, 'Docs:  docs/ERRORS.md#e2011']) expect(text).toContain(part);
    const { error: printed } = JSON.parse(reportJson(report)) as { error: Record<string, unknown> };
    expect(Object.keys(printed)).toEqual(['code', 'message', 'meaning', 'remedy', 'causes', 'docs']);
  });

  test('have a stack at debug only, cleaned too', () => {
    const { stack } = reportOf(error, { redactor: redactorOf('geheim'), debug: true });
    expect(stack).toContain('caused by Error: password authentication failed, ***');
    expect(stack).not.toContain('geheim');
  });

  test('without a code are E9001, whatever was thrown', () => {
    const redactor = redactorOf();
    expect(reportOf(new TypeError('x is undefined'), { redactor, debug: false })).toMatchObject({
      code: 'E9001',
      exit: 1,
      causes: ['x is undefined'],
    });
    expect(reportOf('text', { redactor, debug: false })).toMatchObject({ code: 'E9001', causes: ['text'] });
  });

  test('of several addresses tell each', () => {
    const errors = [new Error('connect ECONNREFUSED ::1'), new Error('connect ECONNREFUSED 127.0.0.1')];
    // Node's own has no message.
    const cause = Object.assign(new AggregateError(errors, 'several'), { message: '' });
    expect(
      reportOf(new TributaryError('E2010', 'm', { cause }), { redactor: redactorOf(), debug: false }).causes,
    ).toEqual(['connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1']);
  });
});

describe('the log', () => {
  function lines(
    format: 'auto' | 'text' | 'json',
    isTTY: boolean,
    level: 'debug' | 'info' = 'info',
  ): readonly string[] {
    const written: string[] = [];
    const clock = { ...systemClock, nowMs: () => Date.UTC(2026, 0, 31, 12, 34, 56) };
    const log = createLogger({
      level,
      format,
      sink: { write: (line) => written.push(line), isTTY },
      redactor: redactorOf('geheim'),
      clock,
    });
    log.debug('quiet');
    log.info('begun', { rows: 5n, table: 'a.b', reason: 'x geheim y' });
    log.error('failed', new TributaryError('E2001', 'lost', { cause: new Error('geheim') }), { table: 'a.b' });
    return written;
  }

  test('is text on a terminal', () => {
    expect(lines('auto', true)).toEqual([
      '12:34:56 info  begun rows=5 table=a.b reason=x *** y\n',
      '12:34:56 error failed table=a.b code=E2001 kind=retry error=lost cause=***\n',
    ]);
  });

  test('is JSON lines elsewhere, one a message', () => {
    const parsed = lines('auto', false).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed).toEqual([
      { level: 'info', time: expect.any(String) as string, rows: '5', table: 'a.b', reason: 'x *** y', msg: 'begun' },
      {
        level: 'error',
        time: expect.any(String) as string,
        table: 'a.b',
        code: 'E2001',
        kind: 'retry',
        error: 'lost',
        cause: '***',
        msg: 'failed',
      },
    ]);
  });

  test('has stacks and quiet lines at debug', () => {
    const written = lines('text', false, 'debug');
    expect(written[0]).toContain('debug quiet');
    expect(written[2]).toContain('stack=TributaryError: lost');
  });
});

describe('--accept-gap', () => {
  test('takes two positions', () => {
    expect(parseGap('0/1A..0/2B')).toEqual({ from: '0/1A', to: '0/2B' });
    expect(parseGap(undefined)).toBeNull();
  });

  test.each(['', '0/1', '0/1..', '..0/1', '0/1.0/2', '0/1..0/2..0/3'])('%j is E6001', (text) => {
    expect(() => parseGap(text)).toThrow(expect.objectContaining({ code: 'E6001' }));
  });
});

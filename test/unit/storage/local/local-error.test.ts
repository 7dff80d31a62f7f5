import { describe, expect, it } from 'vitest';
import { TributaryError } from '../../../../src/base/errors.ts';
import { localError } from '../../../../src/storage/local/local-error.ts';

describe('localError', () => {
  it.each([
    ['ENOENT', 'E3001'],
    ['ENOTDIR', 'E3001'],
    ['ENOSPC', 'E3002'],
    ['EDQUOT', 'E3002'],
    ['EROFS', 'E3003'],
    ['EACCES', 'E3003'],
    ['EPERM', 'E3003'],
    ['EIO', 'E3004'],
    ['EMFILE', 'E3004'],
    ['', 'E3004'],
  ])('names %s %s', (systemCode, code) => {
    const cause = Object.assign(new Error('secret'), { code: systemCode });
    const error = localError(cause, 'write', 'a/b');
    expect(error.code).toBe(code);
    expect(error.cause).toBe(cause);
    expect(error.message).toMatch(/: action=write path=a\/b$/);
  });

  it('passes coded errors on', () => {
    const coded = new TributaryError('E9001', 'bug');
    expect(localError(coded, 'write', 'a')).toBe(coded);
  });
});

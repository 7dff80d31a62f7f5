// Node's file-system errors as coded errors of a store.
import type { ErrorCode } from '../../base/error-codes.ts';
import { TributaryError } from '../../base/errors.ts';

/** The `code` of a system error, such as `ENOENT`; empty for anything else. */
export function systemCodeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** The coded error for a failed call on a path: E3001, E3002, E3003 or E3004. Coded errors pass through. */
export function localError(error: unknown, action: string, path: string): TributaryError {
  if (error instanceof TributaryError) return error;
  const systemCode = systemCodeOf(error);
  const { code, text } = describe(systemCode);
  return new TributaryError(code, `${text}: action=${action} path=${path}`, { cause: error, context: { systemCode } });
}

function describe(systemCode: string): { readonly code: ErrorCode; readonly text: string } {
  switch (systemCode) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { code: 'E3001', text: 'file not found' };
    case 'ENOSPC':
    case 'EDQUOT':
      return { code: 'E3002', text: 'no space left in the lake' };
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return { code: 'E3003', text: 'permission denied in the lake' };
    default:
      return { code: 'E3004', text: 'storage failed' };
  }
}

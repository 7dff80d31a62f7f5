// What decoders of data files throw before anyone has said which file and column they were at.
import type { ErrorCode } from '../../base/error-codes.ts';
import { TributaryError } from '../../base/errors.ts';

/** A fault in a file: `E3200` corrupt, `E3201` unsupported, `E3203` a value that the wanted type cannot hold. */
export class FileFault extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = 'FileFault';
    this.code = code;
  }
}

/** A fault: the bytes are not what the format says (`E3200`). */
export function corrupt(message: string): FileFault {
  return new FileFault('E3200', message);
}

/** A fault: the format allows it and we do not read it (`E3201`). */
export function unsupported(message: string): FileFault {
  return new FileFault('E3201', message);
}

/** Where a decoder was. */
export interface FaultPlace {
  readonly file: string;
  readonly column?: string;
  /** Of the block or stripe in the file. */
  readonly offset?: number;
}

/**
 * The coded error for a failure while decoding: faults by their code; a range or decompression error is a corrupt
 * file; anything else is passed on as it is.
 */
export function located(error: unknown, place: FaultPlace): unknown {
  const context = { ...place };
  const at = [
    ...(place.column === undefined ? [] : [`column=${place.column}`]),
    `file=${place.file}`,
    ...(place.offset === undefined ? [] : [`offset=${place.offset}`]),
  ].join(', ');
  if (error instanceof FileFault) return new TributaryError(error.code, `${error.message}: ${at}`, { context });
  if (error instanceof TributaryError) return error;
  if (error instanceof RangeError || hasZlibCode(error)) {
    return new TributaryError('E3200', `the bytes cannot be decoded: ${at}`, { cause: error, context });
  }
  return error;
}

function hasZlibCode(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return /^(Z_|ZSTD_|ERR__?ERROR_|ERR_BROTLI|ERR_PADDING|ERR_BUFFER|ERR_TRAILING)/.test(error.code);
}

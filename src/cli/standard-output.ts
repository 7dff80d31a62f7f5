// Standard output for results: text and bytes, in order, no faster than the reader takes them.
import { TributaryError } from '../base/errors.ts';

/** Where results go. */
export interface ResultOutput {
  /** Resolves once the text or the bytes have left this process. */
  write(content: string | Uint8Array): Promise<void>;
  /** Whether a person sees it on a terminal. */
  readonly isTerminal: boolean;
}

/** The output of this process. */
export const standardOutput: ResultOutput = {
  write: (content) =>
    new Promise((resolve, reject) => {
      process.stdout.write(content, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
    }),
  get isTerminal() {
    return process.stdout.isTTY;
  },
};

/** Throws `E6201` for binary output on a terminal. */
export function requireNoTerminal(output: ResultOutput, format: string): void {
  if (output.isTerminal)
    throw new TributaryError('E6201', `output is binary and would go to a terminal: format=${format}`);
}

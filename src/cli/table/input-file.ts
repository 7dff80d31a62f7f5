// Files and standard input that commands read, line by line or whole.
import { basename, dirname, resolve } from 'node:path';
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import { LocalFileStore } from '../../storage/local/local-file-store.ts';

const CHUNK_BYTES = 1024 * 1024;

/** The whole file as text. Throws `E6203`. */
export async function readInputText(path: string): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  for await (const chunk of inputChunks(path)) text += decode(decoder, chunk, path);
  return text;
}

/** The lines of a file, or of standard input for `-`, without their ends; empty ones are left out. Throws `E6203`. */
export async function* readInputLines(
  path: string,
): AsyncGenerator<{ readonly text: string; readonly number: number }> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let number = 0;
  for await (const chunk of path === '-' ? process.stdin : inputChunks(path)) {
    const lines = (rest + decode(decoder, chunk as Uint8Array, path)).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      number++;
      if (text.trim() !== '') yield { text, number };
    }
  }
  if (rest.trim() !== '') yield { text: rest, number: number + 1 };
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk: Uint8Array, path: string): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch (error) {
    throw new TributaryError('E6203', `file is not UTF-8: path=${path}`, { cause: error });
  }
}

async function* inputChunks(path: string): AsyncGenerator<Uint8Array> {
  const absolute = resolve(path);
  const store = new LocalFileStore(dirname(absolute));
  const name = basename(absolute);
  try {
    for (let offset = 0; ; offset += CHUNK_BYTES) {
      const chunk = await store.readRange(name, offset, CHUNK_BYTES);
      if (chunk.length > 0) yield chunk;
      if (chunk.length < CHUNK_BYTES) return;
    }
  } catch (error) {
    if (!isTributaryError(error, 'E3001', 'E3003', 'E3004')) throw error;
    throw new TributaryError('E6203', `file cannot be read: path=${path}`, { cause: error });
  }
}

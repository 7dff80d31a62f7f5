// Patterns of `like`: what a text must begin with, and a test on UTF-8 bytes.
import { TributaryError } from '../../base/errors.ts';

/** A pattern made ready. */
export interface LikePattern {
  /** UTF-8 that every matching text begins with; empty where the pattern begins with a wildcard. */
  readonly prefix: Uint8Array;
  /** Whether the pattern is its prefix and one `%` behind it: then the prefix decides. */
  readonly isPrefix: boolean;
  /** Whether the text in `bytes[start … end)` matches. */
  readonly matches: (bytes: Uint8Array, start: number, end: number) => boolean;
}

/** A pattern in parts: literal texts and wildcards, told apart by their kind. */
interface Parts {
  readonly kinds: readonly ('text' | '%' | '_')[];
  readonly texts: readonly string[];
}

const known = new Map<string, LikePattern>();
const KNOWN_MAX = 64;

/** The pattern of `like`. Throws `E3400` for a `\` that stands before anything but `%`, `_` and `\`. */
export function likePattern(pattern: string): LikePattern {
  let made = known.get(pattern);
  if (made === undefined) {
    made = makePattern(splitPattern(pattern));
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(pattern, made);
  }
  return made;
}

/** The pattern of texts that begin with `text`. */
export function startsWithPattern(text: string): string {
  return `${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

function splitPattern(pattern: string): Parts {
  const kinds: ('text' | '%' | '_')[] = [];
  const texts: string[] = [];
  const addText = (text: string): void => {
    if (kinds.at(-1) === 'text') texts[texts.length - 1] += text;
    else {
      kinds.push('text');
      texts.push(text);
    }
  };
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '\\') {
      const next = pattern[++at] ?? '';
      if (!['%', '_', '\\'].includes(next)) {
        throw new TributaryError('E3400', `like pattern ends in or escapes nothing with a backslash: offset=${at - 1}`);
      }
      addText(next);
    } else if (character === '%' || character === '_') {
      kinds.push(character);
      texts.push(character);
    } else addText(character);
  }
  return { kinds, texts };
}

function makePattern({ kinds, texts }: Parts): LikePattern {
  const first = kinds[0] === 'text' ? texts[0] : '';
  const prefix = new TextEncoder().encode(first);
  const shape = kinds.map((kind) => (kind === 'text' ? 't' : kind)).join('');
  const bytesOf = (index: number): Buffer => Buffer.from(texts[index]);
  switch (shape) {
    case '':
    case 't':
      return { prefix, isPrefix: false, matches: (bytes, start, end) => isSame(bytes.subarray(start, end), prefix) };
    case 't%':
      return { prefix, isPrefix: true, matches: startsWith(prefix) };
    case '%t':
      return { prefix, isPrefix: false, matches: endsWith(bytesOf(1)) };
    case '%t%': {
      const wanted = bytesOf(1);
      const matches = (bytes: Uint8Array, start: number, end: number): boolean =>
        Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).includes(wanted);
      return { prefix, isPrefix: false, matches };
    }
    default:
      return { prefix, isPrefix: false, matches: byExpression({ kinds, texts }) };
  }
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

function startsWith(prefix: Uint8Array): LikePattern['matches'] {
  return (bytes, start, end) => {
    if (end - start < prefix.length) return false;
    for (let index = 0; index < prefix.length; index++) if (bytes[start + index] !== prefix[index]) return false;
    return true;
  };
}

function endsWith(suffix: Uint8Array): LikePattern['matches'] {
  return (bytes, start, end) => {
    const from = end - suffix.length;
    return from >= start && isSame(bytes.subarray(from, end), suffix);
  };
}

/** `_` is one code point; texts are decoded one by one. */
function byExpression({ kinds, texts }: Parts): LikePattern['matches'] {
  const source = kinds.map((kind, index) => {
    if (kind === 'text') return texts[index].replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
    return kind === '%' ? '.*' : '.';
  });
  const expression = new RegExp(`^${source.join('')}$`, 'su');
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return (bytes, start, end) => expression.test(decoder.decode(bytes.subarray(start, end)));
}

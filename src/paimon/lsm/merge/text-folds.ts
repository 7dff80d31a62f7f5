// `listagg`: texts with a delimiter between them. Source: FieldListaggAgg.
import type { VectorBuilder } from '../../../column/builder.ts';
import { ofKind } from '../../../column/take.ts';
import { bytesAt } from '../../../column/vector.ts';
import type { Aggregate } from '../../schema/aggregate.ts';
import type { FoldInput } from './column-fold.ts';
import { StateFold } from './state-fold.ts';

/** The texts as parts, delimiters among them, to be written one after the other. */
type Parts = Uint8Array[];

/** Bytes as a text of one character each, so that texts can be cut at any bytes. */
function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

class TextList extends StateFold<Parts> {
  protected readonly delimiter: Uint8Array;

  constructor(input: FoldInput, aggregate: Aggregate) {
    super(input);
    this.delimiter = Buffer.from(aggregate.delimiter);
  }

  protected open(entry: number): Parts {
    return [this.text(entry)];
  }

  protected add(parts: Parts, entry: number, isBefore: boolean): Parts {
    const text = this.text(entry);
    if (text.length === 0) return parts;
    if (isEmpty(parts)) return [text];
    if (isBefore) parts.unshift(text, this.delimiter);
    else parts.push(this.delimiter, text);
    return parts;
  }

  protected write(builder: VectorBuilder, row: number, parts: Parts): void {
    if (builder.kind !== 'bytes') return;
    for (const part of parts) builder.append(part, 0, part.length);
    builder.endRow(row);
  }

  protected text(entry: number): Uint8Array {
    const { vectors, sources, rows } = this.input;
    return bytesAt(ofKind(vectors[sources[entry]], 'bytes'), rows[entry]);
  }
}

/** `distinct`: what is added is cut at the delimiters, and only what is new and not empty is appended. */
class DistinctTextList extends TextList {
  /** The tokens of `known`'s parts. */
  private tokens = new Set<string>();
  private known: Parts | null = null;
  private readonly separator: string;

  constructor(input: FoldInput, aggregate: Aggregate) {
    super(input, aggregate);
    // Texts cannot be cut at nothing: the reference cuts at spaces then.
    this.separator = this.delimiter.length === 0 ? ' ' : latin(this.delimiter);
  }

  protected override add(parts: Parts, entry: number, isBefore: boolean): Parts {
    const text = this.text(entry);
    if (text.length === 0) return parts;
    if (isEmpty(parts)) return [text];
    return isBefore ? this.append([text], Buffer.concat(parts)) : this.append(parts, text);
  }

  private append(parts: Parts, text: Uint8Array): Parts {
    if (this.known !== parts) this.tokens = new Set(latin(Buffer.concat(parts)).split(this.separator));
    for (const token of latin(text).split(this.separator)) {
      if (token === '' || this.tokens.has(token)) continue;
      this.tokens.add(token);
      parts.push(this.delimiter, Buffer.from(token, 'latin1'));
    }
    this.known = parts;
    return parts;
  }
}

function isEmpty(parts: Parts): boolean {
  return parts.length === 1 && parts[0].length === 0;
}

/** The fold of `listagg`; the column is of text. */
export function textListFold(input: FoldInput, aggregate: Aggregate): TextList {
  return aggregate.distinct ? new DistinctTextList(input, aggregate) : new TextList(input, aggregate);
}

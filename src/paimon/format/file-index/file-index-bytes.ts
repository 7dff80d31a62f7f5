// The indexes of one file in one: a head that says where each is, and the indexes. Source: format notes 04 section 8
// (FileIndexFormat, DataFileIndexWriter).
import type { FileIndexSpec } from '../../schema/file-index-options.ts';
import { HashOrdered } from '../hash-order.ts';
import { BigEndianBytes } from './big-endian-bytes.ts';
import { FILE_INDEX_MAGIC, FILE_INDEX_VERSION, FIXED_SIZE } from './file-index.ts';
import { writeJavaUtf } from './java-utf.ts';

const HASH_TRUE = 1231;
const HASH_FALSE = 1237;

/** An index of one column, or of the values of a key of a MAP. */
export interface IndexPart extends Pick<FileIndexSpec, 'kind' | 'column' | 'mapKey'> {
  readonly body: Uint8Array;
}

/** A column with its indexes. */
interface ColumnParts {
  readonly name: string;
  readonly parts: HashOrdered<IndexPart>;
}

/** Joins indexes, in the order of the reference's HashMaps. */
export function fileIndexBytes(parts: readonly IndexPart[]): Uint8Array {
  const columns = columnsOf(parts);
  const ordered = columns.map(({ name, parts: own }) => ({ name, parts: own.items() }));
  const listed = ordered.reduce(
    (sum, column) =>
      sum +
      writeJavaUtf(column.name).length +
      4 +
      column.parts.reduce((size, { kind }) => size + writeJavaUtf(kind).length + 8, 0),
    0,
  );
  const headSize = FIXED_SIZE + 4 + listed + 4;
  const bytes = new BigEndianBytes();
  const bodies = new BigEndianBytes();
  bytes.int64(FILE_INDEX_MAGIC).int32(FILE_INDEX_VERSION).int32(headSize).int32(ordered.length);
  for (const column of ordered) {
    bytes.append(writeJavaUtf(column.name)).int32(column.parts.length);
    for (const { kind, body } of column.parts) {
      bytes
        .append(writeJavaUtf(kind))
        .int32(headSize + bodies.length)
        .int32(body.length);
      bodies.append(body);
    }
  }
  // Room for what later versions may add.
  return bytes.int32(0).append(bodies.written()).written();
}

/** The maps that the reference puts indexes into, one after the other: options by column, kinds, columns by name. */
function columnsOf(parts: readonly IndexPart[]): readonly ColumnParts[] {
  const asked = new HashOrdered<IndexPart[]>();
  for (const part of parts) {
    const name = nameOf(part);
    asked.putLate(name, columnHash(part), [...(asked.get(name) ?? []), part]);
  }
  const kinds = new HashOrdered<HashOrdered<IndexPart>>();
  for (const part of asked.itemsLastFirst().flat()) {
    const ofKind = kinds.get(part.kind) ?? new HashOrdered<IndexPart>();
    kinds.putLate(part.kind, textHash(part.kind), ofKind);
    ofKind.put(nameOf(part), textHash(part.column), part);
  }
  const columns = new HashOrdered<ColumnParts>();
  for (const part of kinds.itemsLastFirst().flatMap((ofKind) => ofKind.items())) {
    const name = nameOf(part);
    const column = columns.get(name) ?? { name, parts: new HashOrdered<IndexPart>() };
    columns.putLate(name, textHash(name), column);
    column.parts.put(part.kind, textHash(part.kind), part);
  }
  return columns.itemsLastFirst();
}

function nameOf({ column, mapKey }: IndexPart): string {
  return mapKey === null ? column : `${column}[${mapKey}]`;
}

/** FileIndexOptions.Column.hashCode */
function columnHash({ column, mapKey }: IndexPart): number {
  const hashes = [textHash(column), mapKey === null ? 0 : textHash(mapKey), mapKey === null ? HASH_FALSE : HASH_TRUE];
  return hashes.reduce((hash, part) => (Math.imul(31, hash) + part) | 0, 1);
}

/** String.hashCode */
function textHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0;
  return hash;
}

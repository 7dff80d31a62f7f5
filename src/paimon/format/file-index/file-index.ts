// The indexes of one data file, in its manifest entry or in a file of their own: which of its rows may meet conditions.
// Source: format notes 04 section 8 (FileIndexFormat, FileIndexPredicate).
import { isTributaryError, TributaryError } from '../../../base/errors.ts';
import type { DataType } from '../../schema/data-type.ts';
import { columnConditions, type PlainCondition } from '../condition.ts';
import type { ColumnIndex } from './column-index.ts';
import { damagedIndex } from './index-fault.ts';
import { openBitmapIndex } from './bitmap-index.ts';
import { openBloomIndex } from './bloom-filter.ts';
import { openBsiIndex } from './bsi-index.ts';
import { indexValues } from './index-value.ts';
import { readJavaUtf } from './java-utf.ts';
import { openRangeBitmapIndex } from './range-bitmap-index.ts';
import type { RowSet } from './row-set.ts';

export const FILE_INDEX_MAGIC = 1493475289347502n;
export const FILE_INDEX_VERSION = 1;
/** Magic, version and size of the head. */
export const FIXED_SIZE = 16;

/** Where the bytes of an index are. */
export interface IndexSource {
  /** Names the file in errors. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly readRange: (offset: number, sizeBytes: number) => Promise<Uint8Array>;
}

/** The data file that an index is of. */
export interface IndexedFile {
  readonly rowCount: number;
  /** The type of a column by its name in the file; undefined for a column that is not there. */
  readonly typeOf: (column: string) => DataType | undefined;
}

/** One index of one column: its bytes in the whole. */
interface Part {
  readonly column: string;
  readonly kind: string;
  readonly start: number;
  readonly sizeBytes: number;
}

/**
 * The rows that may meet all conditions, which name columns as the file does; null where the indexes tell nothing.
 * Throws `E3230` for damaged bytes. Reads the indexes of the conditions' columns alone.
 */
export async function rowsByIndex(
  source: IndexSource,
  conditions: readonly PlainCondition[],
  file: IndexedFile,
): Promise<RowSet | null> {
  return named(source, async () => {
    const wanted = new Set(columnConditions(conditions).map(({ column }) => column));
    const parts = (await readHead(source)).filter((part) => wanted.has(part.column));
    return rowsOfAll(conditions, await openIndexes(source, parts, file));
  });
}

/** Opens all indexes. Throws `E3230` for damaged bytes, as far as opening tells. */
export async function checkFileIndex(source: IndexSource, file: IndexedFile): Promise<void> {
  await named(source, async () => openIndexes(source, await readHead(source), file));
}

/** Names the file in what goes wrong. */
async function named<Result>(source: IndexSource, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof RangeError) && !isTributaryError(error, 'E3230', 'E3402')) throw error;
    throw new TributaryError('E3230', `file index cannot be read: file=${source.name} size=${source.sizeBytes}`, {
      cause: error,
    });
  }
}

async function openIndexes(
  source: IndexSource,
  parts: readonly Part[],
  file: IndexedFile,
): Promise<ReadonlyMap<string, readonly ColumnIndex[]>> {
  const indexes = new Map<string, readonly ColumnIndex[]>();
  for (const part of parts) {
    if (part.start < 0) continue;
    const body = await readExactly(source, part.start, part.sizeBytes);
    const index = openIndex(part, body, file);
    if (index !== null) indexes.set(part.column, [...(indexes.get(part.column) ?? []), index]);
  }
  return indexes;
}

/** Bytes in memory as a source. */
export function indexBytes(name: string, bytes: Uint8Array): IndexSource {
  const readRange = (offset: number, sizeBytes: number): Promise<Uint8Array> =>
    Promise.resolve(bytes.subarray(offset, offset + sizeBytes));
  return { name, sizeBytes: bytes.length, readRange };
}

async function readHead(source: IndexSource): Promise<readonly Part[]> {
  const start = viewOf(await readExactly(source, 0, FIXED_SIZE));
  if (start.getBigInt64(0) !== FILE_INDEX_MAGIC) throw damagedIndex('it is no file index');
  if (start.getInt32(8) !== FILE_INDEX_VERSION) throw damagedIndex(`unknown version: ${start.getInt32(8)}`);
  const view = viewOf(await readExactly(source, FIXED_SIZE, start.getInt32(12) - FIXED_SIZE));
  const parts: Part[] = [];
  let at = 4;
  for (let column = 0; column < view.getInt32(0); column++) {
    const name = readJavaUtf(view, at);
    const count = view.getInt32(name.end);
    at = name.end + 4;
    for (let index = 0; index < count; index++) {
      const kind = readJavaUtf(view, at);
      parts.push({
        column: name.text,
        kind: kind.text,
        start: view.getInt32(kind.end),
        sizeBytes: view.getInt32(kind.end + 4),
      });
      at = kind.end + 8;
    }
  }
  return parts;
}

async function readExactly(source: IndexSource, offset: number, sizeBytes: number): Promise<Uint8Array> {
  if (sizeBytes < 0 || offset + sizeBytes > source.sizeBytes) {
    throw damagedIndex(`index reaches outside: offset=${offset} size=${sizeBytes}`);
  }
  const bytes = await source.readRange(offset, sizeBytes);
  if (bytes.length !== sizeBytes) throw damagedIndex(`file ends early: offset=${offset}`);
  return bytes;
}

/** Null for kinds and types of other versions, which prune nothing. */
function openIndex({ column, kind }: Part, body: Uint8Array, file: IndexedFile): ColumnIndex | null {
  const type = file.typeOf(column);
  if (type === undefined) return null;
  if (kind === 'bloom-filter') return openBloomIndex(body, type, file.rowCount);
  const values = indexValues(type);
  if (values === null) return null;
  switch (kind) {
    case 'bitmap':
      return openBitmapIndex(body, values, file.rowCount);
    case 'bsi':
      return openBsiIndex(body, file.rowCount);
    case 'range-bitmap':
      return openRangeBitmapIndex(body, values, file.rowCount);
    default:
      return null;
  }
}

function rowsOfAll(
  conditions: readonly PlainCondition[],
  indexes: ReadonlyMap<string, readonly ColumnIndex[]>,
): RowSet | null {
  return intersection(conditions.flatMap((condition) => rowsOf(condition, indexes) ?? []));
}

/** Null of no sets: nothing is known. */
function intersection(sets: readonly RowSet[]): RowSet | null {
  return sets.length === 0 ? null : sets.reduce((rows, met) => rows.and(met));
}

function rowsOf(condition: PlainCondition, indexes: ReadonlyMap<string, readonly ColumnIndex[]>): RowSet | null {
  switch (condition.operator) {
    case 'and':
      return rowsOfAll(condition.conditions, indexes);
    case 'or': {
      const branches = condition.conditions.flatMap((branch) => rowsOf(branch, indexes) ?? []);
      // A branch that no index knows may be met by any row.
      if (branches.length === 0 || branches.length < condition.conditions.length) return null;
      return branches.reduce((rows, met) => rows.or(met));
    }
    default: {
      return intersection((indexes.get(condition.column) ?? []).flatMap((index) => index(condition) ?? []));
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

// The builder of an index by its kind, the type of its column and the options of both.
import { parseSizeBytes } from '../../schema/option-text.ts';
import type { DataType } from '../../schema/data-type.ts';
import { badFileIndex, type FileIndexSpec } from '../../schema/file-index-options.ts';
import { vectorOf } from '../cell.ts';
import { BitmapWriter } from './bitmap-writer.ts';
import { bloomSize, BloomWriter } from './bloom-filter.ts';
import { BsiWriter } from './bsi-writer.ts';
import { rowHash } from './hash64.ts';
import type { IndexBuilder } from './index-builder.ts';
import { indexValues } from './index-value.ts';
import { RangeBitmapWriter } from './range-bitmap-writer.ts';

const ITEMS = 1_000_000;
const FALSE_POSITIVES = 0.1;
const BLOCK_SIZE = 16384;
const BITMAP_VERSION = 2;
const MICROS_PRECISION_MAX = 6;

/**
 * Starts the index of one file; null where the form of an index would not tell values apart. Throws `E3231` for a type
 * that the index is not for, or a wrong option.
 */
export function createIndex(spec: FileIndexSpec): IndexBuilder | null {
  const { kind, type } = spec;
  const isTimestamp = type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ';
  // Nanoseconds are cut off there: what is read with `!=` would lose rows.
  if (isTimestamp && type.precision > MICROS_PRECISION_MAX && (kind === 'bitmap' || kind === 'bsi')) return null;
  switch (kind) {
    case 'bloom-filter':
      return createBloom(spec);
    case 'bitmap':
      return createBitmap(spec);
    case 'bsi':
      return isWhole(type) ? new BsiWriter() : refuseType(spec);
    case 'range-bitmap': {
      const values = indexValues(type) ?? refuseType(spec);
      // The reference gives small types a chunk for each value.
      const isSmall = type.kind === 'BOOLEAN' || type.kind === 'TINYINT' || type.kind === 'SMALLINT';
      return new RangeBitmapWriter({
        type,
        values,
        chunkSizeBytes: sizeOf(spec, 'chunk-size', isSmall ? 0 : BLOCK_SIZE),
      });
    }
  }
}

function createBloom(spec: FileIndexSpec): IndexBuilder {
  const { type } = spec;
  if (rowHash(type, vectorOf(type, [])) === null) return refuseType(spec);
  const items = numberOf(spec, 'items', ITEMS);
  const size = bloomSize(items, numberOf(spec, 'fpp', FALSE_POSITIVES));
  if (size === null || !Number.isInteger(items)) throw badFileIndex(optionOf(spec, 'items'), 'no such filter');
  return new BloomWriter(type, size);
}

function createBitmap(spec: FileIndexSpec): IndexBuilder {
  const { type } = spec;
  if (type.kind === 'DECIMAL') return refuseType(spec);
  const version = numberOf(spec, 'version', BITMAP_VERSION);
  if (version !== 1 && version !== 2) throw badFileIndex(optionOf(spec, 'version'), `unknown version: ${version}`);
  const values = indexValues(type) ?? refuseType(spec);
  return new BitmapWriter({ type, values, version, blockSizeBytes: sizeOf(spec, 'index-block-size', BLOCK_SIZE) });
}

function isWhole(type: DataType): boolean {
  switch (type.kind) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
    case 'DATE':
    case 'TIME':
      return true;
    case 'DECIMAL':
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return indexValues(type) !== null;
    default:
      return false;
  }
}

function optionOf({ kind, column, mapKey }: FileIndexSpec, key: string): string {
  return `file-index.${kind}.${mapKey === null ? column : `${column}[${mapKey}]`}.${key}`;
}

function refuseType(spec: FileIndexSpec): never {
  throw badFileIndex(
    `file-index.${spec.kind}.columns`,
    `not for columns of this type: ${spec.column} ${spec.type.kind}`,
  );
}

function numberOf(spec: FileIndexSpec, key: string, missing: number): number {
  const text = spec.options[key];
  if (text === undefined) return missing;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw badFileIndex(optionOf(spec, key), 'no number');
  return value;
}

function sizeOf(spec: FileIndexSpec, key: string, missing: number): number {
  const text = spec.options[key];
  return text === undefined ? missing : parseSizeBytes(text, optionOf(spec, key));
}

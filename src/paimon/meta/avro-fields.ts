// Reading fields of Avro rows of metadata by name: fields that an older writer left out are null, unknown ones are not
// looked at.
import { TributaryError } from '../../base/errors.ts';
import type { AvroRow, AvroValue } from '../format/avro.ts';
import { isFileName } from './file-name.ts';

/** Fields of one row; every getter throws `E3110` where the value is of another type. */
export class AvroFields {
  private readonly row: AvroRow;

  /** `version` is the only `_VERSION` that is understood, where rows carry one. */
  constructor(row: AvroRow, version?: number) {
    this.row = row;
    if (version !== undefined && row['_VERSION'] !== version) {
      throw new TributaryError('E3110', `row is of an unknown version: version=${this.number('_VERSION')}`);
    }
  }

  has(name: string): boolean {
    return (this.row[name] ?? null) !== null;
  }

  text(name: string): string {
    const value = this.row[name];
    return typeof value === 'string' ? value : this.refuse(name);
  }

  /** The name of a file. */
  fileName(name: string): string {
    const value = this.text(name);
    return isFileName(value) ? value : this.refuse(name);
  }

  /** A whole number that `number` holds exactly. */
  number(name: string): number {
    const value = this.row[name];
    return typeof value === 'number' ? value : this.refuse(name);
  }

  long(name: string): bigint {
    const value = this.row[name];
    return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : this.refuse(name);
  }

  bytes(name: string): Uint8Array {
    const value = this.row[name];
    return value instanceof Uint8Array ? plainBytes(value) : this.refuse(name);
  }

  record(name: string): AvroFields {
    const value = this.row[name];
    const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
    return isRecord ? new AvroFields(value as AvroRow) : this.refuse(name);
  }

  list(name: string): readonly AvroValue[] {
    const value = this.row[name];
    return Array.isArray(value) ? (value as readonly AvroValue[]) : this.refuse(name);
  }

  private refuse(name: string): never {
    throw new TributaryError('E3110', `field is not what it should be: field=${name}`);
  }
}

/** The same bytes as a plain Uint8Array: a Buffer would compare and print as another thing. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

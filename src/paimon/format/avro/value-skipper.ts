// Passes over Avro values that are not wanted.
import type { AvroCursor } from './avro-cursor.ts';
import type { AvroType } from './avro-schema.ts';
import { corrupt } from '../file-fault.ts';

/** Moves the cursor behind the value. */
export type Skip = (cursor: AvroCursor) => void;

/** What becomes of lists whose items take no bytes, so that nothing tells how many there can be. */
export type EmptyItems = 'passed over' | 'refused';

/** The skipper of a type; null for types whose values take no bytes, so that hostile counts of them cost nothing. */
export function skipper(type: AvroType, emptyItems: EmptyItems = 'passed over'): Skip | null {
  return new Skippers(emptyItems).of(type);
}

class Skippers {
  /** A type may stand in a schema by name many times: each is compiled once. */
  private readonly known = new Map<AvroType, Skip | null>();
  private readonly emptyItems: EmptyItems;

  constructor(emptyItems: EmptyItems) {
    this.emptyItems = emptyItems;
  }

  of(type: AvroType): Skip | null {
    let skip = this.known.get(type);
    if (skip === undefined) {
      skip = this.make(type);
      this.known.set(type, skip);
    }
    return skip;
  }

  private make(type: AvroType): Skip | null {
    switch (type.kind) {
      case 'null':
        return null;
      case 'boolean':
        return (cursor) => cursor.skip(1);
      case 'int':
      case 'long':
      case 'enum':
        return (cursor) => cursor.long();
      case 'float':
        return (cursor) => cursor.skip(4);
      case 'double':
        return (cursor) => cursor.skip(8);
      case 'bytes':
      case 'string':
        return skipBytes;
      case 'fixed':
        return type.sizeBytes === 0 ? null : (cursor) => cursor.skip(type.sizeBytes);
      case 'array':
        return skipItems(this.of(type.item), this.emptyItems);
      case 'map':
        return skipEntries(this.of(type.item));
      case 'union':
        return skipUnion(type.branches.map((branch) => this.of(branch)));
      case 'record':
        return skipAll(type.fields.flatMap((field) => this.of(field.type) ?? []));
    }
  }
}

function skipBytes(cursor: AvroCursor): void {
  cursor.skip(cursor.size());
}

function skipAll(steps: readonly Skip[]): Skip | null {
  if (steps.length === 0) return null;
  return (cursor) => {
    for (const step of steps) step(cursor);
  };
}

function skipItems(item: Skip | null, emptyItems: EmptyItems): Skip {
  if (item === null && emptyItems === 'refused') {
    return () => {
      throw corrupt('a list has items without bytes');
    };
  }
  const bytesEach = item === null ? 0 : 1;
  return (cursor) => {
    for (let count = cursor.blockCount(bytesEach); count > 0; count = cursor.blockCount(bytesEach)) {
      if (item === null) continue;
      for (let index = 0; index < count; index++) item(cursor);
    }
  };
}

function skipEntries(value: Skip | null): Skip {
  return (cursor) => {
    for (let count = cursor.blockCount(1); count > 0; count = cursor.blockCount(1)) {
      for (let index = 0; index < count; index++) {
        skipBytes(cursor);
        value?.(cursor);
      }
    }
  };
}

function skipUnion(branches: readonly (Skip | null)[]): Skip {
  return (cursor) => {
    const index = cursor.int();
    if (index < 0 || index >= branches.length) throw corrupt('a union has no such branch');
    branches[index]?.(cursor);
  };
}

// What ALTER asks for: the changes of a table's schema, and their JSON form (SchemaChange of the reference).
import { TributaryError } from '../../base/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../base/json-text.ts';
import type { DataType } from './data-type.ts';
import { parseDataType } from './data-type-text.ts';

/**
 * A column by its path: its name, or for a field inside a ROW the names from the outermost column inwards. An array on
 * the way takes one more step, `element`, and a map `value`: `['lines', 'element', 'price']`.
 */
export type ColumnPath = readonly string[];

/** Where a column goes; `after` and `before` name a column of the same level. */
export type ColumnPlace =
  | { readonly kind: 'first' | 'last' }
  | { readonly kind: 'after' | 'before'; readonly reference: string };

/** One change of a schema. */
export type SchemaChange =
  | { readonly kind: 'setOption'; readonly key: string; readonly value: string }
  | { readonly kind: 'removeOption'; readonly key: string }
  | { readonly kind: 'updateComment'; readonly comment: string | null }
  | {
      readonly kind: 'addColumn';
      readonly path: ColumnPath;
      /** Must be nullable: older rows have no value. */
      readonly type: DataType;
      readonly comment?: string;
      readonly place?: ColumnPlace;
    }
  | { readonly kind: 'renameColumn'; readonly path: ColumnPath; readonly newName: string }
  | { readonly kind: 'dropColumn'; readonly path: ColumnPath }
  | {
      readonly kind: 'updateColumnType';
      readonly path: ColumnPath;
      readonly type: DataType;
      /** The column stays nullable or not, whatever the new type says; default false. */
      readonly keepNullability?: boolean;
    }
  | { readonly kind: 'updateColumnNullability'; readonly path: ColumnPath; readonly nullable: boolean }
  | { readonly kind: 'updateColumnComment'; readonly path: ColumnPath; readonly comment: string | null }
  | { readonly kind: 'updateColumnDefaultValue'; readonly path: ColumnPath; readonly defaultValue: string | null }
  | { readonly kind: 'updateColumnPosition'; readonly column: string; readonly place: ColumnPlace }
  | { readonly kind: 'dropPrimaryKey' };

/** Reads a JSON list of changes as the reference writes it: `[{"action":"addColumn",…}]`. Throws `E3131`, `E3101`. */
export function parseSchemaChanges(text: string): readonly SchemaChange[] {
  let json: JsonValue;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new TributaryError('E3131', 'changes are not JSON', { cause: error });
  }
  if (!Array.isArray(json)) throw refused('changes are not a list');
  return (json as readonly JsonValue[]).map((item, index) => {
    if (!isJsonObject(item)) throw refused(`change is not an object: index=${index}`);
    return parseChange(item, index);
  });
}

function parseChange(json: JsonObject, index: number): SchemaChange {
  const read = new ChangeReader(json, index);
  const kind = read.text('action');
  switch (kind) {
    case 'setOption':
      return { kind, key: read.text('key'), value: read.text('value') };
    case 'removeOption':
      return { kind, key: read.text('key') };
    case 'updateComment':
      return { kind, comment: read.optionalText('comment') };
    case 'addColumn': {
      const comment = read.optionalText('comment');
      const place = read.optionalMove()?.place;
      return {
        kind,
        path: read.path(),
        type: parseDataType(json['dataType']),
        ...(comment === null ? {} : { comment }),
        ...(place === undefined ? {} : { place }),
      };
    }
    case 'renameColumn':
      return { kind, path: read.path(), newName: read.text('newName') };
    case 'dropColumn':
      return { kind, path: read.path() };
    case 'updateColumnType': {
      const type = parseDataType(json['newDataType']);
      return { kind, path: read.path(), type, keepNullability: read.flag('keepNullability', false) };
    }
    case 'updateColumnNullability':
      return { kind, path: read.path(), nullable: read.flag('newNullability') };
    case 'updateColumnComment':
      return { kind, path: read.path(), comment: read.optionalText('newComment') };
    case 'updateColumnDefaultValue':
      return { kind, path: read.path(), defaultValue: read.optionalText('newDefaultValue') };
    case 'updateColumnPosition':
      return { kind, ...read.move() };
    case 'dropPrimaryKey':
      return { kind };
    default:
      throw refused(`action is not known: index=${index} action=${kind}`);
  }
}

interface ColumnMove {
  readonly column: string;
  readonly place: ColumnPlace;
}

/** Reads the values of one change. */
class ChangeReader {
  private readonly json: JsonObject;
  private readonly index: number;

  constructor(json: JsonObject, index: number) {
    this.json = json;
    this.index = index;
  }

  text(key: string): string {
    const value = this.json[key];
    return typeof value === 'string' ? value : this.fail(key, 'a text');
  }

  optionalText(key: string): string | null {
    return (this.json[key] ?? null) === null ? null : this.text(key);
  }

  flag(key: string, missing?: boolean): boolean {
    const value = this.json[key] ?? missing;
    return typeof value === 'boolean' ? value : this.fail(key, 'true or false');
  }

  path(): ColumnPath {
    const value = this.json['fieldNames'];
    const isPath = Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
    return isPath ? value : this.fail('fieldNames', 'a list of names');
  }

  move(): ColumnMove {
    return this.optionalMove() ?? this.fail('move', 'an object');
  }

  optionalMove(): ColumnMove | null {
    const json = this.json['move'] ?? null;
    if (json === null) return null;
    if (!isJsonObject(json)) return this.fail('move', 'an object');
    const move = new ChangeReader(json, this.index);
    const column = move.text('fieldName');
    const kind = move.text('type').toLowerCase();
    if (kind === 'first' || kind === 'last') return { column, place: { kind } };
    if (kind !== 'after' && kind !== 'before') return this.fail('move.type', 'FIRST, AFTER, BEFORE or LAST');
    return { column, place: { kind, reference: move.text('referenceFieldName') } };
  }

  private fail(key: string, wanted: string): never {
    throw refused(`change is malformed: index=${this.index} key=${key} expected=${wanted}`);
  }
}

function refused(message: string): TributaryError {
  return new TributaryError('E3131', message);
}

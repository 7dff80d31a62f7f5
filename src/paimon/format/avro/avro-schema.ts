// The schema of an Avro file as a tree, names resolved. Source: Avro specification 1.11, "Schema Declaration".
import { isJsonObject, type JsonObject, type JsonValue } from '../../../base/json-text.ts';
import { corrupt, unsupported } from '../file-fault.ts';

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;

type PrimitiveKind = (typeof PRIMITIVES)[number];

/** A field of a record. */
export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
}

/** A type; `logical` is the name of its logical type, which says what its values mean. */
export type AvroType =
  | { readonly kind: PrimitiveKind; readonly logical: string | null; readonly scale: number }
  | { readonly kind: 'enum' }
  | { readonly kind: 'fixed'; readonly sizeBytes: number; readonly logical: string | null; readonly scale: number }
  | { readonly kind: 'array' | 'map'; readonly item: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | { readonly kind: 'record'; readonly fields: readonly AvroField[] };

/** Parses a schema. Throws faults of `E3200` (not a schema) and `E3201` (a type that contains itself). */
export function parseAvroSchema(text: string): AvroType {
  let json: JsonValue;
  try {
    json = JSON.parse(text) as JsonValue;
  } catch {
    throw corrupt('the schema is not JSON');
  }
  return new SchemaParser().parse(json, '');
}

class SchemaParser {
  /** Named types; null while their fields are read. */
  private readonly named = new Map<string, AvroType | null>();

  parse(json: JsonValue | undefined, namespace: string): AvroType {
    if (typeof json === 'string') return this.primitive(json, null) ?? this.reference(json, namespace);
    if (Array.isArray(json)) {
      return { kind: 'union', branches: (json as readonly JsonValue[]).map((branch) => this.parse(branch, namespace)) };
    }
    if (!isJsonObject(json)) throw corrupt('the schema holds something that is not a type');
    const type = json['type'];
    switch (type) {
      case 'array':
        return { kind: 'array', item: this.parse(json['items'], namespace) };
      case 'map':
        return { kind: 'map', item: this.parse(json['values'], namespace) };
      case 'record':
      case 'error':
        return this.define(json, namespace, (inner) => this.record(json, inner));
      case 'enum':
        return this.define(json, namespace, () => ({ kind: 'enum' }));
      case 'fixed':
        return this.define(json, namespace, () => fixedType(json));
      default:
        return (typeof type === 'string' ? this.primitive(type, json) : null) ?? this.parse(type, namespace);
    }
  }

  private primitive(name: string, json: JsonObject | null): AvroType | null {
    const kind = PRIMITIVES.find((candidate) => candidate === name);
    return kind === undefined ? null : { kind, ...logicalOf(json) };
  }

  private reference(name: string, namespace: string): AvroType {
    const found = this.named.get(fullName(name, namespace)) ?? this.named.get(name);
    if (found === null || this.named.get(fullName(name, namespace)) === null) {
      throw unsupported(`a type that contains itself: type=${name}`);
    }
    if (found === undefined) throw corrupt(`the schema names an unknown type: type=${name}`);
    return found;
  }

  private define(json: JsonObject, namespace: string, make: (namespace: string) => AvroType): AvroType {
    const { name, namespace: own } = json;
    if (typeof name !== 'string') throw corrupt('the schema has a named type without a name');
    const full = fullName(name, typeof own === 'string' ? own : namespace);
    this.named.set(full, null);
    const type = make(full.includes('.') ? full.slice(0, full.lastIndexOf('.')) : '');
    this.named.set(full, type);
    return type;
  }

  private record(json: JsonObject, namespace: string): AvroType {
    const { fields } = json;
    if (!Array.isArray(fields)) throw corrupt('the schema has a record without fields');
    return {
      kind: 'record',
      fields: (fields as readonly JsonValue[]).map((field) => {
        if (!isJsonObject(field) || typeof field['name'] !== 'string') throw corrupt('the schema has a nameless field');
        return { name: field['name'], type: this.parse(field['type'], namespace) };
      }),
    };
  }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

function fixedType(json: JsonObject): AvroType {
  const size = json['size'];
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0) throw corrupt('the schema has no size');
  return { kind: 'fixed', sizeBytes: size, ...logicalOf(json) };
}

function logicalOf(json: JsonObject | null): { readonly logical: string | null; readonly scale: number } {
  const logical = json?.['logicalType'];
  const scale = json?.['scale'];
  return { logical: typeof logical === 'string' ? logical : null, scale: typeof scale === 'number' ? scale : 0 };
}

// JSON with exact 64-bit integers, and printed in the layout of the Java writers of Paimon's metadata (Jackson's).

/** A JSON value; an integer outside the safe range of `number` is a BigInt. A property that is undefined is left out. */
export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined };

/** A JSON object. */
export type JsonObject = { readonly [name: string]: JsonValue | undefined };

/** What V8 tells a reviver about a primitive: its text in the source. */
interface ReviverContext {
  readonly source?: string;
}

/** Parses JSON without losing a digit of an integer. Throws a `SyntaxError` as `JSON.parse` does. */
export function parseJson(text: string): JsonValue {
  const revive = (_key: string, value: unknown, context?: ReviverContext): unknown => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const source = context?.source ?? '';
    return /^-?\d+$/.test(source) ? BigInt(source) : value;
  };
  return JSON.parse(text, revive) as JsonValue;
}

/** True for a JSON object: not an array, not null. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text that a value is; an empty one for other values. */
export function jsonText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Prints JSON over several lines, byte for byte as Jackson's default pretty printer does. */
export function prettyJson(value: JsonValue, indent = ''): string {
  if (Array.isArray(value)) {
    const items = (value as readonly JsonValue[]).map((item) => prettyJson(item, indent));
    return items.length === 0 ? '[ ]' : `[ ${items.join(', ')} ]`;
  }
  if (isJsonObject(value)) {
    const inner = `${indent}  `;
    const lines = definedEntries(value).map(
      ([name, item]) => `${inner}${JSON.stringify(name)} : ${prettyJson(item, inner)}`,
    );
    return lines.length === 0 ? '{ }' : `{\n${lines.join(',\n')}\n${indent}}`;
  }
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
}

function definedEntries(value: JsonObject): readonly (readonly [string, JsonValue])[] {
  return Object.entries(value).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
}

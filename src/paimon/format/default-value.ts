// Default values of columns: text in the schema, and what writers put where a row has NULL; readers never use them.
// Source: DefaultValueUtils, StringToArrayCastRule and its like for MAP and ROW (format notes 01 section 3).
import { TributaryError } from '../../base/errors.ts';
import { type DataType, MAX_LENGTH } from '../schema/data-type.ts';
import { dataTypeText } from '../schema/data-type-text.ts';
import { castOf } from './cast.ts';
import { uncastable } from './cast-number.ts';
import type { Cell } from './cell.ts';

const STRING: DataType = { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true };
const ENCODER = new TextEncoder();

/**
 * The value that a default's text stands for: `5`, `'text'`, `[1, 2]`, `{key -> value}`, `{field, field}`. Throws `E3133`
 * where it stands for none of the type.
 */
export function defaultCell(type: DataType, text: string): Cell {
  const isQuoted = text.length > 1 && text.startsWith("'") && text.endsWith("'");
  try {
    return cellOfText(type, isQuoted ? text.slice(1, -1) : text);
  } catch (error) {
    const message = `default value is no value of the type: type=${dataTypeText(type)}`;
    throw new TributaryError('E3133', message, { cause: error });
  }
}

/** Throws `E3133` where the text is no default value of the type. */
export function checkDefaultValue(type: DataType, text: string): void {
  defaultCell(type, text);
}

function cellOfText(type: DataType, text: string): Cell {
  switch (type.kind) {
    case 'ARRAY':
      return parts(content(text, '[]', 'ARRAY'), true).map((part) => itemOfText(type.element, part));
    case 'MAP':
      return mapOfText(type, text.trim());
    case 'ROW':
      return rowOfText(type, text);
    default: {
      const cast = castOf(STRING, type);
      if (cast === null) throw uncastable(`type has no defaults: ${type.kind}`);
      return cast(ENCODER.encode(text));
    }
  }
}

function itemOfText(type: DataType, text: string): Cell {
  return text === 'null' ? null : cellOfText(type, text);
}

function mapOfText(type: DataType & { readonly kind: 'MAP' }, text: string): Cell {
  if (text.toUpperCase() === 'NULL') return null;
  const pairOf = (key: string, value: string): Cell => [itemOfText(type.key, key), itemOfText(type.value, value)];
  if (!text.startsWith('{')) {
    const items = parts(content(text, '{}', 'MAP'), false);
    if (items.length % 2 !== 0) throw uncastable('a key has no value');
    return items.flatMap((key, index) => (index % 2 === 0 ? [pairOf(key, items[index + 1])] : []));
  }
  return parts(content(text, '{}', 'MAP'), false).map((entry) => {
    const arrow = entry.indexOf('->', 1);
    if (arrow < 0) throw uncastable('an entry has no arrow');
    return pairOf(entry.slice(0, arrow).trim(), entry.slice(arrow + 2).trim());
  });
}

function rowOfText(type: DataType & { readonly kind: 'ROW' }, text: string): Cell {
  const items = parts(content(text, '{}', 'STRUCT'), true);
  if (items.length === 0) return type.fields.map(() => null);
  if (items.length !== type.fields.length) throw uncastable('row has another number of fields');
  return type.fields.map((field, index) => itemOfText(field.type, items[index]));
}

/** What stands between brackets, or in the call of an SQL function. */
function content(text: string, brackets: '[]' | '{}', word: 'ARRAY' | 'MAP' | 'STRUCT'): string {
  const [open, close] = brackets;
  const trimmed = text.trim();
  if (trimmed.startsWith(open) && trimmed.endsWith(close) && trimmed.length > 1) return trimmed.slice(1, -1);
  const call = /^([A-Z]+)\s*\((.*)\)$/is.exec(trimmed);
  if (call?.[1]?.toUpperCase() !== word) throw uncastable(`not written as ${open}…${close} or ${word}(…)`);
  return call[2];
}

/** The parts between commas that stand in no brackets and no double quotes; quotes stay part of the text or not. */
function parts(text: string, keepQuotes: boolean): readonly string[] {
  const found: string[] = [];
  let current = '';
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '\\' || char === '"') {
      if (char === '"') isQuoted = !isQuoted;
      if (keepQuotes) current += char;
      if (char === '\\' && ++at < text.length && keepQuotes) current += text[at];
      continue;
    }
    if (!isQuoted && '[{('.includes(char)) depth++;
    if (!isQuoted && ']})'.includes(char) && depth > 0) depth--;
    if (char !== ',' || isQuoted || depth > 0) current += char;
    else {
      found.push(current);
      current = '';
    }
  }
  found.push(current);
  return found.map((part) => part.trim()).filter((part) => part !== '');
}

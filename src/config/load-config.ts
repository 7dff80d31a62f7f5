// Reads the configuration file: YAML, placeholders, validation. Every fault names its path and line.
import { readFileSync } from 'node:fs';
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { didYouMean } from '../base/did-you-mean.ts';
import { TributaryError } from '../base/errors.ts';
import { interpolate, type PlaceholderValues } from './interpolate.ts';
import { type Config, configSchema } from './options.ts';

/** A configuration and what is needed to read its secrets again. */
export interface LoadedConfig {
  readonly config: Config;
  /** What the file says, as it is written: without defaults, with its placeholders. */
  readonly raw: unknown;
  /** The text of a source's `url` or `password` as it is now: placeholders are filled anew. Null where not given. */
  secret(source: string, key: 'url' | 'password'): string | null;
}

/** The process's environment and files. */
const processPlaceholders: PlaceholderValues = {
  environment: process.env,
  readFile: (path) => readFileSync(path, 'utf8'),
};

/** Loads a file. Throws `E1001` (cannot be read), `E1002` (not YAML), `E1003` (placeholder), `E1004` (option). */
export function loadConfigFile(path: string): LoadedConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new TributaryError('E1001', `configuration file cannot be read: file=${path}`, { cause: error });
  }
  return parseConfig(text, path, processPlaceholders);
}

/** Parses and validates the text of a configuration file; `file` is for messages. */
export function parseConfig(text: string, file: string, values: PlaceholderValues): LoadedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const fault = document.errors[0];
  if (fault !== undefined) {
    throw new TributaryError(
      'E1002',
      `configuration is not YAML: file=${file} line=${lines.linePos(fault.pos[0]).line} reason=${fault.message.split('\n')[0]}`,
    );
  }
  const raw: unknown = document.toJS();
  const result = configSchema.safeParse(interpolated(raw, values));
  if (!result.success) throw optionError(result.error, { document, lines, file });
  return {
    config: result.data,
    raw,
    secret: (source, key) => {
      const rawText = document.getIn(['sources', source, key]);
      return typeof rawText === 'string' ? interpolate(rawText, values) : null;
    },
  };
}

function interpolated(value: unknown, values: PlaceholderValues): unknown {
  if (typeof value === 'string') return interpolate(value, values);
  if (Array.isArray(value)) return value.map((item) => interpolated(item, values));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolated(item, values)]));
}

interface Place {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly file: string;
}

/** The first fault, as people can act on it: path, line, and the nearest known key. */
function optionError(error: z.ZodError, place: Place): TributaryError {
  const issue = deepestIssue(error.issues);
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0];
    const option = [...path, key];
    return new TributaryError(
      'E1004',
      `unknown option: file=${place.file} line=${lineOf(option, place)} option=${option.join('.')}${didYouMean(key, knownKeys(path))}`,
    );
  }
  return new TributaryError(
    'E1005',
    `option has a wrong value: option=${path.join('.')} file=${place.file} line=${lineOf(path, place)} reason=${issue.message}`,
  );
}

/** A union reports its branches: the one that came furthest is what the user meant. */
function deepestIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const all = issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue];
    const inner = issue.errors.filter((branch) => branch.length > 0).map(deepestIssue);
    const deeper = inner.filter((candidate) => candidate.path.length > 0 || candidate.code === 'unrecognized_keys');
    return deeper.length === 0
      ? [issue]
      : deeper.map((candidate) => ({ ...candidate, path: [...issue.path, ...candidate.path] }));
  });
  return all.reduce((deepest, issue) => (issue.path.length > deepest.path.length ? issue : deepest));
}

/** The keys that the options table has at a path; empty where it cannot tell. */
function knownKeys(path: readonly string[]): string[] {
  let schema: unknown = configSchema;
  for (const part of path) schema = child(unwrapped(schema), part);
  const shape = (unwrapped(schema) as { shape?: Record<string, unknown> } | undefined)?.shape;
  return shape === undefined ? [] : Object.keys(shape);
}

interface Wrapper {
  readonly def?: {
    readonly innerType?: unknown;
    readonly valueType?: unknown;
    readonly element?: unknown;
    readonly options?: readonly unknown[];
  };
  readonly shape?: Readonly<Record<string, unknown>>;
}

function unwrapped(schema: unknown): unknown {
  let inner = schema as Wrapper | undefined;
  while (inner?.def?.innerType !== undefined) inner = inner.def.innerType as Wrapper;
  if (inner?.def?.options !== undefined)
    inner = inner.def.options.find((option) => (option as Wrapper).shape !== undefined) as Wrapper | undefined;
  return inner;
}

function child(schema: unknown, key: string): unknown {
  const { shape, def } = (schema ?? {}) as Wrapper;
  return shape?.[key] ?? def?.valueType ?? def?.element;
}

function lineOf(path: readonly string[], place: Place): number {
  for (let length = path.length; length > 0; length--) {
    const parent = place.document.getIn(path.slice(0, length - 1).map(indexed), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === last);
      if (pair !== undefined && isScalar(pair.key) && pair.key.range)
        return place.lines.linePos(pair.key.range[0]).line;
    }
    const node = place.document.getIn(path.slice(0, length).map(indexed), true) as
      | { range?: readonly number[] }
      | undefined;
    if (node?.range !== undefined) return place.lines.linePos(node.range[0]).line;
  }
  return 1;
}

function indexed(part: string): string | number {
  return /^\d+$/.test(part) ? Number(part) : part;
}

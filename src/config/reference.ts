// Texts made from the option table: the JSON Schema, the reference with every default, and the configuration in effect.
import { stringify } from 'yaml';
import { z } from 'zod';
import { configSchema } from './options.ts';

/** The part of JSON Schema that the option table produces. */
interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** The JSON Schema of the configuration file, for editors. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(configSchema, { io: 'input' }), title: 'Tributary configuration' };
}

const EXAMPLE_SOURCE = 'example';
const LINE_WIDTH = 118;

/** A configuration file with every option, its default and a sentence; what has no default is commented out. */
export function configReference(): string {
  const lines = [
    '# Every option with its default; those without one are commented out. Made from src/config/options.ts by',
    '# `npm run docs:config`; do not edit. A file of your own needs `version`, `lake.warehouse` and one source.',
  ];
  addProperties(lines, configJsonSchema(), '');
  return `${lines.join('\n')}\n`;
}

function addProperties(lines: string[], node: SchemaNode, indent: string): void {
  for (const [name, child] of Object.entries(node.properties ?? {})) addOption(lines, name, { node: child, indent });
}

interface Option {
  readonly node: SchemaNode;
  readonly indent: string;
}

function addOption(lines: string[], name: string, { node, indent }: Option): void {
  addComment(lines, node, indent);
  const { additionalProperties: values, items } = node;
  if (node.properties !== undefined) {
    lines.push(`${indent}${name}:`);
    addProperties(lines, node, `${indent}  `);
  } else if (typeof values === 'object' && values.properties !== undefined) {
    lines.push(`${indent}${name}:`, `${indent}  ${EXAMPLE_SOURCE}:`);
    addProperties(lines, values, `${indent}    `);
  } else {
    const value = defaultOf(node);
    lines.push(value === undefined ? `${indent}# ${name}:` : `${indent}${name}: ${flowText(value)}`);
    addEntry(lines, items, indent);
  }
}

/** The keys that an entry of a list may have beside being a text. */
function addEntry(lines: string[], items: SchemaNode | undefined, indent: string): void {
  const entry = items?.anyOf?.find((branch) => branch.properties !== undefined);
  if (entry === undefined) return;
  lines.push(`${indent}# An entry may have settings of its own, which override \`defaults\`:`);
  for (const [name, child] of Object.entries(entry.properties ?? {})) {
    addComment(lines, { ...child, description: `  ${name}: ${child.description ?? ''}` }, indent);
  }
}

function defaultOf(node: SchemaNode): unknown {
  if (node.const !== undefined) return node.const;
  if (node.default !== undefined) return node.default;
  if (node.items !== undefined) return [];
  return node.additionalProperties === undefined ? undefined : {};
}

function addComment(lines: string[], node: SchemaNode, indent: string): void {
  const text = [node.description ?? '', limitsOf(node)].filter((part) => part !== '').join(' ');
  const deeper = /^ */.exec(text)?.[0] ?? '';
  let line = '';
  for (const word of text.trim().split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (`${indent}# ${deeper}${longer}`.length > LINE_WIDTH) {
      lines.push(`${indent}# ${deeper}${line}`);
      line = word;
    } else line = longer;
  }
  if (line !== '') lines.push(`${indent}# ${deeper}${line}`);
}

function limitsOf(node: SchemaNode): string {
  const choices = node.enum ?? node.anyOf?.find((branch) => branch.enum !== undefined)?.enum;
  if (choices !== undefined && choices.length > 1) return `(${choices.map(String).join(' | ')})`;
  const numeric = node.anyOf?.find((branch) => branch.minimum !== undefined) ?? node;
  const { minimum, maximum } = numeric;
  if (minimum === undefined) return '';
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
    ? `(at least ${minimum})`
    : `(${minimum} … ${maximum})`;
}

function flowText(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
}

/** What a file says, with every default filled in and every secret hidden; placeholders stay as they are written. */
export function effectiveConfig(raw: unknown): unknown {
  return hidden(filled(raw, configJsonSchema()), '');
}

function filled(value: unknown, node: SchemaNode): unknown {
  if (isObject(value) || (value === undefined && node.properties !== undefined)) {
    const given = isObject(value) ? value : {};
    const known = Object.entries(node.properties ?? {}).map(
      ([name, child]) => [name, filled(given[name], child)] as const,
    );
    const rest = Object.entries(given)
      .filter(([name]) => node.properties?.[name] === undefined)
      .map(
        ([name, item]) =>
          [name, filled(item, typeof node.additionalProperties === 'object' ? node.additionalProperties : {})] as const,
      );
    return Object.fromEntries([...known, ...rest].filter(([, item]) => item !== undefined));
  }
  if (value !== undefined) return value;
  return node.default ?? (typeof node.additionalProperties === 'object' ? {} : undefined);
}

const HIDDEN = '***';
const SECRET_NAME = /password|secret|token|access.key|^key$/i;
const WHOLE_PLACEHOLDER = /^\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[^}]*)\}$/;
const URL_PASSWORD = /^([a-z][a-z0-9+.-]*:\/\/[^:/@]*:)(.+)(@[^@]*)$/i;

/** A placeholder names a secret and is none; its `:-default` may be one. */
function hidden(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((item) => hidden(item, name === 'key' ? '' : name));
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hidden(item, key)]));
  if (typeof value !== 'string') return value;
  const url = URL_PASSWORD.exec(value);
  if (url !== null) return `${url[1]}${hiddenText(url[2])}${url[3]}`;
  if (name === 'key' && value === 'auto') return value;
  return SECRET_NAME.test(name) ? hiddenText(value) : value;
}

function hiddenText(text: string): string {
  return WHOLE_PLACEHOLDER.test(text) ? text : HIDDEN;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

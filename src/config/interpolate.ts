// `${env:X}`, `${env:X:-default}` and `${file:/path}` in configuration texts; `$${` stands for `${`.
import { TributaryError } from '../base/errors.ts';

/** Where placeholders get their values. */
export interface PlaceholderValues {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The text of a file. */
  readFile(path: string): string;
}

const PLACEHOLDER = /\$\$\{|\$\{([^}]*)\}/g;

/** The text with its placeholders filled. Throws `E1003`, which names the placeholder and never a value. */
export function interpolate(text: string, values: PlaceholderValues): string {
  return text.replace(PLACEHOLDER, (found, inside: string | undefined) =>
    inside === undefined ? '${' : filled(found, inside, values),
  );
}

function filled(placeholder: string, inside: string, values: PlaceholderValues): string {
  const environment = /^env:([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/.exec(inside);
  if (environment !== null) {
    const value = values.environment[environment[1]] ?? environment[2];
    if (value !== undefined) return value;
    throw new TributaryError('E1003', `environment variable is not set: placeholder=${placeholder}`);
  }
  if (!inside.startsWith('file:')) {
    throw new TributaryError(
      'E1003',
      `placeholder is none of env:NAME, env:NAME:-default, file:PATH: placeholder=${placeholder}`,
    );
  }
  try {
    return values.readFile(inside.slice('file:'.length)).replace(/\r?\n$/, '');
  } catch (error) {
    throw new TributaryError('E1003', `file cannot be read: placeholder=${placeholder}`, { cause: error });
  }
}

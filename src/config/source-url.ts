// Where a source is and as whom to connect: from its `url`, or from host, port, user and database.
import { TributaryError } from '../base/errors.ts';

/** The kinds of servers; MariaDB is of MySQL's kind. */
export type SourceKind = 'postgres' | 'mysql';

/** The parts of a source's address. */
export interface SourceAddress {
  readonly kind: SourceKind;
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The empty string for a MySQL source of all databases. */
  readonly database: string;
  /** The password in the URL; null if there is none. */
  readonly password: string | null;
}

/** What a source may say about its address beside or instead of a URL. */
export interface AddressOptions {
  readonly url?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly database?: string | undefined;
}

/** The kinds of sources by the schemes of their URLs. */
const SCHEMES: Readonly<Record<string, SourceKind>> = {
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
};
const PORTS: Readonly<Record<SourceKind, number>> = { postgres: 5432, mysql: 3306 };

/**
 * The address of a source; `option` names the source in messages, as `sources.shop`.
 * Throws E1006 (cannot be understood, or contradicts itself). No message ever holds a part of the URL that could be a
 * password.
 */
export function sourceAddress(options: AddressOptions, option: string): SourceAddress {
  if (options.url === undefined) return addressOfParts(options, option);
  const doubled = (['host', 'port', 'user', 'database'] as const).find((name) => options[name] !== undefined);
  if (doubled !== undefined) {
    throw new TributaryError('E1006', `url and ${doubled} are both given: option=${option}.${doubled}`);
  }
  return parseSourceUrl(options.url, `${option}.url`);
}

/** The address in a URL. Throws as `sourceAddress`. */
export function parseSourceUrl(text: string, option: string): SourceAddress {
  const { url, kind } = parsedUrl(text, option);
  const parameters = [...url.searchParams];
  const socket = url.searchParams.get('host');
  const unknown = parameters.find(([name]) => name !== 'host');
  if (unknown !== undefined) {
    throw new TributaryError(
      'E1006',
      `url has a parameter that is not known: option=${option} parameter=${unknown[0]}${hintFor(unknown[0])}`,
    );
  }
  const address = {
    kind,
    host: socket ?? (decoded(url.hostname, option).replace(/^\[(.*)\]$/, '$1') || 'localhost'),
    port: url.port === '' ? PORTS[kind] : Number(url.port),
    user: decoded(url.username, option),
    database: decoded(url.pathname.slice(1), option),
    password: url.password === '' ? null : decoded(url.password, option),
  };
  if (address.user === '') throw new TributaryError('E1006', `url names no user: option=${option}`);
  // As libpq does; a MySQL server has no such custom.
  return kind === 'postgres' ? { ...address, database: address.database || address.user } : address;
}

function parsedUrl(text: string, option: string): { readonly url: URL; readonly kind: SourceKind } {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  const kind = scheme !== undefined && Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (kind === undefined) {
    const found = scheme === undefined || !text.includes('://') ? '(none)' : scheme;
    throw new TributaryError(
      'E1006',
      `url has an unknown scheme: option=${option} scheme=${found} known=${Object.keys(SCHEMES).join(',')}`,
    );
  }
  // The URL class keeps no host of the form `//user@/database`; such a URL names a Unix socket or localhost.
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null) return { url, kind };
  const withHost = text.replace(/^([a-z]+:\/\/[^/@]*@)(?=[:/?]|$)/i, '$1localhost');
  if (URL.canParse(withHost)) return { url: new URL(withHost), kind };
  // Not even the cause is attached: it holds the text.
  throw new TributaryError(
    'E1006',
    `url cannot be read: option=${option} expected=${scheme ?? 'postgres'}://user:password@host:port/database`,
  );
}

function decoded(part: string, option: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TributaryError('E1006', `url has a percent sign that encodes nothing, write it as %25: option=${option}`);
  }
}

function hintFor(parameter: string): string {
  return parameter.startsWith('ssl') ? ' (use the options under tls)' : '';
}

function addressOfParts(options: AddressOptions, option: string): SourceAddress {
  const { host, user } = options;
  if (host === undefined || user === undefined) {
    const missing = host === undefined ? 'url or host' : 'user';
    throw new TributaryError('E1006', `source does not say where it is: option=${option} missing=${missing}`);
  }
  const port = options.port ?? PORTS.postgres;
  return { kind: 'postgres', host, port, user, database: options.database ?? user, password: null };
}

// `tributary init`: writes a commented configuration to start from.
import { Command } from 'commander';
import { TributaryError } from '../base/errors.ts';
import { writeNewFile } from '../config/new-file.ts';
import { parseSourceUrl, type SourceAddress } from '../config/source-url.ts';
import { printLine } from './output.ts';

interface Options {
  readonly fromUrl?: string;
  readonly output: string;
}

/** What the URL of a source says, without its password. */
interface Origin {
  readonly address: SourceAddress;
  /** Of `?sslmode=`, which is an option of its own here. */
  readonly tlsMode: string | null;
}

const PASSWORD_VARIABLE = 'TRIBUTARY_PASSWORD';
const EXAMPLE: Origin = {
  address: { kind: 'postgres', host: 'localhost', port: 5432, user: 'tributary', database: 'shop', password: null },
  tlsMode: null,
};
/** The modes of libpq; ours have the same meaning, and `allow` has none that is any better than `prefer`. */
const TLS_MODES: Readonly<Record<string, string>> = {
  disable: 'disable',
  allow: 'prefer',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
};

/** `tributary init` */
export function initCommand(): Command {
  return new Command('init')
    .description('write a commented configuration file')
    .option('--from-url <url>', 'postgres://, mysql:// or mariadb:// URL of the source; its password is not written')
    .option('-o, --output <file>', 'file to write, - for standard output', 'tributary.yaml')
    .action((options: Options) => {
      const origin = options.fromUrl === undefined ? EXAMPLE : originOf(options.fromUrl);
      const text = configText(origin);
      if (options.output === '-') {
        printLine(text.trimEnd());
        return;
      }
      writeNewFile(options.output, text);
      printLine(`wrote ${options.output}`);
      printLine(`next: export ${PASSWORD_VARIABLE}=…, then tributary check -c ${options.output}`);
    });
}

function originOf(text: string): Origin {
  const [base, query = ''] = text.split('?', 2);
  const parameters = query.split('&').filter((item) => item !== '');
  const ssl = parameters.find((item) => item.startsWith('sslmode='));
  const rest = parameters.filter((item) => item !== ssl);
  const address = parseSourceUrl(rest.length === 0 ? base : `${base}?${rest.join('&')}`, '--from-url');
  if (ssl === undefined) return { address, tlsMode: null };
  const mode = ssl.slice('sslmode='.length);
  if (!Object.hasOwn(TLS_MODES, mode)) {
    throw new TributaryError(
      'E1006',
      `url has an unknown sslmode: option=--from-url value=${mode} known=${Object.keys(TLS_MODES).join(',')}`,
    );
  }
  return { address, tlsMode: TLS_MODES[mode] };
}

function addressLines(address: SourceAddress): readonly string[] {
  return [
    `    host: ${JSON.stringify(address.host)}`,
    `    port: ${address.port}`,
    `    user: ${JSON.stringify(address.user)}`,
    `    database: ${JSON.stringify(address.database)}`,
  ];
}

function mysqlUrl({ host, port, user, database }: SourceAddress): string {
  const server = host.includes(':') ? `[${host}]` : host;
  return `mysql://${encodeURIComponent(user)}@${server}:${port}/${encodeURIComponent(database)}`;
}

function configText({ address, tlsMode }: Origin): string {
  const name =
    address.database
      .toLowerCase()
      .replace(/[^a-z0-9_]/g, '_')
      .slice(0, 50) || 'source';
  const isPostgres = address.kind === 'postgres';
  const place = isPostgres ? addressLines(address) : [`    url: ${JSON.stringify(mysqlUrl(address))}`];
  const tls =
    tlsMode === null
      ? '    # tls: { mode: verify-full, ca: "${file:/etc/ssl/ca.pem}" }'
      : `    tls: { mode: ${tlsMode} }`;
  const schema = isPostgres ? 'public' : address.database || 'shop';
  return `# Configuration of Tributary. Every option with its default: tributary config show --defaults
version: 1

lake:
  # Where the Paimon tables are written: a directory, or file:///…
  warehouse: ./lake

sources:
  # Each source is a pipeline of its own: one database, one log, one position.
  ${name}:
${place.join('\n')}
    # Placeholders are filled at every connect; \${file:/run/secrets/password} reads a file.
    password: "\${env:${PASSWORD_VARIABLE}}"
${tls}
    tables:
      # Globs or /regular expressions/ on schema.table; "!" removes; later entries override earlier ones.
      - ${schema}.*
      # - "!${schema}.audit_*"
      # Every change with its before-image, for \`tributary changelog\`:
      # - { match: ${schema}.orders, options: { changelog-producer: input } }

# A transaction is readable in the lake at most about this long after its commit.
commit: { interval: 5s }

# Health, metrics and status.
http: { listen: "127.0.0.1:8780" }
`;
}

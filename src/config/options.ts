// The one table of options: name, type, default, limits and one sentence each. Validation, the JSON Schema,
// `config show --defaults` and config/reference.yaml are made from it. Keys are the users' (interfaces.md).
import { z } from 'zod';
import { parseDuration, parseSize } from './units.ts';

/** A duration such as `10s`; milliseconds after parsing. */
function duration(text: string, limits: { readonly minMs?: number } = {}) {
  return z
    .string()
    .default(text)
    .transform((value, context) => {
      const valueMs = parseDuration(value);
      if (valueMs !== null && valueMs >= (limits.minMs ?? 0)) return valueMs;
      context.addIssue({
        code: 'custom',
        message: `expected a duration such as 10s or 5m${limits.minMs === undefined ? '' : `, at least ${limits.minMs}ms`}`,
      });
      return z.NEVER;
    });
}

/** A size such as `64MiB`; bytes after parsing. */
function size(text: string, limits: { readonly minBytes?: number } = {}) {
  return z
    .string()
    .default(text)
    .transform((value, context) => {
      const bytes = parseSize(value);
      if (bytes !== null && bytes >= (limits.minBytes ?? 0)) return bytes;
      context.addIssue({
        code: 'custom',
        message: `expected a size such as 64MiB${limits.minBytes === undefined ? '' : `, at least ${limits.minBytes} bytes`}`,
      });
      return z.NEVER;
    });
}

/** A size of at least one byte, or null. */
const sizeOrNull = z
  .string()
  .nullable()
  .default(null)
  .transform((value, context) => {
    const bytes = value === null ? null : parseSize(value);
    if (value === null || (bytes !== null && bytes >= 1)) return bytes;
    context.addIssue({ code: 'custom', message: 'expected a size such as 64MiB, or null' });
    return z.NEVER;
  });

/** Options of Paimon, verbatim: numbers and booleans are taken as their text. */
const paimonOptions = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
  .default({})
  .describe('Paimon options of the table, verbatim: changelog-producer, deletion-vectors.enabled, target-file-size, …');

const onUnrepresentable = z.enum(['stop', 'as_null', 'string']);

const typeChoices = {
  numeric_unbounded: z.enum(['string']).describe('Type of numeric without precision, or wider than 38 digits.'),
  numeric_overflow: onUnrepresentable.describe('A number with more digits than its DECIMAL.'),
  infinity: onUnrepresentable.describe('NaN in numeric; infinite dates and times, years before 1 and after 9999.'),
  time: z.enum(['auto', 'string']).describe('auto: TIME(3) where the column has milliseconds at most, else STRING.'),
};

const types = z
  .strictObject({
    numeric_unbounded: typeChoices.numeric_unbounded.default('string'),
    numeric_overflow: typeChoices.numeric_overflow.default('stop'),
    infinity: typeChoices.infinity.default('stop'),
    time: typeChoices.time.default('auto'),
  })
  .prefault({})
  .describe('What becomes of values that Paimon cannot hold.');

const columns = z
  .strictObject({
    types: z
      .record(z.string().min(1), z.enum(['string']))
      .default({})
      .describe('Types of columns by name: string keeps the text that the server prints.'),
    add: z
      .record(z.string().min(1), z.string())
      .default({})
      .describe(
        'Where an entry has `to`, its tables are merged into that one: columns that tell them apart, first in its key, with values of {source} {database} {schema} {table}.',
      ),
  })
  .describe('Settings of single columns.');

const tableSettings = {
  key: z
    .union([z.literal('auto'), z.array(z.string()).min(1)])
    .describe('auto: the primary key, else the replica identity index; or columns by name.'),
  no_key: z
    .enum(['skip', 'stop'])
    .describe('What is done with a table that has no key: left out (and named by check and status), or refused.'),
  buckets: z
    .union([z.enum(['auto', 'dynamic']), z.int().min(1).max(32767)])
    .describe(
      'auto: a fixed number chosen from the size of the table when it is created. dynamic: as many as the rows need (options: dynamic-bucket.*).',
    ),
};

const defaults = z
  .strictObject({
    key: tableSettings.key.default('auto'),
    no_key: tableSettings.no_key.default('skip'),
    buckets: tableSettings.buckets.default('auto'),
    columns: columns.prefault({}),
    types,
    options: paimonOptions,
  })
  .prefault({})
  .describe('Settings of every table, unless its own entry says otherwise.');

const tableEntry = z.union([
  z.string().min(1),
  z.strictObject({
    match: z.string().min(1).describe('A glob such as public.* or a /regular expression/, on schema.table.'),
    to: z.string().optional().describe('The lake table, as database.table.'),
    key: tableSettings.key.optional(),
    no_key: tableSettings.no_key.optional(),
    buckets: tableSettings.buckets.optional(),
    columns: columns.optional().describe('As under defaults.'),
    // Without defaults, or an entry would set back what it does not mention.
    types: z.strictObject(typeChoices).partial().optional().describe('As under defaults.'),
    options: paimonOptions.unwrap().optional().describe('Paimon options of the table, over those of defaults.'),
  }),
]);

const tls = z
  .strictObject({
    mode: z
      .enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])
      .default('prefer')
      .describe('How the connection is protected.'),
    ca: z.string().nullable().default(null).describe('PEM text of the authority to trust.'),
    cert: z.string().nullable().default(null).describe("PEM text of the client's certificate."),
    key: z.string().nullable().default(null).describe("PEM text of the client's key."),
    servername: z
      .string()
      .nullable()
      .default(null)
      .describe('The name the certificate must have; the host unless given.'),
  })
  .prefault({});

const source = z.strictObject({
  url: z
    .string()
    .optional()
    .describe(
      'postgres://, mysql:// or mariadb://user:password@host:port/database; or, for PostgreSQL, the parts below.',
    ),
  host: z.string().optional().describe('Host name, address, or directory of a Unix socket.'),
  port: z.int().min(1).max(65535).optional().describe('Port; 5432 unless given.'),
  user: z.string().optional().describe('User.'),
  database: z.string().optional().describe('Database.'),
  password: z
    .string()
    .nullable()
    .default(null)
    .describe('Password; ${env:X} and ${file:…} are read again at every connect.'),
  tls,
  connect_timeout: duration('10s', { minMs: 1 }).describe('How long a connection may take.'),
  slot: z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9_]{1,63}$/)
        .optional()
        .describe('Replication slot; tributary_<name> unless given.'),
      create: z.enum(['auto', 'never']).default('auto').describe('Whether it is created where it is absent.'),
      failover: z.enum(['auto', 'never']).default('auto').describe('auto: a failover slot on PostgreSQL 17 and newer.'),
    })
    .prefault({}),
  publication: z
    .strictObject({
      name: z.string().min(1).max(63).optional().describe('Publication; tributary_<name> unless given.'),
      create: z
        .enum(['auto', 'never'])
        .default('auto')
        .describe('Whether it is created and extended; never FOR ALL TABLES.'),
      via_partition_root: z.boolean().default(true).describe('Partitioned tables are read as their root.'),
    })
    .prefault({}),
  heartbeat: z
    .strictObject({
      interval: duration('30s', { minMs: 100 }).describe(
        'How often the position of an idle log is recorded and acknowledged.',
      ),
      emit: z
        .enum(['auto', 'never'])
        .default('auto')
        .describe('auto: writes a small message into an idle log, so that the slot moves on.'),
    })
    .prefault({}),
  on_slot_lost: z
    .enum(['stop', 'resync'])
    .default('stop')
    .describe('PostgreSQL, where the slot or its log is gone: resync copies every table anew, in place.'),
  server_id: z
    .union([z.literal('auto'), z.int().min(1).max(4294967295)])
    .default('auto')
    .describe('MySQL, MariaDB: our number among the replicas of the server; auto draws one.'),
  on_binlog_purged: z
    .enum(['stop', 'resync'])
    .default('stop')
    .describe('MySQL, MariaDB, where needed log was purged: resync copies every table of it anew, in place.'),
  zero_dates: z
    .enum(['as_null', 'string', 'error'])
    .default('as_null')
    .describe(
      'MySQL, MariaDB: dates that the calendar does not have, such as 0000-00-00; string types the columns STRING.',
    ),
  tables: z
    .array(tableEntry)
    .default([])
    .describe('Globs or /regular expressions/; "!" removes; later entries override earlier ones.'),
  defaults,
  schema: z
    .strictObject({
      on_change: z
        .enum(['evolve', 'stop'])
        .default('evolve')
        .describe('When columns of a table change: evolve changes the lake table; stop stops the table.'),
      add_column: z.enum(['apply', 'stop']).default('apply').describe('The table is copied anew, in place.'),
      drop_column: z
        .enum(['keep', 'drop', 'stop'])
        .default('keep')
        .describe('keep: the column stays in the lake, and rows that are written later have NULL there.'),
      rename_column: z
        .enum(['apply', 'stop'])
        .default('apply')
        .describe('MySQL, MariaDB: a column gone and a new one.'),
      widen_type: z.enum(['apply', 'stop']).default('apply').describe('The table is copied anew, in place.'),
      narrow_type: z
        .enum(['new_column', 'stop'])
        .default('new_column')
        .describe('new_column: the column stays as name_old, and a new one of the new type has the name.'),
    })
    .prefault({}),
  snapshot: z
    .strictObject({
      chunk_rows: z.int().min(1).default(50_000).describe('Rows of a new table that are read at once, at most.'),
      chunk_bytes: size('64MiB', { minBytes: 1024 }).describe('Bytes of them, about.'),
      rate_limit: sizeOrNull.describe('Bytes a second that are read of new tables, at most; null for no limit.'),
      max_transaction_age: duration('60s', { minMs: 100 }).describe(
        'A transaction that reads them and gets older is given up, and fewer rows are read at once.',
      ),
    })
    .prefault({}),
});

/** The whole configuration file. */
export const configSchema = z.strictObject({
  version: z.literal(1).describe('Version of this file format.'),
  lake: z
    .strictObject({
      warehouse: z
        .string()
        .min(1)
        .default('file:///var/lib/tributary/lake')
        .describe('Where the Paimon tables are: file:///…'),
      database: z
        .string()
        .min(1)
        .default('{schema}')
        .describe('Lake database of a table; {source} {database} {schema} {table}.'),
      table: z.string().min(1).default('{table}').describe('Lake table of a table; the same templates.'),
      case: z.enum(['preserve', 'lower']).default('preserve').describe('Case of lake databases, tables and columns.'),
      options: paimonOptions,
    })
    .prefault({}),
  sources: z
    .record(z.string().regex(/^[a-z0-9_]{1,50}$/, 'a source is named by lower-case letters, digits and _'), source)
    .default({})
    .describe('One pipeline a source.'),
  commit: z
    .strictObject({
      interval: duration('5s', { minMs: 10 }).describe('How often changes become readable.'),
      max_bytes: size('128MiB', { minBytes: 1024 }).describe('Commits earlier when this much is waiting.'),
      max_rows: z.int().min(1).default(1_000_000).describe('Commits earlier when this many rows are waiting.'),
    })
    .prefault({}),
  maintenance: z
    .strictObject({
      compaction: z
        .enum(['inline', 'off'])
        .default('inline')
        .describe('inline: this process compacts; off: another engine does.'),
      snapshots: z
        .strictObject({
          retain: duration('1h').describe('How long snapshots and cuts stay readable.'),
          min: z.int().min(1).default(10).describe('How many stay in any case.'),
        })
        .prefault({}),
    })
    .prefault({}),
  errors: z
    .strictObject({
      on_table_error: z
        .enum(['isolate', 'stop'])
        .default('isolate')
        .describe('isolate: other tables go on; stop: the source ends.'),
      isolate_max_lag: size('10GiB').describe('Log that a stopped table may hold back before its source ends.'),
      retry: z
        .strictObject({
          initial: duration('1s', { minMs: 1 }).describe('First wait before a lost connection is opened again.'),
          max: duration('60s', { minMs: 1 }).describe('Longest wait; waits double up to it.'),
          give_up: duration('5m', { minMs: 0 }).describe(
            'Ends with the error when nothing was committed for this long.',
          ),
        })
        .prefault({}),
    })
    .prefault({}),
  limits: z
    .strictObject({
      memory: size('256MiB', { minBytes: 16 * 1024 * 1024 }).describe('All buffers of the daemon together.'),
      spill: z
        .strictObject({
          dir: z.string().nullable().default(null).describe("null: the system's directory for temporary files."),
          max: size('20GiB').describe('All temporary files of a command together.'),
        })
        .prefault({})
        .describe(
          'Of the commands that take this file: query, table write, table compact. The daemon makes no temporary files.',
        ),
      workers: z
        .union([z.literal('auto'), z.int().min(1).max(64)])
        .default('auto')
        .describe('Threads that sort, encode and compact; auto: the cores less one, at most 4.'),
    })
    .prefault({}),
  http: z
    .strictObject({
      listen: z
        .string()
        .nullable()
        .default('127.0.0.1:8780')
        .describe('Address of health, metrics and status; null switches it off.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least severity written.'),
      format: z
        .enum(['auto', 'text', 'json'])
        .default('auto')
        .describe('auto: readable on a terminal, JSON lines otherwise.'),
    })
    .prefault({}),
});

/** The configuration after validation; durations in milliseconds, sizes in bytes. */
export type Config = z.infer<typeof configSchema>;

/** One source of the configuration. */
export type SourceConfig = Config['sources'][string];

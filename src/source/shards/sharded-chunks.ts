// Chunks of merged tables: one shard after the other, in the order of their keys (docs/design/0005-shards.md).
import { assert } from '../../base/errors.ts';
import type { ChangeBatch } from '../../change/change-batch.ts';
import type { PositionOrder, SourcePosition } from '../../change/position.ts';
import type { RowKey } from '../../change/row-key.ts';
import type { TableKey } from '../../change/table-key.ts';
import type { ChunkedCopies, ChunkRange, CopyChunk, LogStart } from '../source.ts';
import { mergedBatch, type MergedTable, type Shard } from './merged-tables.ts';
import type { ShardedTables } from './sharded-tables.ts';

type KeyRange = Extract<ChunkRange, { readonly kind: 'keys' }>;
type NextRange = Extract<ChunkRange, { readonly kind: 'after' }>;

/** Chunks of tables of which some are merged. */
export class ShardedChunks implements ChunkedCopies {
  private readonly chunks: ChunkedCopies;
  private readonly positions: PositionOrder;
  private readonly tables: () => ShardedTables;

  constructor(chunks: ChunkedCopies, positions: PositionOrder, tables: () => ShardedTables) {
    this.chunks = chunks;
    this.positions = positions;
    this.tables = tables;
  }

  supports(table: TableKey): boolean {
    return this.tables()
      .keysOf(table)
      .every((key) => this.chunks.supports(key));
  }

  async prepareLog(tables: readonly TableKey[], signal: AbortSignal): Promise<LogStart> {
    const start = await this.chunks.prepareLog(
      tables.flatMap((table) => this.tables().keysOf(table)),
      signal,
    );
    return { ...start, incarnations: this.tables().incarnations(start.incarnations) };
  }

  /** Throws what the source's own throws. */
  async openChunk(table: TableKey, range: ChunkRange, signal: AbortSignal): Promise<CopyChunk | null> {
    const merged = this.tables().merged.get(table);
    if (merged === undefined) return this.chunks.openChunk(table, range, signal);
    return range.kind === 'after' ? this.nextChunk(merged, range, signal) : this.chunkOfKeys(merged, range, signal);
  }

  close(): Promise<void> {
    return this.chunks.close();
  }

  private async nextChunk({ shards }: MergedTable, range: NextRange, signal: AbortSignal): Promise<CopyChunk | null> {
    const [key, bound] = range.bound === null ? [shards[0].table.key, null] : boundOf(range.bound);
    const index = shards.findIndex(({ table }) => table.key === key);
    assert(index >= 0, `a copy goes on in a shard that is not there: shard=${key}`);
    const shard = shards[index];
    const chunk = await this.chunks.openChunk(shard.table.key, { ...range, bound }, signal);
    if (chunk === null) return null;
    const next = chunk.next === null ? shards.at(index + 1) : shard;
    return {
      position: chunk.position,
      next: next === undefined ? null : JSON.stringify([next.table.key, chunk.next]),
      rows: () => mergedRows(chunk.rows(), shard),
      close: () => chunk.close(),
    };
  }

  /** Of keys in several shards the rows are held, as one chunk at a time can be open: they are few. */
  private async chunkOfKeys(
    { shards }: MergedTable,
    { keys }: KeyRange,
    signal: AbortSignal,
  ): Promise<CopyChunk | null> {
    const held: ChangeBatch[] = [];
    let position: SourcePosition | null = null;
    for (const shard of shards) {
      const own = keysIn(shard, keys);
      if (own.length === 0) continue;
      const chunk = await this.chunks.openChunk(shard.table.key, { kind: 'keys', keys: own }, signal);
      if (chunk === null) return null;
      try {
        for await (const batch of mergedRows(chunk.rows(), shard)) held.push(batch);
      } finally {
        await chunk.close();
      }
      position = position === null ? chunk.position : this.positions.latest(position, chunk.position);
    }
    assert(position !== null, 'keys of no shard are asked for');
    return { position, next: null, rows: () => given(held), close: () => Promise.resolve() };
  }
}

/** The keys of the shard's rows, as the shard has them. */
function keysIn({ values }: Shard, keys: readonly RowKey[]): readonly RowKey[] {
  const own = values.map((value) => Buffer.from(value, 'utf8').toString('base64'));
  return keys.filter((key) => own.every((text, index) => key[index] === text)).map((key) => key.slice(own.length));
}

function boundOf(text: string): readonly [key: string, bound: string | null] {
  return JSON.parse(text) as [string, string | null];
}

/** The rows of a shard as those of the merged table. */
export async function* mergedRows(rows: AsyncIterable<ChangeBatch>, shard: Shard): AsyncGenerator<ChangeBatch> {
  for await (const batch of rows) yield mergedBatch(batch, shard);
}

async function* given(batches: readonly ChangeBatch[]): AsyncGenerator<ChangeBatch> {
  yield* batches;
}

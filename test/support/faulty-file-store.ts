// A store that fails as planned: wraps another store, so that no fault has a hook in the product.
import type { Clock } from '../../src/base/clock.ts';
import type { ErrorCode } from '../../src/base/error-codes.ts';
import { TributaryError } from '../../src/base/errors.ts';
import type { Random } from '../../src/base/random.ts';
import type { FileEntry, FileSink, FileStore, StoreSettings } from '../../src/storage/file-store.ts';

/** The calls of a store and of its sinks that can fail. */
export type StoreOperation =
  | 'read'
  | 'readRange'
  | 'stat'
  | 'list'
  | 'openWrite'
  | 'write'
  | 'close'
  | 'create'
  | 'replace'
  | 'delete'
  | 'renameDirectory'
  | 'deleteDirectory';

/** One call. */
export interface StoreCall {
  /** 0 for the first call of the store. */
  readonly index: number;
  readonly operation: StoreOperation;
  readonly path: string;
}

/** What goes wrong with a call. `code` is E3004 unless given. */
export type Fault =
  /** Fails without an effect. */
  | { readonly kind: 'before'; readonly code?: ErrorCode }
  /** Takes effect, and the answer is lost. */
  | { readonly kind: 'after'; readonly code?: ErrorCode }
  /** A `write` of a sink keeps the first half of the bytes and fails; fails without an effect otherwise. */
  | { readonly kind: 'torn'; readonly code?: ErrorCode }
  /** Takes longer. */
  | { readonly kind: 'late'; readonly delayMs: number }
  /** The process ends before or after the effect: this call and all later ones fail. */
  | { readonly kind: 'crash'; readonly effect: boolean };

/** Decides what goes wrong with a call; null for nothing. */
export type FaultPlan = (call: StoreCall) => Fault | null;

/** The n-th call, from 0, and no other. */
export function faultAt(index: number, fault: Fault): FaultPlan {
  return (call) => (call.index === index ? fault : null);
}

/** The first `countMax` calls of an operation on a path that matches. */
export function faultOn(
  match: { readonly operation: StoreOperation; readonly path: RegExp; readonly countMax?: number },
  fault: Fault,
): FaultPlan {
  let count = 0;
  return (call) => {
    if (call.operation !== match.operation || !match.path.test(call.path)) return null;
    count += 1;
    return count <= (match.countMax ?? 1) ? fault : null;
  };
}

/** A share of all calls fails, before or after their effect by turns of chance. */
export function seededFaults(random: Random, share: number): FaultPlan {
  return () => {
    if (random.unit() >= share) return null;
    const kinds = ['before', 'after', 'torn'] as const;
    return { kind: kinds[Math.floor(random.unit() * kinds.length)] ?? 'before' };
  };
}

/** A `FileStore` that passes calls on, with faults. */
export class FaultyFileStore implements FileStore {
  /** The calls so far, in order. */
  readonly calls: StoreCall[] = [];
  readonly #inner: FileStore;
  readonly #clock: Clock | null;
  #plan: FaultPlan;
  #crashed = false;

  /** `clock` is needed for faults of kind `late`. */
  constructor(inner: FileStore, plan: FaultPlan = () => null, clock: Clock | null = null) {
    this.#inner = inner;
    this.#plan = plan;
    this.#clock = clock;
  }

  /** Goes on with another plan; calls are counted on. */
  setPlan(plan: FaultPlan): void {
    this.#plan = plan;
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  read(path: string): Promise<Uint8Array> {
    return this.#call('read', path, () => this.#inner.read(path));
  }

  readRange(path: string, offset: number, sizeBytes: number): Promise<Uint8Array> {
    return this.#call('readRange', path, () => this.#inner.readRange(path, offset, sizeBytes));
  }

  stat(path: string): Promise<FileEntry | null> {
    return this.#call('stat', path, () => this.#inner.stat(path));
  }

  list(directory: string): Promise<readonly FileEntry[]> {
    return this.#call('list', directory, () => this.#inner.list(directory));
  }

  async openWrite(path: string): Promise<FileSink> {
    const sink = await this.#call('openWrite', path, () => this.#inner.openWrite(path));
    return {
      write: (bytes) => this.#write(sink, path, bytes),
      close: () => this.#call('close', path, () => sink.close()),
      // A process that has ended removes nothing.
      abort: async () => (this.#crashed ? undefined : sink.abort()),
    };
  }

  create(path: string, bytes: Uint8Array): Promise<boolean> {
    return this.#call('create', path, () => this.#inner.create(path, bytes));
  }

  replace(path: string, bytes: Uint8Array): Promise<void> {
    return this.#call('replace', path, () => this.#inner.replace(path, bytes));
  }

  delete(path: string): Promise<void> {
    return this.#call('delete', path, () => this.#inner.delete(path));
  }

  renameDirectory(from: string, to: string): Promise<boolean> {
    return this.#call('renameDirectory', from, () => this.#inner.renameDirectory(from, to));
  }

  deleteDirectory(directory: string): Promise<void> {
    return this.#call('deleteDirectory', directory, () => this.#inner.deleteDirectory(directory));
  }

  location(path: string): string {
    return this.#inner.location(path);
  }

  /** Workers would go around the faults. */
  settings(): StoreSettings | null {
    return null;
  }

  #write(sink: FileSink, path: string, bytes: Uint8Array): Promise<void> {
    return this.#call(
      'write',
      path,
      () => sink.write(bytes),
      () => sink.write(bytes.subarray(0, bytes.length >> 1)),
    );
  }

  async #call<T>(
    operation: StoreOperation,
    path: string,
    effect: () => Promise<T>,
    torn: () => Promise<unknown> = async () => {},
  ): Promise<T> {
    const call: StoreCall = { index: this.calls.length, operation, path };
    this.calls.push(call);
    if (this.#crashed) throw failure(call, 'E3004', 'process has ended');
    const fault = this.#plan(call);
    if (fault === null) return effect();
    switch (fault.kind) {
      case 'before':
        throw failure(call, fault.code ?? 'E3004', 'before');
      case 'after':
        await effect();
        throw failure(call, fault.code ?? 'E3004', 'after');
      case 'torn':
        await torn();
        throw failure(call, fault.code ?? 'E3004', 'torn');
      case 'late':
        await this.#clock?.sleep(fault.delayMs);
        return effect();
      case 'crash':
        this.#crashed = true;
        if (fault.effect) await effect();
        throw failure(call, 'E3004', 'crash');
    }
  }
}

function failure(call: StoreCall, code: ErrorCode, reason: string): TributaryError {
  return new TributaryError(
    code,
    `planned fault: reason=${reason} call=${call.index} operation=${call.operation} path=${call.path}`,
  );
}

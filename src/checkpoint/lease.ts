// The lease of a running pipeline: tells a second instance that the first one lives. It only spares trouble; what
// keeps two instances from harm is that snapshots and checkpoint records are created once (architecture, rule 5).
import { hostname } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { assert, isTributaryError, TributaryError } from '../base/errors.ts';
import type { FileStore } from '../storage/file-store.ts';
import { Fields, parseJson } from './checkpoint-record.ts';
import { pipelineDirectory } from './checkpoint-store.ts';

/** Where a process runs, and whether another one of the same machine still does. */
export interface HostProcess {
  readonly host: string;
  readonly pid: number;
  isAlive(pid: number): boolean;
}

/** This process. */
export function thisProcess(): HostProcess {
  return { host: hostname(), pid: process.pid, isAlive: isProcessAlive };
}

/** Who holds a lease. */
export interface LeaseHolder {
  readonly token: string;
  readonly host: string;
  readonly pid: number;
  /** When it was renewed last, in milliseconds since the epoch. */
  readonly renewedMs: number;
}

/** What a lease works with. */
export interface LeaseParts {
  readonly store: FileStore;
  readonly pipeline: string;
  /** The run of the pipeline. */
  readonly token: string;
  readonly process: HostProcess;
  readonly clock: Clock;
  /** A lease that was not renewed for so long is free; it is renewed three times as often. */
  readonly durationMs: number;
  /** Called once when another instance has taken the lease: E5003. */
  readonly onLost: (error: TributaryError) => void;
  /** Called when a renewal failed; the next one is tried all the same. */
  readonly onRenewFailed: (error: unknown) => void;
}

/** Who holds the lease of a pipeline; null if nobody does. Throws E3500. */
export async function readLease(store: FileStore, pipeline: string): Promise<LeaseHolder | null> {
  const path = leasePath(pipeline);
  try {
    const fields = new Fields(parseJson(await store.read(path), path), path);
    return {
      token: fields.text('token'),
      host: fields.text('host'),
      pid: fields.number('pid'),
      renewedMs: fields.number('renewedMs'),
    };
  } catch (error) {
    if (isTributaryError(error, 'E3001')) return null;
    throw error;
  }
}

/** A held lease, renewed until it is released or lost. */
export class Lease {
  readonly #parts: LeaseParts;
  #stop: () => void = () => {};
  #renewing: Promise<void> | null = null;
  #held = true;

  private constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /**
   * Takes the lease if nobody holds it, if it has run out, or if its holder was a process of this machine that has
   * ended. Throws E5002 with the holder otherwise.
   */
  static async acquire(parts: LeaseParts): Promise<Lease> {
    assert(parts.durationMs > 0, `lease has no duration: duration_ms=${parts.durationMs}`);
    const { store, pipeline } = parts;
    const holder = await readLease(store, pipeline);
    if (holder !== null && holder.token !== parts.token && isHeld(holder, parts)) throw running(pipeline, holder);
    const lease = new Lease(parts);
    if (holder === null) await store.create(leasePath(pipeline), lease.#bytes());
    else await store.replace(leasePath(pipeline), lease.#bytes());
    const winner = await readLease(store, pipeline);
    if (winner !== null && winner.token !== parts.token) throw running(pipeline, winner);
    lease.#stop = parts.clock.every(parts.durationMs / 3, () => lease.#startRenewal());
    return lease;
  }

  /** False after the lease was lost or released. */
  get held(): boolean {
    return this.#held;
  }

  /** Renews the lease now, unless another instance has taken it. */
  async renew(): Promise<void> {
    const { store, pipeline } = this.#parts;
    const holder = await readLease(store, pipeline);
    if (!this.#held) return;
    if (holder !== null && holder.token !== this.#parts.token) this.#lose(holder);
    else await store.replace(leasePath(pipeline), this.#bytes());
  }

  /** Stops the renewals and gives the lease back, unless it was lost. */
  async release(): Promise<void> {
    this.#stop();
    await this.#renewing;
    if (!this.#held) return;
    this.#held = false;
    const { store, pipeline, token } = this.#parts;
    const holder = await readLease(store, pipeline);
    if (holder?.token === token) await store.delete(leasePath(pipeline));
  }

  #startRenewal(): void {
    // A slow store must not pile up renewals.
    if (this.#renewing !== null) return;
    this.#renewing = this.renew()
      .catch((error: unknown) => this.#parts.onRenewFailed(error))
      .finally(() => {
        this.#renewing = null;
      });
  }

  #lose(holder: LeaseHolder): void {
    this.#held = false;
    this.#stop();
    const { pipeline } = this.#parts;
    this.#parts.onLost(
      new TributaryError('E5003', `lease was taken over: pipeline=${pipeline} host=${holder.host} pid=${holder.pid}`),
    );
  }

  #bytes(): Uint8Array {
    const { token, process: own, clock } = this.#parts;
    const holder: LeaseHolder = { token, host: own.host, pid: own.pid, renewedMs: clock.nowMs() };
    return new TextEncoder().encode(`${JSON.stringify(holder)}\n`);
  }
}

function leasePath(pipeline: string): string {
  return `${pipelineDirectory(pipeline)}/lease`;
}

/** Whether the holder may still be running. A clock that is set back must not keep a lease for ever. */
function isHeld(holder: LeaseHolder, parts: LeaseParts): boolean {
  const own = parts.process;
  // Our own process id on our own machine is an earlier run of this process, or of a container with the same names.
  if (holder.host === own.host && (holder.pid === own.pid || !own.isAlive(holder.pid))) return false;
  return Math.abs(parts.clock.nowMs() - holder.renewedMs) < parts.durationMs;
}

function running(pipeline: string, holder: LeaseHolder): TributaryError {
  return new TributaryError(
    'E5002',
    `another instance is running: pipeline=${pipeline} host=${holder.host} pid=${holder.pid}`,
    { context: { renewedMs: holder.renewedMs } },
  );
}

function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

// Signals of the operating system as an AbortSignal: the first asks for a clean end, the second ends at once.

/** Why the process was asked to end. */
export type StopReason = 'SIGINT' | 'SIGTERM';

/** Listens until `release` is called. */
export interface StopSignals {
  readonly signal: AbortSignal;
  /** The signal that came first; null while none did. */
  reason(): StopReason | null;
  release(): void;
}

const EXIT_CODES: Readonly<Record<StopReason, number>> = { SIGINT: 130, SIGTERM: 143 };

/** Calls `onReload` at every SIGHUP, until the function that is given back is called. */
export function listenToReloads(onReload: () => unknown): () => void {
  process.on('SIGHUP', onReload);
  return () => {
    process.off('SIGHUP', onReload);
  };
}

/** Listens to SIGINT and SIGTERM; `onStop` is called at the first one. */
export function listenToStopSignals(onStop: (reason: StopReason) => void = () => {}): StopSignals {
  const controller = new AbortController();
  let first: StopReason | null = null;
  const receive = (name: StopReason) => (): void => {
    if (first !== null) process.exit(EXIT_CODES[name]);
    first = name;
    onStop(name);
    controller.abort(name);
  };
  const listeners = { SIGINT: receive('SIGINT'), SIGTERM: receive('SIGTERM') };
  process.on('SIGINT', listeners.SIGINT);
  process.on('SIGTERM', listeners.SIGTERM);
  return {
    signal: controller.signal,
    reason: () => first,
    release: () => {
      process.off('SIGINT', listeners.SIGINT);
      process.off('SIGTERM', listeners.SIGTERM);
    },
  };
}

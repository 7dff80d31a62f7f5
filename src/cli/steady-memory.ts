// Keeps the memory of a daemon to what it uses. glibc gives back at once only blocks that are larger than the largest one
// freed so far (mallopt(3), M_MMAP_THRESHOLD): after a while buffers of all sizes leave holes, a quarter of what is
// resident (bench/README.md). A fixed threshold ends that, and the environment of a process's start alone can set it.

const THRESHOLD = 'MALLOC_MMAP_THRESHOLD_';
const THRESHOLD_BYTES = 128 * 1024;
/** MiB of each half of the heap for what is new: columns live outside of it, and a larger one is only resident. */
const YOUNG_HEAP = '--max-semi-space-size=8';

/**
 * Begins this process again in its own place, once, with a fixed threshold and a small young heap: the same number, arguments and open streams.
 * Does nothing where the environment sets it, and elsewhere than on Linux.
 */
export function keepMemorySteady(): void {
  const { platform, env, execPath, execArgv, argv } = process;
  if (platform !== 'linux' || env[THRESHOLD] !== undefined || process.execve === undefined) return;
  process.execve(execPath, [execPath, YOUNG_HEAP, ...execArgv, ...argv.slice(1)], {
    ...env,
    [THRESHOLD]: `${THRESHOLD_BYTES}`,
  });
}

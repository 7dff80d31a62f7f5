// The runner of the command line captures output, waits for a line of it, and leaves no process behind.
import { expect, test } from 'vitest';
import { spawnCli } from '../../support/spawn-cli.ts';

/** Runs a script in the place of the command line: Node then sees the real command as a mere argument. */
function script(text: string, input?: string) {
  return spawnCli(['argument'], { nodeOptions: ['-e', text], ...(input === undefined ? {} : { input }) });
}

test('captures both streams, the arguments, the input and the exit code', async () => {
  const run = script(
    "process.stdin.on('data', (d) => { console.log(process.argv.at(-1), String(d)); console.error('bad'); process.exitCode = 3; })",
    'given',
  );
  expect(await run.exit).toEqual({ code: 3, signal: null });
  expect(run.stdout()).toBe('argument given\n');
  expect(run.stderr()).toBe('bad\n');
});

test('waits for output, then kills', async () => {
  const run = script("console.log('ready=7'); setInterval(() => {}, 1000)");
  expect((await run.waitFor(/ready=(\d)/))[1]).toBe('7');
  expect(await run.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
  expect(await run.kill()).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a command that ends before the output comes is reported with what it said', async () => {
  const run = script("console.log('something else')");
  await expect(run.waitFor(/ready/)).rejects.toThrow('something else');
});

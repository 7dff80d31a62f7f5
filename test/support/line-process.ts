// A long-lived program that answers one line of JSON with one line of JSON, in order: the oracles of the interop tests.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What such a program answers: its output, or why it refused. */
export type LineAnswer =
  | { readonly rc: number; readonly out: string }
  | { readonly error: string; readonly trace: string };

/** A running program; it sees the end of its input when this process ends, and ends too. */
export interface LineProcess {
  /** Sends one command; several may be under way. Rejects when the program ends before it answers. */
  ask(args: readonly string[]): Promise<LineAnswer>;
  /** Closes its input and waits for its end. */
  stop(): Promise<void>;
}

interface Asked {
  readonly answered: (answer: LineAnswer) => void;
  readonly failed: (error: Error) => void;
}

const COMPLAINTS_MAX = 4000;

/** Starts a program; `env` is added to this process's environment. */
export function lineProcess(command: readonly string[], env: Readonly<Record<string, string>> = {}): LineProcess {
  const [program = '', ...rest] = command;
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const waiting: Asked[] = [];
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString('utf8')).slice(-COMPLAINTS_MAX);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    waiting.shift()?.answered(JSON.parse(line) as LineAnswer);
  });
  const ended = new Promise<void>((done) => {
    const end = (reason: string): void => {
      for (const asked of waiting.splice(0)) asked.failed(new Error(`${program} ${reason}: ${complaints}`));
      done();
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(`ended, code=${code} signal=${signal}`));
  });
  // Writing to a program that has ended fails here; its end has rejected what was asked.
  child.stdin.on('error', () => undefined);
  return {
    ask: (args) =>
      new Promise((answered, failed) => {
        if (child.exitCode !== null || child.signalCode !== null) {
          failed(new Error(`${program} has ended: ${complaints}`));
          return;
        }
        waiting.push({ answered, failed });
        child.stdin.write(`${JSON.stringify({ args })}\n`);
      }),
    stop: () => {
      child.stdin.end();
      return ended;
    },
  };
}

/** Why a program of the outside world refused a command. */
export class Refused extends Error {
  /** The program's own stack trace. */
  readonly trace: string;

  constructor(message: string, trace: string) {
    super(message);
    this.name = 'Refused';
    this.trace = trace;
  }
}

/** The output of an answer; throws `Refused` for a refusal. */
export function outputOf(answer: LineAnswer): string {
  if ('error' in answer) throw new Refused(answer.error, answer.trace);
  return answer.out;
}

/** Output of one JSON value a line. */
export function jsonLines<Row>(output: string): readonly Row[] {
  const lines = output.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Row);
}

/** True where the tests that need a JDK, Python or servers of the system's packages are to run: `.ci/run` says so. */
export function interopWanted(): boolean {
  return process.env['TRIBUTARY_INTEROP'] === '1';
}

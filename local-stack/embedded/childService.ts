/** A server of another program, run as a child that cannot outlive this process. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface ChildService {
  /** Resolves with the exit code when the program has ended, whatever ended it. */
  readonly ended: Promise<number | null>;
  /** All it wrote so far, the newest end of it. */
  output(): string;
  /** Kills it and waits for its end. These programs keep nothing that a sudden end could damage. */
  close(): Promise<void>;
}

/**
 * The guard between us and the program: its standard input is a pipe that ends when this process does, however it
 * ends (a signal, a crash, SIGKILL), and then it kills the program. Needs no signal handler here.
 */
const GUARD = `
exec 3<&0
"$@" 3<&- </dev/null &
program=$!
{ cat <&3 >/dev/null; kill -KILL "$program"; } 2>/dev/null &
watch=$!
exec 3<&-
wait "$program"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
`;

/** So much of the output is kept for an error message. */
const OUTPUT_MAX_CHARS = 8_192;

/** Runs a program in a folder; the folder is its only trace. */
export function startChild(program: string, args: readonly string[], folder: string): ChildService {
  const child = spawn('/bin/sh', ['-c', GUARD, 'guard', program, ...args], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C in a terminal goes to the whole group; our own end comes first and then closes this one.
    detached: true,
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text = (text + piece).slice(-OUTPUT_MAX_CHARS);
    });
  }
  child.stdin.on('error', () => undefined);
  // Both events, since a program that cannot be started at all has no exit.
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
    child.once('error', () => resolve(null));
  });
  return {
    ended,
    output: () => text,
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** The first of the programs that the PATH has, as an absolute path; null when it has none. */
export function findProgram(names: readonly string[], path: string | undefined): string | null {
  for (const name of names) {
    for (const folder of (path ?? '').split(delimiter)) {
      if (folder === '') continue;
      const program = join(folder, name);
      if (isExecutable(program)) return program;
    }
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

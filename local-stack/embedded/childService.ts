/** Runs another program as a child process that cannot outlive this one. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface ChildService {
  /** Resolves with the exit code when the program has ended for any reason; null without a code. */
  readonly ended: Promise<number | null>;
  /** The end of all output so far. */
  output(): string;
  /** Kills the program and waits for its end. These programs have no data that this could damage. */
  close(): Promise<void>;
}

/**
 * A shell script that starts the program and kills it when this process ends. Its standard input is a pipe, which ends
 * with this process even after a crash or SIGKILL. So no signal handler is needed here.
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

/** Characters of the output that are kept for an error message. */
const OUTPUT_MAX_CHARS = 8_192;

/** Starts a program in a folder. It writes nowhere else. */
export function startChild(program: string, args: readonly string[], folder: string): ChildService {
  const child = spawn('/bin/sh', ['-c', GUARD, 'guard', program, ...args], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C in a terminal goes to the whole process group. This process must end first, and then ends the child.
    detached: true,
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text = (text + piece).slice(-OUTPUT_MAX_CHARS);
    });
  }
  child.stdin.on('error', () => undefined);
  // A program that cannot be started has an `error` event but no `exit`.
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

/** The first of these programs on the PATH, as an absolute path; null when the PATH has none of them. */
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

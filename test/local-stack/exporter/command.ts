/** The real command in a separate process, on free ports. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parseExposed } from './exposed.ts';

export const ROOT = join(import.meta.dirname, '../../..');
const MAIN = join(ROOT, 'local-stack/exporter/main.ts');
const DEADLINE_MS = 60_000;
const ASK_AGAIN_MS = 10;
const LIFETIME_MS = 180_000;
/** As in a container; without them V8 takes what the machine has before it cleans up. */
const MEMORY = ['--max-old-space-size=100', '--max-semi-space-size=4'];
/** Lets a test ask for what is really in use; nothing else of the command changes. */
const COLLECTING = ['--expose-gc', '--import', "data:text/javascript,process.on('SIGUSR2',()=>gc())"];

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const run = (args: readonly string[]): Child =>
  spawn(process.execPath, ['--no-warnings', ...MEMORY, ...COLLECTING, MAIN, ...args], {
    cwd: ROOT,
    stdio: 'pipe',
    // A command that should have ended is not left behind.
    timeout: LIFETIME_MS,
    killSignal: 'SIGKILL',
  });

/** Runs to the end with an open file as standard output. */
export function runSync(args: readonly string[], { input, stdout }: { input: string; stdout: number }) {
  const { stderr, status } = spawnSync(process.execPath, ['--no-warnings', MAIN, ...args], {
    cwd: ROOT,
    input,
    stdio: ['pipe', stdout, 'pipe'],
    encoding: 'utf8',
  });
  return { stderr, status };
}

/** Runs to the end. */
export async function runCommand(
  args: readonly string[],
  input: string | Buffer = '',
  { closesStdout = false } = {},
) {
  const child = run(args);
  if (closesStdout) child.stdout.destroy();
  const ended = once(child, 'exit');
  // A command that ends without reading its input closes it.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    closesStdout ? '' : text(child.stdout),
    text(child.stderr),
    ended,
  ]);
  return { stdout, stderr, code: code as number | null };
}

export interface RunningExporter extends AsyncDisposable {
  readonly udpPort: number;
  readonly tcpPort: number;
  readonly url: string;
  readonly stdin: Writable;
  values(): Promise<Map<string, number>>;
  /** What it keeps once all garbage is gone, by its own `/metrics`. */
  keptBytes(): Promise<number>;
  /** Asks until `holds`; fails after a minute. */
  until(holds: (values: ReadonlyMap<string, number>) => boolean): Promise<Map<string, number>>;
  /** The exit code, once it ended. */
  readonly exitCode: Promise<number | null>;
  /** The exit code, after a signal. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export async function startCommand(args: readonly string[] = []): Promise<RunningExporter> {
  const child = run(['--udp-port=0', '--tcp-port=0', '--http-port=0', ...args]);
  const exitCode = once(child, 'exit').then(([code]) => code as number | null);
  child.stdin.on('error', () => {});
  const places = await listening(child);
  const portOf = (scheme: string) => Number(new RegExp(`${scheme}://[^:]+:(\\d+)`).exec(places)?.[1]);
  const url = `http://127.0.0.1:${portOf('http')}`;
  const values = async () => parseExposed(await (await fetch(`${url}/metrics`)).text());
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exitCode;
  };
  return {
    udpPort: portOf('udp'),
    tcpPort: portOf('tcp'),
    url,
    stdin: child.stdin,
    values,
    async keptBytes() {
      const seen: number[] = [];
      for (let turn = 0; turn < 5; turn += 1) {
        child.kill('SIGUSR2');
        const now = await values();
        seen.push(keptIn(now));
      }
      // What is kept is there every time; the rest is of the scrape itself.
      return Math.min(...seen);
    },
    async until(holds) {
      const deadline = performance.now() + DEADLINE_MS;
      for (;;) {
        const seen = await values();
        if (holds(seen)) return seen;
        if (performance.now() > deadline) throw new Error(`it never came to hold: ${[...seen].join('\n')}`);
        // Each question is work for the exporter, which is meant to be reading.
        await delay(ASK_AGAIN_MS);
      }
    },
    exitCode,
    end,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
    },
  };
}

/** Bytes on the heap and beside it, except those that were allocated since the last collection. */
const keptIn = (values: ReadonlyMap<string, number>) =>
  [...values]
    .filter(([series]) => /^nodejs_(heap_space_size_used|external_memory)_bytes/.test(series))
    .filter(([series]) => !/space="new/.test(series))
    .reduce((total, [, bytes]) => total + bytes, 0);

async function listening(child: Child): Promise<string> {
  let seen = '';
  for await (const chunk of child.stderr) {
    seen += String(chunk);
    if (seen.includes('listening on') && seen.endsWith('\n')) {
      // The rest is discarded: a full pipe would stop the command.
      child.stderr.resume();
      return seen;
    }
  }
  throw new Error(`the exporter did not start: ${seen}`);
}

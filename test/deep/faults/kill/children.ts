/** Starts processes to be killed. They are bundled once, and the next one starts while the present one works. */
import { type ChildProcess, type ChildProcessByStdio, fork, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { build, stop } from 'esbuild';
import type { ChildAnswer, ChildMessage, ChildOrder } from './child.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
/** Some packages still call `require`, which ES modules lack. */
const BANNER =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/**
 * A shell script that kills a stopped process (SIGSTOP) once this one has ended, even by a kill. A stopped process
 * cannot end itself. The script reads the id of that process, or an empty line for no process.
 */
const GUARD = 'pid=; while read -r line; do pid=$line; done; if [ -n "$pid" ]; then kill -KILL "$pid"; fi';

export interface Child {
  /** Runs one operation, which must be the only one. Rejects when the process ends first. */
  order(order: ChildOrder): Promise<ChildAnswer>;
  /** Sets the wall clock of the process while it works. */
  setClock(byMs: number): Promise<void>;
  /** Stops the process (SIGSTOP). */
  stop(): Promise<void>;
  /** Continues the process (SIGCONT). */
  goOn(): void;
  /** Kills the process (SIGKILL); resolves when it has ended. */
  kill(): Promise<void>;
}

export interface Children {
  take(): Promise<Child>;
  close(): Promise<void>;
}

/** @param spare number of processes that are started in advance */
export async function startChildren(spare: number): Promise<Children> {
  const folder = await mkdtemp(join(tmpdir(), 'kill-sweep-'));
  const bundle = join(folder, 'child.mjs');
  const bundled = build({
    absWorkingDir: ROOT,
    entryPoints: ['test/deep/faults/kill/child.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    banner: { js: BANNER },
    logLevel: 'silent',
  });
  await bundled.finally(() => stop());

  const alive = new Set<Child>();
  const start = async (): Promise<Child> => {
    const child = wrap(fork(bundle, { execArgv: [], env: { NODE_COMPILE_CACHE: join(folder, 'compiled') } }));
    alive.add(child);
    void child.ended.then(() => alive.delete(child));
    await child.ready;
    return child;
  };
  // A process that ends normally writes its compile cache, which halves the start of the others.
  await ((await start()) as Wrapped).leave();
  const waiting = Array.from({ length: spare }, start);
  // The caller that takes the child gets its failure.
  for (const child of waiting) child.catch(() => undefined);

  return {
    async take() {
      const next = waiting.shift();
      const replacement = start();
      replacement.catch(() => undefined);
      waiting.push(replacement);
      return next ?? start();
    },
    async close() {
      await Promise.allSettled(waiting);
      await Promise.all([...alive].map((child) => child.kill()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Wrapped extends Child {
  readonly ready: Promise<ChildAnswer>;
  readonly ended: Promise<void>;
  /** Lets the process end normally. */
  leave(): Promise<void>;
}

function wrap(child: ChildProcess): Wrapped {
  let isOver = false;
  let guard: ChildProcessByStdio<Writable, null, null> | null = null;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      isOver = true;
      resolve();
    });
    child.once('error', () => resolve());
  });
  const next = async (...kinds: readonly ChildAnswer['kind'][]): Promise<ChildAnswer> => {
    const { promise, resolve, reject } = Promise.withResolvers<ChildAnswer>();
    const hear = (heard: unknown) => {
      const response = heard as ChildAnswer;
      if (kinds.includes(response.kind)) resolve(response);
    };
    child.on('message', hear);
    void ended.then(() => reject(new Error('The child ended.')));
    return promise.finally(() => child.off('message', hear));
  };
  const tell = (message: ChildMessage) => child.send(message, () => undefined);
  return {
    ready: next('ready'),
    ended,
    order(order) {
      const result = next('done', 'failed');
      tell({ kind: 'order', order });
      return result;
    },
    async setClock(byMs) {
      const reply = next('clock');
      tell({ kind: 'clock', byMs });
      await reply;
    },
    async stop() {
      guard ??= spawn('/bin/sh', ['-c', GUARD], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
      // The pipe breaks when the guard itself is killed, and the guard is then not needed.
      guard.stdin.on('error', () => undefined);
      const { stdin } = guard;
      await new Promise((resolve) => stdin.write(`${child.pid}\n`, resolve));
      child.kill('SIGSTOP');
    },
    goOn() {
      child.kill('SIGCONT');
      guard?.stdin.write('\n');
    },
    async kill() {
      if (!isOver) child.kill('SIGKILL');
      await ended;
      guard?.stdin.end('\n');
    },
    async leave() {
      child.disconnect();
      await ended;
    },
  };
}

/** Starts the whole application as `npm start` does, on free ports and with a separate data folder. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

export const ROOT = resolve(import.meta.dirname, '../..');

const START_TIMEOUT_MS = 120_000;

export interface AppOptions {
  /** The caller's folder, which is kept. Absent: a temporary one that `stop` removes. */
  readonly dataFolder?: string;
  /** Settings beside the ports. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface App {
  readonly apiUrl: string;
  readonly siteUrl: string;
  readonly s3Endpoint: string;
  /** The process of `local-stack/start.ts`. */
  readonly child: ChildProcess;
  /** All output so far. */
  output(): string;
  /** The environment with which another program finds this application (`serverless invoke local`, the sweep). */
  readonly env: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
  /** Ends it with SIGINT, like Ctrl-C, or another signal. Resolves with the exit code; null when it was killed. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** The running application, once the API responds. */
export async function startApp(options: AppOptions = {}): Promise<App> {
  const dataFolder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), 'image-api-')));
  const names = ['PORT', 'LAMBDA_PORT', 'SITE_PORT', 'S3_PORT', 'REDIS_PORT'];
  const ports = await freePorts(names.length);
  const env = cleanEnvironment({
    ...Object.fromEntries(names.map((name, index) => [name, String(ports[index])])),
    LOCAL_DATA: dataFolder,
    ...options.env,
  });
  const run = runStart(env);
  const isReady = await Promise.race([
    run.said('Press Ctrl-C to stop everything.').then(() => true),
    run.exited.then(() => false),
    delay(START_TIMEOUT_MS, false, { ref: false }),
  ]);
  const stop = async (signal: NodeJS.Signals = 'SIGINT') => {
    run.child.kill(signal);
    const code = await run.exited;
    if (options.dataFolder === undefined)
      await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 });
    return code;
  };
  if (!isReady) {
    await stop('SIGTERM');
    throw new Error(`The application did not start:\n${run.output()}`);
  }
  return {
    apiUrl: `http://localhost:${env.PORT}`,
    siteUrl: `http://localhost:${env.SITE_PORT}`,
    s3Endpoint: `http://127.0.0.1:${env.S3_PORT}`,
    child: run.child,
    output: run.output,
    env,
    ports,
    stop,
  };
}

export interface StartRun {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  output(): string;
  /** Resolves once the output contains `text`. */
  said(text: string): Promise<void>;
}

/** Runs `local-stack/start.ts` with exactly this environment. */
export function runStart(env: Readonly<Record<string, string>>): StartRun {
  const child = spawn(process.execPath, ['local-stack/start.ts'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const waiting: { readonly text: string; readonly resolve: () => void }[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      for (const each of waiting) if (text.includes(each.text)) each.resolve();
    });
  }
  return {
    child,
    exited: new Promise((resolve) => child.once('close', (code) => resolve(code))),
    output: () => text,
    said: (wanted) =>
      new Promise((resolve) => {
        if (text.includes(wanted)) resolve();
        waiting.push({ text: wanted, resolve });
      }),
  };
}

/** The environment variables that every program needs, and `settings`: no other variable of the machine. */
export function cleanEnvironment(settings: Readonly<Record<string, string>>): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'SystemRoot'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...settings };
}

/**
 * Different ports that were free a moment ago. They are below the kernel's dynamic ports (RFC 6335 section 6; Linux
 * begins at 32768), so no connection of another test takes one meanwhile.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries += 1) {
    if (tries > 1_000) throw new Error('Hardly any port is free.');
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** The ids of all descendants of a process. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const processes = await listProcesses();
  const found = [pid];
  for (const parent of found) {
    for (const process of processes) if (process.parent === parent) found.push(process.pid);
  }
  return found.slice(1);
}

/** The ids of descendants that run the handlers. The program that builds the bundles is not one of them. */
export async function gatewaysOf(pid: number): Promise<number[]> {
  const below = await descendantsOf(pid);
  const processes = await listProcesses();
  return processes
    .filter((process) => below.includes(process.pid) && process.name.includes('serverless.js'))
    .map((process) => process.pid);
}

/** Resolves when none of the processes is running. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  const end = performance.now() + 60_000;
  for (;;) {
    const left = (await listProcesses()).filter((process) => pids.includes(process.pid));
    if (left.length === 0) return;
    if (performance.now() > end) throw new Error(`Still running: ${left.map(({ name }) => name).join(', ')}`);
    // There is no event for the end of a process that is not a child of this one.
    await delay(50);
  }
}

/** All running processes, without zombies. */
async function listProcesses() {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid=,stat=,args=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => state?.startsWith('Z') === false)
    .map(([pid, parent, , ...name]) => ({ pid: Number(pid), parent: Number(parent), name: name.join(' ') }));
}

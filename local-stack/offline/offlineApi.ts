/** The API under serverless-offline, as a child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { READY } from './localRun.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SERVERLESS = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');

/**
 * Limit of request line and header fields. With Node's default of 16 KiB, hapi would send an empty 400 for longer ones.
 * A percent-encoded `url` of 2,048 characters takes up to 18 KiB. One that is slightly too long must get its problem
 * response. The stricter limit of the fields is in `gateway.ts`.
 */
const HEAD_MAX_BYTES = 48 * 1024;

/** Longer than serverless-offline waits for running calls. */
const STOP_TIMEOUT_MS = 7_000;

export interface OfflineApiConfig {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** URL of the API, which is called to see whether it works. */
  readonly url: string;
  readonly signal: AbortSignal;
  /** Gets the log of the functions, and a line of serverless-offline for each call. */
  readonly print: (text: string) => void;
}

export interface OfflineApi {
  /** Resolves with a sentence when the process has ended for any reason. */
  readonly ended: Promise<string>;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

/**
 * The running API, once it responds.
 * @throws Error with all output of the process, when it ends or responds wrongly before that
 */
export async function startOfflineApi({ env, url, signal, print }: OfflineApiConfig): Promise<OfflineApi> {
  const node = [`--max-http-header-size=${HEAD_MAX_BYTES}`];
  const child = spawn(process.execPath, [...node, SERVERLESS, 'offline', 'start', '--noSponsor'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A separate process group: Ctrl-C must reach only the parent, which then ends this child.
    detached: process.platform !== 'win32',
  });
  const ended = endOf(child);
  const api: OfflineApi = { ended, stop: () => stop(child, ended) };

  let said = '';
  let isReady = false;
  for (const stream of [child.stdout, child.stderr]) {
    forEachLine(stream, (line) => {
      if (!isReady) said += `${line}\n`;
      else if (isWorthPrinting(line)) print(line);
    });
  }
  try {
    await Promise.race([
      readiness(child),
      ended.then((reason) => Promise.reject(new Error(`${reason}\n${said}`))),
      rejection(signal),
    ]);
    await checkResponse(url, () => said);
    isReady = true;
    return api;
  } catch (error) {
    await api.stop();
    throw error;
  }
}

function readiness(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (message === READY) resolve();
    });
  });
}

/** Throws when the API does not work. A GET without `url` is the cheapest call that needs function and settings. */
async function checkResponse(url: string, said: () => string): Promise<void> {
  const response = await fetch(`${url}/images`);
  const body = await response.text();
  if (response.status === 400) return;
  throw new Error(`The API responded with ${response.status} instead of 400:\n${body}\n${said()}`);
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`The API could not be started: ${error.message}.`));
    child.once('exit', (code, signal) =>
      resolve(`The API stopped unexpectedly (${signal ?? `exit code ${code}`}).`),
    );
  });
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  const timer = new AbortController();
  child.kill('SIGTERM');
  const isLate = delay(STOP_TIMEOUT_MS, true, { signal: timer.signal, ref: false }).catch(() => false);
  await Promise.race([ended, isLate.then((late) => late && child.kill('SIGKILL'))]);
  timer.abort();
  await ended;
}

/** False for a line that repeats what is known of a call: serverless-offline invents its ids and billed times. */
function isWorthPrinting(line: string): boolean {
  return line.trim() !== '' && !/^\(λ: \w+\) RequestId: /.test(line);
}

/** Calls `onLine` for each line of a stream, and for a last one without a line end. */
function forEachLine(stream: Readable | null, onLine: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream?.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}

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
 * Node's own limit is 16 KiB, and hapi answers what is over it with an empty 400. A `url` of 2,048 characters takes up
 * to 18 KiB once each of them is percent-encoded, and one that is a little too long has a problem of its own. The rest
 * is bounded in plugins/gateway.ts.
 */
const HEAD_MAX_BYTES = 48 * 1024;

/** Longer than serverless-offline waits for calls that are under way. */
const STOP_TIMEOUT_MS = 7_000;

export interface OfflineApiConfig {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the API will be, to see whether it answers. */
  readonly url: string;
  readonly signal: AbortSignal;
  /** Told what the functions log, and what serverless-offline says about each call. */
  readonly print: (text: string) => void;
}

export interface OfflineApi {
  /** Resolves with a sentence when the process has ended, whatever the reason. */
  readonly ended: Promise<string>;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

/**
 * Resolves when the API answers.
 * @throws Error that holds all that the process said, when it ends or answers wrongly before that.
 */
export async function startOfflineApi({ env, url, signal, print }: OfflineApiConfig): Promise<OfflineApi> {
  const node = [`--max-http-header-size=${HEAD_MAX_BYTES}`];
  const child = spawn(process.execPath, [...node, SERVERLESS, 'offline', 'start', '--noSponsor'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // In a process group of its own: a Ctrl-C is for the parent, which then ends this child in its turn.
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
    await checkAnswer(url, () => said);
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

/** A GET without `url` is the cheapest call that shows that function, settings and gateway work together. */
async function checkAnswer(url: string, said: () => string): Promise<void> {
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

/** Each call has a line with method and path already; ids and billed times are serverless-offline's invention. */
function isWorthPrinting(line: string): boolean {
  return line.trim() !== '' && !/^\(λ: \w+\) RequestId: /.test(line);
}

/** Whole lines, the last one also without its end. */
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

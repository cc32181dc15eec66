/** The Redis of `npm start`, if the machine has the program. */
import { mkdir } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChildService, findProgram, startChild } from './childService.ts';

export interface RedisOptions {
  /** Its working folder, which is created if need be. Redis writes nothing there. */
  readonly directory: string;
  /** Absent: any free port. */
  readonly port?: number;
  /** Folders in which to look for the program, in the form of the PATH variable. */
  readonly path?: string | undefined;
}

export interface EmbeddedRedis {
  /** `127.0.0.1:<port>`, as `REDIS_ADDRESS` takes it. */
  readonly address: string;
  /** Resolves when the program has ended for any reason. */
  readonly ended: Promise<unknown>;
  close(): Promise<void>;
}

export const REDIS_PROGRAMS: readonly string[] = ['redis-server', 'valkey-server'];

const HOST = '127.0.0.1';
/** It usually takes 30 ms. A busy machine may take seconds. */
const START_TIMEOUT_MS = 10_000;
const ASK_AGAIN_MS = 10;

/**
 * A running `redis-server` or `valkey-server` without configuration file and persistence; null when neither is
 * installed.
 * @throws Error with code `EADDRINUSE` when the port is taken, or with the output of the program
 */
export async function startRedis(options: RedisOptions): Promise<EmbeddedRedis | null> {
  const { directory, path = process.env.PATH } = options;
  const program = findProgram(REDIS_PROGRAMS, path);
  if (program === null) return null;
  await mkdir(directory, { recursive: true });
  // Redis reports a taken port only in its log. This check reports it as an error with a code.
  const port = await reservePort(options.port ?? 0);
  const child = startChild(program, argumentsFor(port, directory), directory);
  try {
    await waitUntilReady(child, port);
  } catch (error) {
    await child.close();
    throw error;
  }
  return { address: `${HOST}:${port}`, ended: child.ended, close: () => child.close() };
}

function argumentsFor(port: number, directory: string): string[] {
  const settings = {
    port: String(port),
    bind: HOST,
    dir: directory,
    save: '',
    appendonly: 'no',
    maxmemory: '128mb',
    // Cached entries may be lost at any time, so the least recently used ones are evicted.
    'maxmemory-policy': 'allkeys-lru',
    daemonize: 'no',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** The port, which was free a moment ago; any free port for 0. */
function reservePort(port: number): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}

async function waitUntilReady(child: ChildService, port: number): Promise<void> {
  let hasEnded = false;
  void child.ended.then(() => {
    hasEnded = true;
  });
  const end = performance.now() + START_TIMEOUT_MS;
  while (!hasEnded && performance.now() < end) {
    if (await respondsToPing(port)) return;
    await delay(ASK_AGAIN_MS);
  }
  throw new Error(`Redis did not start:\n${child.output()}`);
}

function respondsToPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST, timeout: 1_000 });
    const end = (response: boolean) => {
      socket.destroy();
      resolve(response);
    };
    socket
      .on('connect', () => socket.write('PING\r\n'))
      .on('data', (data) => end(data.toString().startsWith('+PONG')))
      .on('error', () => end(false))
      .on('close', () => end(false))
      .on('timeout', () => end(false));
  });
}

/** Starts the MinIO of docker-compose.yml, which test/stack/programs.sh builds, in a temporary folder. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoreConfig } from '../../lib/config.ts';
import { type ChildService, findProgram, startChild } from '../../local-stack/embedded/childService.ts';
import { freePorts, ROOT } from './startApp.ts';

export interface MinIo {
  /** The configuration, with the keys of MinIO's root. */
  readonly config: StoreConfig & Required<Pick<StoreConfig, 'endpoint' | 'credentials'>>;
  /** Kills the process (SIGKILL) in the middle of its work. */
  kill(): Promise<void>;
  /** Starts it on the same port and folder. */
  startAgain(): Promise<void>;
  /** Kills it and removes its folder. */
  close(): Promise<void>;
}

const BUCKET = 'contract';
const CREDENTIALS = { accessKeyId: 'contract-access', secretAccessKey: 'contract-secret' };
/** It usually takes a second, and much longer beside other tests. */
const START_TIMEOUT_MS = 60_000;

/** Path of the program; null when it is not built. */
export function findMinIo(): string | null {
  return findProgram(['minio'], join(ROOT, '.local/stack/programs/minio'));
}

/** @param settings environment variables beside its own */
export async function startMinIo(
  program: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<MinIo> {
  const folder = await mkdtemp(join(tmpdir(), 'minio-'));
  // MinIO takes a folder of its drive for a bucket.
  await mkdir(join(folder, 'data', BUCKET), { recursive: true });
  const [port = 0, consolePort = 0] = await freePorts(2);
  const endpoint = `http://127.0.0.1:${port}`;
  const environment = {
    HOME: folder,
    MINIO_ROOT_USER: CREDENTIALS.accessKeyId,
    MINIO_ROOT_PASSWORD: CREDENTIALS.secretAccessKey,
    // Otherwise it would connect to other machines.
    MINIO_UPDATE: 'off',
    ...settings,
  };
  const args = [
    ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    ...[program, 'server', join(folder, 'data'), '--address', `127.0.0.1:${port}`],
    ...['--console-address', `127.0.0.1:${consolePort}`],
  ];
  const start = async () => {
    const child = startChild('/usr/bin/env', args, folder);
    if (await isReady(child, endpoint)) return child;
    const output = child.output();
    await child.close();
    throw new Error(`MinIO did not start:\n${output}`);
  };
  let child = await start();
  return {
    config: { bucket: BUCKET, region: 'us-east-1', endpoint, credentials: CREDENTIALS, linkTtlSeconds: 60 },
    kill: () => child.close(),
    startAgain: async () => {
      child = await start();
    },
    close: async () => {
      await child.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function isReady(child: ChildService, endpoint: string): Promise<boolean> {
  let hasEnded = false;
  void child.ended.then(() => {
    hasEnded = true;
  });
  const end = performance.now() + START_TIMEOUT_MS;
  while (!hasEnded && performance.now() < end) {
    if (await isServing(endpoint)) return true;
    await delay(20);
  }
  return false;
}

async function isServing(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/minio/health/ready`)).ok;
  } catch {
    return false;
  }
}

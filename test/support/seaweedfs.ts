/** Starts SeaweedFS, a real S3 server for the contract suites, as one process in a temporary folder. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoreConfig } from '../../lib/config.ts';
import { type ChildService, findProgram, startChild } from '../../local-stack/embedded/childService.ts';
import { freePorts } from './startApp.ts';

export interface SeaweedFs {
  /** The configuration, with keys for everything in the bucket. */
  readonly config: StoreConfig;
  /** Kills it and removes its folder. */
  close(): Promise<void>;
}

const BUCKET = 'contract';
const CREDENTIALS = { accessKeyId: 'contract-access', secretAccessKey: 'contract-secret' };
/** It usually takes less than a second, and much longer beside other tests. */
const START_TIMEOUT_MS = 60_000;
/** Another program may take one of the ports before the server starts. */
const STARTS_MAX = 3;

/** The absolute path of `weed`; null when the machine does not have it. */
export function findSeaweedFs(): string | null {
  return findProgram(['weed'], process.env.PATH);
}

export async function startSeaweedFs(program: string): Promise<SeaweedFs> {
  const folder = await mkdtemp(join(tmpdir(), 'seaweedfs-'));
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 's3.json'), JSON.stringify(identities()));
  for (let start = 1; ; start += 1) {
    const ports = await choosePorts();
    const child = startChild(program, argumentsFor(ports, folder), folder);
    const close = async () => {
      await child.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      // SeaweedFS always creates these sockets outside of its folder.
      await Promise.all(socketsOf(ports).map((path) => rm(path, { force: true })));
    };
    if (await isReady(child, ports.s3)) return { config: configFor(ports.s3), close };
    const output = child.output();
    await child.close();
    if (start === STARTS_MAX) {
      await close();
      throw new Error(`SeaweedFS did not start:\n${output}`);
    }
  }
}

interface Ports {
  readonly s3: number;
  readonly byName: Readonly<Record<string, number>>;
}

const PORT_NAMES = [
  'master.port',
  'master.port.grpc',
  'volume.port',
  'volume.port.grpc',
  'filer.port',
  'filer.port.grpc',
  's3.port',
  's3.port.grpc',
  'admin.port',
  'admin.port.grpc',
] as const;

async function choosePorts(): Promise<Ports> {
  const free = await freePorts(PORT_NAMES.length);
  const byName = Object.fromEntries(PORT_NAMES.map((name, index) => [name, free[index] ?? 0]));
  return { s3: byName['s3.port'] ?? 0, byName };
}

function argumentsFor({ byName }: Ports, folder: string): string[] {
  const settings = {
    dir: join(folder, 'data'),
    ip: '127.0.0.1',
    'ip.bind': '127.0.0.1',
    bucket: BUCKET,
    's3.config': join(folder, 's3.json'),
    // A missing bucket must be an error, as on AWS.
    's3.autoCreateBucket': 'false',
    's3.port.iceberg': 0,
    's3.port.lance': 0,
    'admin.ui': false,
    webdav: false,
    // Otherwise it would connect to other machines.
    'master.telemetry': false,
    ...byName,
  };
  return ['mini', ...Object.entries(settings).map(([name, value]) => `-${name}=${value}`)];
}

function identities() {
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = CREDENTIALS;
  const actions = ['Admin', 'Read', 'Write', 'List', 'Tagging'];
  return { identities: [{ name: 'contract', credentials: [{ accessKey, secretKey }], actions }] };
}

function configFor(port: number): StoreConfig {
  return {
    bucket: BUCKET,
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: CREDENTIALS,
    linkTtlSeconds: 60,
  };
}

/** Whether everything is ready, including the bucket. */
async function isReady(child: ChildService, port: number): Promise<boolean> {
  let hasEnded = false;
  void child.ended.then(() => {
    hasEnded = true;
  });
  const end = performance.now() + START_TIMEOUT_MS;
  while (!hasEnded && performance.now() < end) {
    if (child.output().includes('components are running and ready') && (await isServing(port))) return true;
    await delay(20);
  }
  return false;
}

async function isServing(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
  } catch {
    return false;
  }
}

function socketsOf({ byName }: Ports): string[] {
  return Object.entries(byName).flatMap(([name, port]) => {
    const [component] = name.split('.');
    return ['', '-grpc'].map((kind) => `/tmp/seaweedfs-${component}${kind}-${port}.sock`);
  });
}

/** Starts further S3 servers, which test/stack/stores.sh installs, each in a temporary folder. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoreConfig } from '../../lib/config.ts';
import { findProgram, startChild } from '../../local-stack/embedded/childService.ts';
import { signedFetch } from './signedFetch.ts';
import { freePorts, ROOT } from './startApp.ts';

export interface RunningServer {
  readonly config: StoreConfig;
  /** Kills it and removes its folder. */
  close(): Promise<void>;
}

interface Place {
  readonly program: string;
  readonly folder: string;
  readonly ports: readonly [number, number];
}

export interface S3Server {
  readonly name: string;
  /** Path of the program; null when it is not installed. */
  readonly find: () => string | null;
  /** The command line. Writes configuration files into the folder. */
  readonly command: (place: Place) => Promise<readonly string[]> | readonly string[];
  readonly environment?: (place: Place) => Readonly<Record<string, string>>;
}

const BUCKET = 'contract';
const KEYS = { accessKeyId: 'contract-access', secretAccessKey: 'contract-secret' };
const PROGRAMS = join(ROOT, '.local/stack/programs');
/** Java takes up to 15 s beside other tests. */
const START_TIMEOUT_MS = 120_000;
/** For a short run, optimised compilation costs more than it saves. */
const JAVA = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx512m', '-jar'];

const findJava = () => findProgram(['java'], process.env.PATH);
const findJar = (name: string) => {
  const jar = join(PROGRAMS, 'stores', name);
  return findJava() !== null && existsSync(jar) ? jar : null;
};

/** Servers that pass the contract suite. */
export const FIT_SERVERS: readonly S3Server[] = [
  {
    name: 'versitygw',
    find: () => findProgram(['versitygw'], join(PROGRAMS, 'versitygw')),
    command: async ({ program, folder, ports: [port] }) => {
      const data = join(folder, 'data');
      await mkdir(data);
      return [program, '--port', `127.0.0.1:${port}`, '--quiet', 'posix', data];
    },
    environment: () => ({ ROOT_ACCESS_KEY: KEYS.accessKeyId, ROOT_SECRET_KEY: KEYS.secretAccessKey }),
  },
  {
    name: 'moto',
    find: () => findProgram(['moto_server'], join(PROGRAMS, 'stores/moto/bin')),
    command: ({ program, ports: [port] }) => [program, '-H', '127.0.0.1', '-p', String(port)],
  },
];

/** Servers that the check of a bucket refuses, since their conditional writes are not atomic. */
export const UNFIT_SERVERS: readonly S3Server[] = [
  {
    name: 's3proxy',
    find: () => findJar('s3proxy.jar'),
    command: async ({ program, folder, ports: [port] }) => {
      await mkdir(join(folder, 'data'));
      const settings = {
        's3proxy.endpoint': `http://127.0.0.1:${port}`,
        's3proxy.authorization': 'aws-v4',
        's3proxy.identity': KEYS.accessKeyId,
        's3proxy.credential': KEYS.secretAccessKey,
        'jclouds.provider': 'filesystem-nio2',
        'jclouds.filesystem.basedir': join(folder, 'data'),
      };
      const file = join(folder, 's3proxy.conf');
      await writeFile(
        file,
        Object.entries(settings)
          .map((pair) => `${pair.join('=')}\n`)
          .join(''),
      );
      return ['java', ...JAVA, program, '--properties', file];
    },
  },
  {
    name: 'S3Mock',
    find: () => findJar('s3mock.jar'),
    command: ({ program, ports: [port, tlsPort] }) => [
      'java',
      ...[...JAVA, program, `--server.port=${tlsPort}`, `--com.adobe.testing.s3mock.http-port=${port}`],
      ...['--server.address=127.0.0.1'],
    ],
    environment: ({ folder }) => ({ COM_ADOBE_TESTING_S3MOCK_STORE_ROOT: folder }),
  },
];

/** A running server, once its bucket exists. */
export async function startS3Server(
  { command, environment = () => ({}) }: Pick<S3Server, 'command' | 'environment'>,
  program: string,
): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), 's3-server-'));
  const [port = 0, tlsPort = 0] = await freePorts(2);
  const place: Place = { program, folder, ports: [port, tlsPort] };
  const settings = Object.entries({ HOME: folder, ...environment(place) });
  const child = startChild(
    '/usr/bin/env',
    [...settings.map(([name, value]) => `${name}=${value}`), ...(await command(place))],
    folder,
  );
  const close = async () => {
    await child.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  let hasEnded = false;
  void child.ended.then(() => {
    hasEnded = true;
  });
  const end = performance.now() + START_TIMEOUT_MS;
  while (!(await hasBucket(endpoint))) {
    if (hasEnded || performance.now() > end) {
      await close();
      throw new Error(`It did not start:\n${child.output()}`);
    }
    await delay(50);
  }
  return {
    config: { bucket: BUCKET, region: 'us-east-1', endpoint, credentials: KEYS, linkTtlSeconds: 60 },
    close,
  };
}

/** Creates the bucket; false while the server does not respond. */
async function hasBucket(endpoint: string): Promise<boolean> {
  try {
    const { status } = await signedFetch(`${endpoint}/${BUCKET}`, { method: 'PUT', keys: KEYS });
    return status === 200 || status === 409;
  } catch {
    return false;
  }
}

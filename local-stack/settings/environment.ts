/** The environment of the functions in the local stack: offline, with `invoke local` and with `npm run sweep`. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLocked } from '../embedded/folderLock.ts';
import { LOCAL_KEYS } from '../embedded/localKeys.ts';
import type { LocalSettings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;
export type FunctionEnvironment = Readonly<Record<string, string>>;

/** The services that the stack starts itself. Absent: a setting names another one, or there is no such service. */
export interface OwnServices {
  /** URL of the embedded object store. */
  readonly objectStore?: string;
  /** `host:port` of the embedded Redis. */
  readonly redis?: string;
}

/** The default name of the bucket. */
export const LOCAL_BUCKET = 'images';

/** The keys of the embedded store, which never gets a real key. */
const OWN_KEYS = {
  AWS_ACCESS_KEY_ID: LOCAL_KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: LOCAL_KEYS.secretAccessKey,
};

/** The environment of the functions. `given` takes precedence over the stack's own services, except for `OWN_KEYS`. */
export function functionEnvironment(
  given: Environment,
  settings: Pick<LocalSettings, 'sitePort'>,
  own: OwnServices,
): FunctionEnvironment {
  const allowHosts = new Set([
    ...(settings.sitePort === null ? [] : [`localhost:${settings.sitePort}`]),
    ...(given.FETCH_ALLOW_HOSTS ?? '').split(',').filter((host) => host.trim() !== ''),
  ]);
  const redis = given.REDIS_ADDRESS || own.redis;
  return {
    S3_BUCKET: given.S3_BUCKET || LOCAL_BUCKET,
    ...(given.S3_ENDPOINT
      ? { S3_ENDPOINT: given.S3_ENDPOINT, ...givenKeys(given) }
      : { ...(own.objectStore && { S3_ENDPOINT: own.objectStore }), ...OWN_KEYS }),
    ...(redis && { REDIS_ADDRESS: redis }),
    FETCH_ALLOW_HOSTS: [...allowHosts].join(','),
    // UDP to the exporter of the compose stack. Without an exporter, nothing is printed and nothing waits.
    AWS_EMF_ENVIRONMENT: given.AWS_EMF_ENVIRONMENT || 'Agent',
    AWS_EMF_AGENT_ENDPOINT: given.AWS_EMF_AGENT_ENDPOINT || 'udp://127.0.0.1:25888',
  };
}

function givenKeys(given: Environment): FunctionEnvironment {
  const keys = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  return Object.fromEntries(keys.flatMap((key) => (given[key] ? [[key, given[key]]] : [])));
}

/** Settings that another process must have too: otherwise it would use another store, or ignore the lock. */
const SHARED = ['S3_ENDPOINT', 'S3_BUCKET', 'REDIS_ADDRESS'] as const;

/** A note that a running stack writes for `invoke local` in another terminal. */
interface Note {
  /** Id of the process that runs the stack. */
  readonly pid: number;
  readonly sitePort: number | null;
  readonly own: OwnServices;
  /** Names of the shared settings that the stack was given. Their values may be secret, so they are not here. */
  readonly given: readonly string[];
}

const noteIn = (dataFolder: string) => join(dataFolder, 'running.json');

/**
 * Writes the note of a running stack.
 * @param given the environment with which the stack was started
 */
export async function noteRunning(
  { dataFolder, sitePort }: Pick<LocalSettings, 'dataFolder' | 'sitePort'>,
  own: OwnServices,
  given: Environment,
): Promise<void> {
  const note: Note = { pid: process.pid, sitePort, own, given: SHARED.filter((name) => given[name]) };
  await mkdir(dataFolder, { recursive: true });
  await writeFile(noteIn(dataFolder), `${JSON.stringify(note, null, 2)}\n`);
}

export async function removeNote({ dataFolder }: Pick<LocalSettings, 'dataFolder'>): Promise<void> {
  await rm(noteIn(dataFolder), { force: true });
}

export interface JoinedEnvironment {
  readonly environment: FunctionEnvironment;
  readonly isRunning: boolean;
}

/**
 * The environment of a function that runs beside the stack. What is given here takes precedence, then the services of
 * the running stack, then its default ports.
 * @throws Error with one sentence when the running stack uses a store or cache that is not given here
 */
export async function joinRunning(given: Environment, settings: LocalSettings): Promise<JoinedEnvironment> {
  const note = await findNote(settings.dataFolder);
  const missing = (note?.given ?? []).filter((name) => !given[name]);
  if (missing.length > 0) {
    throw new Error(
      `The running local stack was started with ${missing.join(' and ')}: set the same values here, and the same keys.`,
    );
  }
  const own = note?.own ?? { objectStore: `http://127.0.0.1:${settings.objectStorePort}` };
  const { sitePort } = note ?? settings;
  return { environment: functionEnvironment(given, { sitePort }, own), isRunning: note !== null };
}

/** The note of the stack that runs on this data folder; null when no stack does. */
async function findNote(dataFolder: string): Promise<Note | null> {
  try {
    const note = JSON.parse(await readFile(noteIn(dataFolder), 'utf8')) as Note;
    // A killed stack leaves its note behind, and another program may have its process id by now.
    return isRunning(note.pid) && isLocked(dataFolder) !== false ? note : null;
  } catch {
    return null;
  }
}

function isRunning(pid: number): boolean {
  try {
    // Signal 0 only checks whether the process exists.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

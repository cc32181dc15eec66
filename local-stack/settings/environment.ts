/** What the local stack tells the functions, however they are run: offline, `invoke local` or `npm run sweep`. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLocked } from '../embedded/folderLock.ts';
import { LOCAL_KEYS } from '../embedded/localKeys.ts';
import type { LocalSettings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;
export type FunctionEnvironment = Readonly<Record<string, string>>;

/** The services that the stack brings itself; absent means there is none, or it was given by a setting. */
export interface OwnServices {
  /** URL of the embedded object store. */
  readonly objectStore?: string;
  /** `host:port` of the embedded Redis. */
  readonly redis?: string;
}

/** The name of the bucket where nothing else is said. */
export const LOCAL_BUCKET = 'images';

/** Of the embedded store: it knows no real key, and is never told one. */
const OWN_KEYS = {
  AWS_ACCESS_KEY_ID: LOCAL_KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: LOCAL_KEYS.secretAccessKey,
};

/** The environment of the functions: what was given wins over what the stack brings, but for keys (see above). */
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
    // UDP to where the exporter of the compose stack listens: without it nothing is printed and nothing waits.
    AWS_EMF_ENVIRONMENT: given.AWS_EMF_ENVIRONMENT || 'Agent',
    AWS_EMF_AGENT_ENDPOINT: given.AWS_EMF_AGENT_ENDPOINT || 'udp://127.0.0.1:25888',
  };
}

function givenKeys(given: Environment): FunctionEnvironment {
  const keys = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  return Object.fromEntries(keys.flatMap((key) => (given[key] ? [[key, given[key]]] : [])));
}

/** Settings without which another process would work on another store or past the lock. */
const SHARED = ['S3_ENDPOINT', 'S3_BUCKET', 'REDIS_ADDRESS'] as const;

/** What a running stack notes down, so that `invoke local` in another terminal finds it. */
interface Note {
  /** Process that runs the stack. */
  readonly pid: number;
  readonly sitePort: number | null;
  readonly own: OwnServices;
  /** The shared settings that it was given: their names alone, since their values may be secret. */
  readonly given: readonly string[];
}

const noteIn = (dataFolder: string) => join(dataFolder, 'running.json');

/** `given` is the environment that the stack was started with. */
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
 * The environment of a function that is run beside the stack: what is given here, then what the running stack
 * brings, then its usual ports.
 * @throws Error with one sentence when the running stack works on a store or cache that is not given here
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

/** The note of the stack that runs on this data folder; null when none does. */
async function findNote(dataFolder: string): Promise<Note | null> {
  try {
    const note = JSON.parse(await readFile(noteIn(dataFolder), 'utf8')) as Note;
    // A stack that was killed leaves its note behind, and its process id may be another program's by now.
    return isRunning(note.pid) && isLocked(dataFolder) !== false ? note : null;
  } catch {
    return null;
  }
}

function isRunning(pid: number): boolean {
  try {
    // Signal 0 only asks whether the process is there.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

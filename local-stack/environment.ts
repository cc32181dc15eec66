/** What the local stack tells the functions, however they are run: offline, `invoke local` or `npm run sweep`. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** The embedded store checks no signature: no real key has any business there. */
const LOCAL_KEYS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local-secret' };

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
      : { ...(own.objectStore && { S3_ENDPOINT: own.objectStore }), ...LOCAL_KEYS }),
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

/** What a running stack notes down, so that `invoke local` in another terminal finds it. */
interface Note {
  /** Process that runs the stack. */
  readonly pid: number;
  readonly sitePort: number | null;
  readonly own: OwnServices;
}

const noteIn = (dataFolder: string) => join(dataFolder, 'running.json');

/** Nothing that was given is written down, so no secret ever is. */
export async function noteRunning(
  settings: Pick<LocalSettings, 'dataFolder'>,
  note: Omit<Note, 'pid'>,
): Promise<void> {
  await mkdir(settings.dataFolder, { recursive: true });
  await writeFile(noteIn(settings.dataFolder), `${JSON.stringify({ pid: process.pid, ...note }, null, 2)}\n`);
}

export async function removeNote(settings: Pick<LocalSettings, 'dataFolder'>): Promise<void> {
  await rm(noteIn(settings.dataFolder), { force: true });
}

/** The note of the stack that runs on this data folder; null when none does. */
export async function findRunning(settings: Pick<LocalSettings, 'dataFolder'>): Promise<Note | null> {
  try {
    const note = JSON.parse(await readFile(noteIn(settings.dataFolder), 'utf8')) as Note;
    // Signal 0 only asks whether the process is there: a stack that was killed leaves its note behind.
    process.kill(note.pid, 0);
    return note;
  } catch {
    return null;
  }
}

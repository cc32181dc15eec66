/** Runs every query of the dashboards and every rule on the live Prometheus. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { call, jsonOf } from '../../local-stack/smoke/calls.ts';
import { metricsIn, withoutFallback } from '../local-stack/compose/promql.ts';
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

/** Planted queries, which must find nothing: the check must be able to fail. */
const PLANTED = ['no_such_metric or vector(0)', 'vector(0) / 0', 'up > 2'];

/** Checks that each query finds a figure, those of MinIO too. @throws Error that names the others */
export async function checkQueries(prometheus: string): Promise<string> {
  const queries = await dashboardQueries();
  const end = performance.now() + 45_000;
  let left = queries;
  // The next scrape and the next evaluation of the rules may be some seconds away.
  while (left.length > 0 && performance.now() < end) {
    const found = await Promise.all(left.map(({ expression }) => findsFigure(prometheus, expression)));
    left = left.filter((_, index) => !found[index]);
    if (left.length > 0) await delay(2_000);
  }
  const words = left.map(({ dashboard, panel, expression }) => `${dashboard} / ${panel}: ${expression}`);
  check(left.length === 0, `nothing for ${words.join('; ')}`);
  check(queries.length > 0, 'there are no dashboards');
  for (const planted of PLANTED) check(!(await findsFigure(prometheus, planted)), `${planted} was found`);
  return `${queries.length} queries; ${PLANTED.length} planted ones found nothing`;
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

/** The expression with values for Grafana's variables. */
function fillIn(expression: string): string {
  return expression
    .replace(/\$\{?__(rate_interval|interval)\}?/g, '1m')
    .replace(/\$\{?__range\}?/g, '5m')
    .replace(/\$\{?\w+(:\w+)?\}?/g, '.*');
}

/** Whether a panel would show a number for the expression, beside its fallback for no data. */
async function findsFigure(prometheus: string, expression: string): Promise<boolean> {
  const asked = new Set([expression, withoutFallback(expression)]);
  const found = await Promise.all([...asked].map((each) => figuresOf(prometheus, each)));
  return found.every((figures) => figures.some(Number.isFinite));
}

/** The value of each series that an instant query finds; NaN for a division by zero. */
async function figuresOf(prometheus: string, expression: string): Promise<readonly number[]> {
  const reply = await call(`${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = jsonOf(reply, 200) as { data: { result: readonly { value: [number, string] }[] } };
  return data.result.map(({ value }) => Number(value[1]));
}

/** The value of a query that finds one series; 0 without a series. */
export const sampleOf = async (prometheus: string, expression: string): Promise<number> =>
  (await figuresOf(prometheus, expression))[0] ?? 0;

/** @throws Error that names rules which Prometheus could not evaluate, or which use metrics that it does not have */
export async function checkRules(prometheus: string): Promise<string> {
  const { data } = jsonOf(await call(`${prometheus}/api/v1/rules`), 200) as {
    data: { groups: readonly { rules: readonly Rule[] }[] };
  };
  const rules = data.groups.flatMap((group) => group.rules);
  check(rules.length > 0, 'it has no rules');
  const bad = rules.filter(({ health }) => health !== 'ok');
  check(
    bad.length === 0,
    bad.map(({ name, lastError }) => `${name}: ${lastError ?? 'not evaluated'}`).join('; '),
  );
  const names = jsonOf(await call(`${prometheus}/api/v1/label/__name__/values`), 200) as {
    data: readonly string[];
  };
  const asked = new Set(rules.flatMap(({ query }) => metricsIn(query)));
  const unknown = [...asked].filter((name) => !names.data.includes(name));
  check(asked.size > 0 && unknown.length === 0, `nobody tells of ${unknown.join(', ')}`);
  return `${rules.length} rules, ${asked.size} metrics`;
}

interface Rule {
  readonly name: string;
  readonly query: string;
  readonly health: string;
  readonly lastError?: string;
}

/** Names of alerts that fire or are pending. */
export async function alertNames(prometheus: string): Promise<readonly string[]> {
  const { data } = jsonOf(await call(`${prometheus}/api/v1/alerts`), 200) as {
    data: { alerts: readonly { labels: { alertname: string; job?: string }; state: string }[] };
  };
  return data.alerts.map(
    ({ labels, state }) => `${labels.alertname}${labels.job ? ` of ${labels.job}` : ''} (${state})`,
  );
}

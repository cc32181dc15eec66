/** Scenarios of the monitoring: counters and targets in Prometheus, dashboards in Grafana. */
import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { call, expectThat, jsonOf } from './calls.ts';
import type { SmokeOptions } from './options.ts';
import type { Scenario } from './scenario.ts';

const DASHBOARDS = resolve(import.meta.dirname, '../grafana/dashboards');
const REQUESTS = 'sum by (operation) (image_api_requests_total)';
const OPERATIONS = ['get', 'post', 'put'] as const;

/** More than two scrapes at the usual interval. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1_000;

export interface MonitoringConfig extends Pick<SmokeOptions, 'prometheus' | 'grafana' | 'mayBeDown'> {
  /** `user:password` of a user who may see the dashboards. */
  readonly grafanaUser: string;
  /** How long a figure may take to arrive, in ms. For tests. */
  readonly patienceMs?: number;
}

/** Scenarios to run before and after those of the API. */
export function monitoringScenarios(config: MonitoringConfig): {
  readonly before: readonly Scenario[];
  readonly after: readonly Scenario[];
} {
  const { prometheus, grafana, patienceMs = PATIENCE_MS } = config;
  const eventually = (check: () => Promise<void>) => tryUntil(check, patienceMs);
  const withoutPrometheus = prometheus === null ? 'no Prometheus here' : null;
  const withoutGrafana = grafana === null ? 'no Grafana here' : null;
  let counted: ReadonlyMap<string, number> = new Map();
  return {
    before: [
      {
        name: 'Prometheus responds',
        leftOut: withoutPrometheus,
        async run() {
          counted = await query(prometheus ?? '', REQUESTS, 'operation');
        },
      },
    ],
    after: [
      {
        name: 'the requests of this run are counted in Prometheus',
        leftOut: withoutPrometheus,
        run: () =>
          eventually(async () => {
            const now = await query(prometheus ?? '', REQUESTS, 'operation');
            for (const operation of OPERATIONS) {
              const [old, seen] = [counted.get(operation) ?? 0, now.get(operation) ?? 0];
              expectThat(seen > old, `image_api_requests_total of ${operation} stays at ${seen}`);
            }
          }),
      },
      {
        name: 'every target of Prometheus is up',
        leftOut: withoutPrometheus,
        run: () => eventually(() => checkTargets(prometheus ?? '', config.mayBeDown)),
      },
      {
        name: 'Grafana has the dashboards, and reaches Prometheus',
        leftOut: withoutGrafana,
        run: () => eventually(() => checkGrafana(grafana ?? '', config.grafanaUser)),
      },
    ],
  };
}

/** Repeats a check until it passes. Throws its last failure after `patienceMs`. */
async function tryUntil(check: () => Promise<void>, patienceMs: number): Promise<void> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await delay(PAUSE_MS);
    }
  }
}

/** The values of an instant query, by one label. */
async function query(prometheus: string, expression: string, label: string) {
  const reply = await call(`${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = jsonOf(reply, 200) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return new Map(data.result.map(({ metric, value }) => [metric[label] ?? '', Number(value[1])]));
}

async function checkTargets(prometheus: string, mayBeDown: readonly string[]): Promise<void> {
  const reply = await call(`${prometheus}/api/v1/targets?state=active`);
  const { data } = jsonOf(reply, 200) as {
    data: { activeTargets: { labels: { job: string }; health: string; lastError: string }[] };
  };
  const looked = data.activeTargets.filter(({ labels }) => !mayBeDown.includes(labels.job));
  expectThat(looked.length > 0, 'it has no targets');
  const down = looked.filter(({ health }) => health !== 'up');
  expectThat(
    down.length === 0,
    `not up: ${down.map(({ labels, lastError }) => `${labels.job} (${lastError})`).join(', ')}`,
  );
}

async function checkGrafana(grafana: string, user: string): Promise<void> {
  const headers = { authorization: `Basic ${Buffer.from(user).toString('base64')}` };
  const found = await call(`${grafana}/api/search?type=dash-db`, { headers });
  const text = found.bytes.toString('utf8');
  expectThat(found.status === 200, `status ${found.status} instead of 200: ${text.slice(0, 300)}`);
  const uids = new Set((JSON.parse(text) as { uid: string }[]).map(({ uid }) => uid));
  for (const uid of await ownDashboards()) expectThat(uids.has(uid), `the dashboard ${uid} is not there`);

  const sources = await call(`${grafana}/api/datasources`, { headers });
  const list = JSON.parse(sources.bytes.toString('utf8')) as { uid: string; type: string }[];
  const source = Array.isArray(list) ? list.find(({ type }) => type === 'prometheus') : undefined;
  expectThat(source !== undefined, 'it has no data source for Prometheus');
  const path = `/api/datasources/proxy/uid/${source.uid}/api/v1/query?query=up`;
  jsonOf(await call(`${grafana}${path}`, { headers }), 200);
}

/** The uids of the dashboards that this repository provisions. */
async function ownDashboards(): Promise<readonly string[]> {
  const files = (await readdir(DASHBOARDS)).filter((name) => name.endsWith('.json'));
  expectThat(files.length > 0, `no dashboards in ${DASHBOARDS}`);
  const texts = await Promise.all(files.map((name) => readFile(resolve(DASHBOARDS, name), 'utf8')));
  return texts.map((text) => (JSON.parse(text) as { uid: string }).uid);
}

/** Each scenario of the monitoring fails when what it claims is not so. The whole smoke test shows that they pass. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { monitoringScenarios } from '../../../local-stack/smoke/monitoring.ts';
import { ROOT } from '../../support/startApp.ts';

const DASHBOARDS = join(ROOT, 'local-stack/grafana/dashboards');
const OURS = readdirSync(DASHBOARDS).map(
  (name) => (JSON.parse(readFileSync(join(DASHBOARDS, name), 'utf8')) as { uid: string }).uid,
);

let server: Server | undefined;
afterEach(async () => {
  await new Promise((resolve) => server?.close(resolve));
});

/** Scenarios on a fake of Prometheus and Grafana, whose responses are right except for the paths in `wrong`. */
async function scenarios(wrong: Readonly<Record<string, unknown>>) {
  let asked = 0;
  const right = (path: string): unknown => {
    if (path.startsWith('/api/v1/targets')) return targets('up');
    if (path.startsWith('/api/v1/query')) {
      asked += 1;
      return counts(asked);
    }
    if (path.startsWith('/api/search')) return OURS.map((uid) => ({ uid }));
    if (path === '/api/datasources') return [{ uid: 'main', type: 'prometheus' }];
    return { status: 'success' };
  };
  server = createServer((request, response) => {
    const path = request.url ?? '';
    const [, result] = Object.entries(wrong).find(([start]) => path.startsWith(start)) ?? [];
    response.writeHead(result === null ? 503 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(result === undefined ? right(path) : result));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { before, after } = monitoringScenarios({
    prometheus: url,
    grafana: url,
    mayBeDown: [],
    grafanaUser: 'admin:x',
    patienceMs: 0,
  });
  return [...before, ...after];
}

const targets = (health: string) => ({
  data: { activeTargets: [{ labels: { job: 'minio' }, health, lastError: 'refused' }] },
});
const counts = (value: number) => ({
  data: {
    result: ['get', 'post', 'put'].map((operation) => ({ metric: { operation }, value: [0, String(value)] })),
  },
});

async function failures(wrong: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const { name, run } of await scenarios(wrong)) {
    await run().catch((error: Error) => failed.push(`${name}: ${error.message}`));
  }
  return failed;
}

describe('the scenarios of the monitoring', () => {
  it('pass where all is well', async () => {
    expect(await failures({})).toEqual([]);
  });

  it.each<readonly [string, Readonly<Record<string, unknown>>, RegExp]>([
    ['nothing is counted', { '/api/v1/query': counts(3) }, /image_api_requests_total of get stays at 3/],
    ['a target is down', { '/api/v1/targets': targets('down') }, /not up: minio \(refused\)/],
    ['there is no target', { '/api/v1/targets': { data: { activeTargets: [] } } }, /no targets/],
    [
      'a dashboard is missing',
      { '/api/search': OURS.slice(1).map((uid) => ({ uid })) },
      /the dashboard \S+ is not there/,
    ],
    ['Grafana has no data source', { '/api/datasources': [] }, /no data source/],
    ['the data source does not answer', { '/api/datasources/proxy': null }, /status 503 instead of 200/],
  ])('fail where %s', async (_, wrong, reason) => {
    const failed = await failures(wrong);
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatch(reason);
  });
});

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type App, cleanEnvironment, freePorts, ROOT, startApp } from '../support/startApp.ts';

let app: App;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

interface Run {
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: string;
}

const smoke = (...args: readonly string[]) =>
  new Promise<Run>((resolve) => {
    const options = { cwd: ROOT, env: cleanEnvironment({}), timeout: 150_000 };
    const child = execFile(process.execPath, ['local-stack/smoke.ts', ...args], options, (_, out, errors) => {
      const lines = out.split('\n').filter((line) => line !== '');
      resolve({ code: child.exitCode ?? -1, lines, errors });
    });
  });

const here = () => ['start', '--api', app.apiUrl, '--site', app.siteUrl];
const countOf = ({ lines }: Run, word: string) => lines.filter((line) => line.startsWith(word)).length;

/** Answers every request with the JSON that `answers` has for its path. */
async function serve(responses: (path: string) => unknown): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const result = responses(decodeURIComponent(request.url ?? ''));
    response.writeHead(result === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(result ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe('the smoke test', () => {
  it('passes against npm start, again on the same store, and says what it left out', async () => {
    for (const _ of ['first', 'second']) {
      const run = await smoke(...here());
      expect(run).toMatchObject({ code: 0, errors: '' });
      expect(run.lines.at(-1)).toBe('Smoke: 17 passed, 0 failed, 5 skipped');
      expect(countOf(run, 'left out')).toBe(5);
      expect(
        run.lines.slice(0, -1).every((line) => /^(ok +\d+\.\d\d s {2}|left out {10})\S/.test(line)),
      ).toBe(true);
    }
  });

  it('follows links to another address than the signed one', async () => {
    // The embedded store is known as 127.0.0.1 in the links.
    const store = app.s3Endpoint.replace('127.0.0.1', 'localhost');
    expect(await smoke(...here(), '--store', store)).toMatchObject({ code: 0 });
  });

  it('ends with 1 at the first failure, and names the address', async () => {
    const [port] = await freePorts(1);
    const api = `http://127.0.0.1:${port}`;
    const run = await smoke('start', '--api', api, '--site', app.siteUrl);
    expect(run.code).toBe(1);
    expect(countOf(run, 'ok')).toBe(2);
    expect(countOf(run, 'FAILED')).toBe(1);
    const failure = run.lines.at(-2) ?? '';
    expect(failure).toMatch(/^FAILED .*no response \(.*ECONNREFUSED/);
    expect(failure).toContain(`POST ${api}/images`);
    expect(run.lines.at(-1)).toBe('Smoke: 2 passed, 1 failed, 1 skipped');
  });

  it('waits until Prometheus has counted, and tells of a target that is down', async () => {
    let asked = 0;
    const targets = [
      { labels: { job: 'emf-exporter' }, health: 'up', lastError: '' },
      { labels: { job: 'minio' }, health: 'down', lastError: 'refused' },
    ];
    const { url, server } = await serve((path) => {
      if (path.startsWith('/api/v1/targets')) return { data: { activeTargets: targets } };
      asked += 1;
      const result = ['get', 'post', 'put'].map((operation) => ({
        metric: { operation },
        value: [0, String(asked > 2 ? 7 : 3)],
      }));
      return { data: { result } };
    });
    try {
      const run = await smoke(...here(), '--prometheus', url, '--may-be-down', 'minio');
      expect(run).toMatchObject({ code: 0, errors: '' });
      expect(asked).toBe(3);
      expect(run.lines.at(-1)).toBe('Smoke: 20 passed, 0 failed, 2 skipped');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('wants every dashboard of ours in Grafana', async () => {
    const folder = join(ROOT, 'local-stack/grafana/dashboards');
    const uids = readdirSync(folder).map(
      (name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { uid: string }).uid,
    );
    const asked: string[] = [];
    const { url, server } = await serve((path) => {
      asked.push(path);
      if (path.startsWith('/api/search')) return uids.map((uid) => ({ uid }));
      if (path === '/api/datasources') return [{ uid: 'main', type: 'prometheus' }];
      return path.startsWith('/api/datasources/proxy/uid/main/api/v1/query?')
        ? { status: 'success' }
        : undefined;
    });
    try {
      const run = await smoke(...here(), '--grafana', url);
      expect(run).toMatchObject({ code: 0, errors: '' });
      expect(uids.length).toBeGreaterThan(0);
      expect(asked).toHaveLength(3);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

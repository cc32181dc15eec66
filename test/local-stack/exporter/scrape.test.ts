/** What a scraper gets: names in UTF-8 where it knows them, gzip where it takes it, nothing that promtool minds. */
import { spawnSync } from 'node:child_process';
import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findPromtool } from '../../support/services.ts';
import { runCommand, startCommand } from './command.ts';
import { directiveOf, documentOf } from './world.ts';

const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

const lines = [
  documentOf({ sets: [['地域']], members: { 地域: '"東京"=\\', Orders: 1 } }),
  documentOf({ units: { 注文: 'Count' }, members: { 注文: 2 } }),
  documentOf({
    units: { 時間: 'Milliseconds', 量: 'None' },
    sets: [['A']],
    members: { A: 'a', 時間: 500, 量: 3 },
  }),
].map((document) => `${JSON.stringify(document)}\n`);

let exporter: Awaited<ReturnType<typeof startCommand>>;
beforeAll(async () => {
  exporter = await startCommand(['--stdin', '--no-self-metrics']);
  exporter.stdin.write(lines.join(''));
  await exporter.until((values) => values.size > 15);
});
afterAll(async () => {
  await exporter[Symbol.asyncDispose]();
});

/** As it comes, not unpacked. */
const scrape = (headers: Readonly<Record<string, string>>) =>
  new Promise<{ headers: Readonly<Record<string, unknown>>; body: Buffer }>((resolve, reject) => {
    get(`${exporter.url}/metrics`, { headers }, async (response) => {
      const pieces: Buffer[] = [];
      for await (const piece of response) pieces.push(piece as Buffer);
      resolve({ headers: response.headers, body: Buffer.concat(pieces) });
    }).on('error', reject);
  });

describe('a scraper', () => {
  it('that knows UTF-8 gets the names as they are, in quotes', async () => {
    const { headers, body } = await scrape({ accept: PROMETHEUS_3 });
    expect(headers['content-type']).toBe('text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8');
    const text = body.toString();
    expect(text).toContain('shop_orders_total{"地域"="\\"東京\\"=\\\\"} 1\n');
    expect(text).toContain('# TYPE "shop_注文_total" counter\n{"shop_注文_total"} 2\n');
    expect(text).toContain('{"shop_時間_seconds_bucket",a="a",le="0.5"} 1\n');
    expect(text).toContain('{"shop_量_values_sum",a="a"} 3\n');
  });

  it.each(['', '*/*', 'text/plain;version=1.0.0', PROMETHEUS_3.replaceAll('allow-utf-8', 'underscores')])(
    'that does not say so (%j) gets names that every Prometheus takes, none twice',
    async (accept) => {
      const { headers, body } = await scrape({ accept });
      expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      const text = body.toString();
      expect(text).toContain('shop_orders_total{U___5730__57df_="\\"東京\\"=\\\\"} 1\n');
      expect(text).toContain('\nU__shop___6ce8__6587___total 2\n');
    },
  );

  it.each([
    ['gzip', true],
    ['br, gzip;q=0.5', true],
    ['GZIP', true],
    ['gzip;q=0', false],
    ['identity', false],
    ['', false],
  ])('that takes %j gets gzip: %s', async (accepted, isZipped) => {
    const { headers, body } = await scrape({ 'accept-encoding': accepted });
    expect(headers['content-encoding']).toBe(isZipped ? 'gzip' : undefined);
    expect((isZipped ? gunzipSync(body) : body).toString()).toContain('\nU__shop___6ce8__6587___total 2\n');
  });
});

const promtool = findPromtool();
if (promtool !== null)
  describe('promtool check metrics', () => {
    const units = ['Count', 'Seconds', 'Milliseconds', 'Kilobytes', 'Bits', 'Percent', 'Megabits/Second'];
    const names = ['Orders', 'RequestCount', 'UserIDs', 'Latency_Sum', 'Total', '注文'];
    /** Whose names say the unit as well. */
    const written: Readonly<Record<string, readonly string[]>> = {
      Milliseconds: ['DurationMs', 'LatencyMilliseconds'],
      Kilobytes: ['SizeKB'],
      Percent: ['CpuPercent'],
    };
    const documents = [...units, 'Count/Second', 'None', '{request}'].flatMap((unit, index) =>
      [...names, ...(written[unit] ?? [])].map((name) => {
        const metric = `${name.slice(0, 1)}${index}${name.slice(1)}`;
        const directive = directiveOf({ sets: [['le', 'Quantile', 'userIDs']], units: { [metric]: unit } });
        return {
          _aws: { CloudWatchMetrics: [directive] },
          le: 'a',
          Quantile: 'b',
          userIDs: 'c',
          [metric]: 1,
        };
      }),
    );
    const input = documents.map((document) => `${JSON.stringify(document)}\n`).join('');

    it.each([
      [[]],
      [['--counters=*']],
      [['--gauges=*']],
      [['--histograms=*']],
      [['--precreate=local-stack/exporter/series.json']],
    ])('says nothing about what is shown, its own metrics included, with %j', async (args) => {
      const { stdout, code } = await runCommand(['--stdin', '--print', ...args], input);
      expect(code).toBe(0);
      const { status, stderr, stdout: said } = spawnSync(promtool, ['check', 'metrics'], { input: stdout });
      expect([String(said), String(stderr), status]).toEqual(['', '', 0]);
    });
  });

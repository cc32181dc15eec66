/**
 * Documents of other projects' emitters: their real packages write many, over every transport and in every form of a
 * log. Each count and sum of `/metrics` is compared with the scenario that the emitter was given.
 */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EMITTER_NAMES, findEmitters } from '../../support/emitters.ts';
import { type RunningExporter, startCommand } from './command.ts';
import { parseExposed } from './exposed.ts';
import { LOG_FORMS } from './logForms.ts';
import { createWorld } from './world.ts';

const DEADLINE_MS = 60_000;
const TIMES = { bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60], factor: 1_000 };
const AT_ONCE = 20;

interface Metric {
  readonly name: string;
  readonly unit: 'Count' | 'Milliseconds' | 'Bytes' | 'None';
  readonly values: readonly number[];
}

interface Record {
  readonly operation: string;
  readonly metrics: readonly Metric[];
}

/** Numbers without a pattern, the same each time. */
const figure = (seed: number, most: number) => ((seed * 7_919 + 104_729) % 99_991) % most;

const records: readonly Record[] = Array.from({ length: 120 }, (_, index) => {
  const list = (salt: number, most: number, length: number) =>
    Array.from({ length }, (_, at) => figure(index * 31 + at * 17 + salt, most));
  return {
    operation: ['get', 'post', 'put'][index % 3] ?? '',
    metrics: [
      { name: 'Orders', unit: 'Count', values: list(1, 9, 1 + (index % 4)).map((value) => value + 1) },
      {
        name: 'Wait',
        unit: 'Milliseconds',
        values: list(2, 70_000, 1 + (index % 95)).map((ms) => ms + 0.5),
      },
      { name: 'Size', unit: 'Bytes', values: list(3, 99_000, 1 + (index % 3)).map((bytes) => bytes + 1) },
      // Five times 1 is 5, not 1.
      { name: 'Load', unit: 'None', values: Array.from({ length: 5 }, () => 1) },
    ],
  };
});
const scenario = JSON.stringify({ namespace: 'Shop', records });

function valuesOf(operation: string, name: string): readonly number[] {
  return records
    .filter((record) => record.operation === operation)
    .flatMap(({ metrics }) =>
      metrics.filter((metric) => metric.name === name).flatMap(({ values }) => values),
    );
}
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** The sum over all series of a name and an operation. */
function shown(values: ReadonlyMap<string, number>, name: string, operation: string): number {
  const own = [...values].filter(([series]) => series.startsWith(`${name}{`));
  return sum(own.filter(([series]) => series.includes(`operation="${operation}"`)).map(([, value]) => value));
}

/** @param times how often the documents were sent */
function holdAgainstTruth(values: ReadonlyMap<string, number>, times: number, { aggregates }: Emitter) {
  for (const operation of ['get', 'post', 'put']) {
    const orders = valuesOf(operation, 'Orders');
    expect(shown(values, 'shop_orders_total', operation)).toBe(sum(orders) * times);
    for (const [name, series, factor] of [
      ['Wait', 'shop_wait_seconds', TIMES.factor],
      ['Size', 'shop_size_bytes', 1],
    ] as const) {
      const truth = valuesOf(operation, name);
      expect(shown(values, `${series}_count`, operation)).toBe(truth.length * times);
      expect(shown(values, `${series}_sum`, operation) / ((sum(truth) / factor) * times)).toBeCloseTo(1, 9);
    }
    const load = valuesOf(operation, 'Load');
    expect(shown(values, 'shop_load_values_sum', operation)).toBe(sum(load) * times);
    if (aggregates) continue;
    expect(shown(values, 'shop_load_values_count', operation)).toBe(load.length * times);
    for (const bound of TIMES.bounds) {
      const below = valuesOf(operation, 'Wait').filter((ms) => ms / TIMES.factor <= bound).length;
      const buckets = new Map([...values].filter(([key]) => key.includes(`le="${bound}"`)));
      expect([bound, shown(buckets, 'shop_wait_seconds_bucket', operation)]).toEqual([bound, below * times]);
    }
  }
  for (const [series, value] of values) {
    if (/dropped_total|reason="(?:json|cut_off|internal|too_long)"/.test(series)) {
      expect([series, value]).toEqual([series, 0]);
    }
  }
}

interface Emitter {
  readonly name: string;
  /** Whether it tells of many observations in one figure: middles of buckets, or a sum. */
  readonly aggregates: boolean;
  readonly command: readonly string[];
}

const HERE = join(import.meta.dirname, 'emitters');
const ownNode = (file: string): Emitter => ({
  name: `npm, ${file.replace('.js', '')}`,
  aggregates: false,
  command: [process.execPath, '--no-warnings', join(HERE, file)],
});
const others = findEmitters() ?? [];
const emitters: readonly Emitter[] = [
  ...readdirSync(HERE)
    .filter((file) => file.endsWith('.js'))
    .map(ownNode),
  ...others.map(({ name, path }) => ({ name, aggregates: name === 'python-distro', command: [path] })),
];

function documentsOf({ command: [program = '', ...args] }: Emitter): readonly string[] {
  const env = { ...process.env, AWS_EMF_ENVIRONMENT: 'Local', POWERTOOLS_DEV: 'false' };
  const { stdout, stderr, status } = spawnSync(program, args, {
    input: scenario,
    encoding: 'utf8',
    env,
    timeout: DEADLINE_MS,
    maxBuffer: 1e8,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout.split('\n').filter((line) => line.startsWith('{'));
}

const read = (transport: string) => `emf_exporter_documents_total{transport="${transport}"}`;

async function sendAll(exporter: RunningExporter, lines: readonly string[]): Promise<void> {
  const tcp = connect({ port: exporter.tcpPort, host: '127.0.0.1' });
  tcp.write(`${lines.join('\n')}\n`);
  exporter.stdin.write(`${lines.join('\n')}\n`);
  const udp = createSocket('udp4');
  // A datagram has no one to wait for: few at once fit into what any kernel keeps.
  for (let at = 0; at < lines.length; at += AT_ONCE) {
    const some = lines.slice(at, at + AT_ONCE);
    for (const line of some)
      await new Promise((resolve) => udp.send(line, exporter.udpPort, '127.0.0.1', resolve));
    await exporter.until((values) => (values.get(read('udp')) ?? 0) >= at + some.length);
  }
  await exporter.until((values) => ['tcp', 'stdin'].every((one) => values.get(read(one)) === lines.length));
  udp.close();
  tcp.destroy();
}

describe.each(emitters.map((emitter) => [emitter.name, emitter] as const))('%s', (_, emitter) => {
  const lines = documentsOf(emitter);

  it('is counted exactly over UDP, TCP and standard input', async () => {
    await using exporter = await startCommand(['--stdin']);
    await sendAll(exporter, lines);
    const values = await exporter.values();
    for (const one of ['udp', 'tcp', 'stdin']) expect(values.get(read(one))).toBe(lines.length);
    holdAgainstTruth(values, 3, emitter);
  });

  it.each(Object.entries(LOG_FORMS))('is counted exactly in %s', (_form, linesOf) => {
    const { feed, text, counts } = createWorld({ timeBuckets: TIMES.bounds });
    for (const line of lines.flatMap(linesOf)) feed(line);
    expect(counts.documents).toBe(lines.length);
    holdAgainstTruth(parseExposed(text()), 1, emitter);
  });
});

it('is tried with all emitters where those of other languages are installed', () => {
  expect(others.map(({ name }) => name)).toEqual(others.length === 0 ? [] : EMITTER_NAMES);
  expect(emitters.length).toBeGreaterThanOrEqual(2);
});

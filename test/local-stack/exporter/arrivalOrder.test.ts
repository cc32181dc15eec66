/** What a metric is called does not depend on which one comes first, until a scrape has shown it. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseExposed } from './exposed.ts';
import { createWorld, documentOf } from './world.ts';

const TIMES = [
  'Duration',
  'DurationMs',
  'DurationMilliseconds',
  'duration_us',
  'DurationSeconds',
  'DurationMsSeconds',
  'DurationSecondsSeconds',
  'Wait',
  'WaitMs',
];
/** No two of them are equal in snake_case. */
const METRICS = [
  ...TIMES.flatMap((name) =>
    ['Milliseconds', 'Seconds', 'Microseconds'].map((unit) => [name, unit] as const),
  ),
  ...['Size', 'SizeKB', 'SizeBytes', 'SizeMB'].map((name) => [name, 'Kilobytes'] as const),
  ...['Cpu', 'CpuPercent', 'CpuRatio', 'CpuPct'].map((name) => [name, 'Percent'] as const),
  ...['Orders', 'OrdersTotal', 'OrdersTotalTotal'].map((name) => [name, 'Count'] as const),
  ...['Duration', 'DurationMs', 'Size', 'Orders'].map((name) => [name, 'None'] as const),
];

const chosen = fc.uniqueArray(fc.constantFrom(...METRICS), {
  selector: ([name]) => name,
  minLength: 2,
  maxLength: 8,
});
const twoOrders = chosen.chain((metrics) =>
  fc.tuple(
    fc.shuffledSubarray(metrics, { minLength: metrics.length }),
    fc.shuffledSubarray(metrics, { minLength: metrics.length }),
  ),
);

type World = ReturnType<typeof createWorld>;
const feed = ({ feed: send }: World, [name, unit]: readonly [string, string]) =>
  send(documentOf({ units: { [name]: unit }, members: { [name]: 1 } }));

/** Prometheus names by EMF metric, as `# HELP` says. */
const namesIn = (text: string) =>
  Object.fromEntries(
    [...text.matchAll(/^# HELP (\S+) EMF metric (\S+) of namespace Shop(, all values)?\.?/gm)].map(
      ([, name, metric, all = '']) => [`${metric}${all}`, name],
    ),
  );

describe('the name of a metric', () => {
  it('is the same in whatever order the metrics come', () => {
    fc.assert(
      fc.property(twoOrders, ([first, second]) => {
        const worlds = [first, second].map((metrics) => {
          const world = createWorld();
          for (const metric of metrics) feed(world, metric);
          return world;
        });
        const [one, other] = worlds.map((world) => world.values());
        expect(other).toEqual(one);
        for (const { counts, taken } of worlds) {
          expect(counts).toEqual({ documents: first.length, samples: first.length });
          expect(taken).toEqual([]);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('stays once a scrape has shown it, and nothing is mixed or lost without a counter', () => {
    const steps = chosen.chain((metrics) =>
      fc.tuple(
        fc.shuffledSubarray(metrics, { minLength: metrics.length }),
        fc.array(fc.boolean(), { minLength: metrics.length, maxLength: metrics.length }),
      ),
    );
    fc.assert(
      fc.property(steps, ([metrics, scrapes]) => {
        const world = createWorld();
        let shown: Record<string, string | undefined> = {};
        for (const [index, metric] of metrics.entries()) {
          feed(world, metric);
          if (scrapes[index] !== true || world.store.size() === 0) continue;
          const now = namesIn(world.text());
          expect(now).toMatchObject(shown);
          shown = now;
        }
        const { samples = 0, 'sample name_conflict': lost = 0 } = world.counts;
        expect(samples + lost).toBe(metrics.length);
        expect(world.store.size()).toBe(samples);
        parseExposed(world.text());
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[string, readonly (readonly [string, string])[], readonly string[]]>([
    ['short where no other wants it', [['DurationMs', 'Milliseconds']], ['shop_duration_seconds']],
    [
      "the other's that has no unit in its own",
      [
        ['DurationMs', 'Milliseconds'],
        ['Duration', 'Milliseconds'],
      ],
      ['shop_duration_ms_seconds', 'shop_duration_seconds'],
    ],
    [
      'long where two want the short one',
      [
        ['DurationMs', 'Milliseconds'],
        ['duration_us', 'Microseconds'],
      ],
      ['shop_duration_ms_seconds', 'shop_duration_us_seconds'],
    ],
  ])('is %s', (_, metrics, expected) => {
    const world = createWorld();
    for (const metric of metrics) feed(world, metric);
    const names = namesIn(world.text());
    expect(metrics.map(([name]) => names[name])).toEqual(expected);
  });

  it('is another where a scrape has shown a shortened one by it, and the log says so', () => {
    const world = createWorld();
    feed(world, ['DurationMs', 'Milliseconds']);
    world.text();
    feed(world, ['Duration', 'Milliseconds']);
    feed(world, ['duration_us', 'Microseconds']);
    expect(namesIn(world.text())).toEqual({
      DurationMs: 'shop_duration_seconds',
      Duration: 'shop_duration_seconds_seconds',
      duration_us: 'shop_duration_us_seconds',
    });
    expect(world.taken).toEqual([
      'Shop/Duration shop_duration_seconds_seconds',
      'Shop/duration_us shop_duration_us_seconds',
    ]);
    expect(world.counts).toEqual({ documents: 3, samples: 3 });
  });
});

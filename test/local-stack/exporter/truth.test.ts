/** Whatever an emitter writes, in whatever log: every sum and count shown is the one that a second summation finds. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LOG_FORMS } from './logForms.ts';
import { createWorld, directiveOf } from './world.ts';

/** Written down once more, so that the exporter's own table is not its judge. */
const UNITS = {
  Count: { kind: 'counter', end: '_total', factor: 1 },
  Seconds: { kind: 'histogram', end: '_seconds', factor: 1 },
  Milliseconds: { kind: 'histogram', end: '_seconds', factor: 1 / 1_000 },
  Microseconds: { kind: 'histogram', end: '_seconds', factor: 1 / 1_000_000 },
  Kilobytes: { kind: 'histogram', end: '_bytes', factor: 1_000 },
  Bits: { kind: 'histogram', end: '_bytes', factor: 1 / 8 },
  None: { kind: 'sampled', end: '', factor: 1 },
  '{request}': { kind: 'sampled', end: '', factor: 1 },
} as const;
type Unit = keyof typeof UNITS;

const NAMES: Readonly<Record<string, Unit>> = {
  Orders: 'Count',
  Wait: 'Seconds',
  Duration: 'Milliseconds',
  Pause: 'Microseconds',
  Size: 'Kilobytes',
  Frame: 'Bits',
  Load: 'None',
  Depth: '{request}',
};

interface Written {
  readonly json: unknown;
  /** What was observed, by the emitter's own book. */
  readonly sum: number;
  readonly count: number;
}

const amount = fc.oneof(fc.nat(1_000), fc.double({ min: 0, max: 1e6, noNaN: true }));
const amounts = fc.array(amount, { minLength: 1, maxLength: 8 });
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const counted = fc.array(fc.tuple(amount, fc.nat(5)), { minLength: 1, maxLength: 6 });
const observed = (pairs: readonly (readonly [number, number])[]) => total(pairs.map(([, count]) => count));

const written: fc.Arbitrary<Written> = fc.oneof(
  amount.map((value) => ({ json: value, sum: value, count: 1 })),
  amounts.map((values) => ({ json: values, sum: total(values), count: values.length })),
  counted.map((pairs) => ({
    json: { Values: pairs.map(([value]) => value), Counts: pairs.map(([, count]) => count) },
    sum: total(pairs.map(([value, count]) => value * count)),
    count: observed(pairs),
  })),
  // Middles of buckets, of which some may be left out.
  fc.tuple(counted, amount, fc.nat(3)).map(([pairs, amountOfAll, more]) => {
    const count = observed(pairs) + more;
    const sum = count === 0 ? 0 : amountOfAll;
    const [Values, Counts] = [pairs.map(([value]) => value), pairs.map(([, each]) => each)];
    return { json: { Values, Counts, Count: count, Sum: sum }, sum, count };
  }),
  // Every observation is known; the edges are sometimes wrong, sometimes 0, sometimes not there.
  fc
    .tuple(amounts, fc.constantFrom('edges', 'zeros', 'none', 'percentiles', 'PutMetricData'))
    .map(([values, style]) => {
      const [Sum, Count, Min, Max] = [total(values), values.length, Math.min(...values), Math.max(...values)];
      const json = {
        edges: { Sum, Count, Min, Max },
        zeros: { Sum, Count, Min: 0, Max: 0 },
        none: { Sum, Count, Values: [], Counts: [] },
        percentiles: { Sum, Count, Min: Max, Max: Max * 2 },
        PutMetricData: { Sum, SampleCount: Count, Minimum: Min, Maximum: Max },
      }[style];
      return { json, sum: Sum, count: Count };
    }),
);

const label = fc.oneof(fc.constantFrom('a', 'b'), fc.string({ maxLength: 3 }));
const document = fc.record({
  label,
  metrics: fc.dictionary(fc.constantFrom(...Object.keys(NAMES)), written, { minKeys: 1, maxKeys: 5 }),
  sets: fc.constantFrom([['Label']], [['Label'], ['Label', 'Size']], [[], ['Label']]),
  form: fc.constantFrom(...Object.keys(LOG_FORMS)),
});

describe('every sum and count', () => {
  it('is the true one', () => {
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 12 }), (documents) => {
        const { feed, values, counts } = createWorld();
        const truth = new Map<string, number>();
        const add = (series: string, by: number) => truth.set(series, (truth.get(series) ?? 0) + by);
        for (const { label: value, metrics, sets, form } of documents) {
          const units = Object.fromEntries(Object.keys(metrics).map((name) => [name, NAMES[name] ?? '']));
          const members = Object.fromEntries(Object.entries(metrics).map(([name, { json }]) => [name, json]));
          const whole = {
            _aws: { CloudWatchMetrics: [directiveOf({ sets, units })] },
            Label: value,
            ...members,
          };
          for (const line of LOG_FORMS[form]?.(JSON.stringify(whole)) ?? []) feed(line);
          for (const [name, { sum, count }] of Object.entries(metrics)) {
            const { kind, end, factor } = UNITS[NAMES[name] ?? 'None'];
            const stem = `shop_${name.toLowerCase()}${end}`;
            if (count === 0) continue;
            if (kind === 'counter') add(stem, sum);
            else {
              const own = kind === 'sampled' ? `${stem}_values` : stem;
              add(`${own}_sum`, sum * factor);
              add(`${own}_count`, count);
            }
          }
        }
        const shown = values();
        for (const [name, expected] of truth) {
          const own = Object.entries(shown).filter(
            ([series]) => series === name || series.startsWith(`${name}{`),
          );
          const seen = total(own.map(([, value]) => value));
          expect(Math.abs(seen - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
        }
        expect(counts.documents).toBe(documents.length);
        expect(Object.keys(counts).filter((what) => /^(?:line|sample) /.test(what))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

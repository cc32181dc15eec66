/** Whatever a source writes: what is exposed can be read, adds up, never falls and stays within its limits. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createIntake } from '../../../local-stack/exporter/intake.ts';
import { createLineSplitter } from '../../../local-stack/exporter/lineSplitter.ts';
import { judgeExposition } from './strictExposition.ts';
import { createWorld } from './world.ts';

const MAX_LINE_BYTES = 4_096;
const UNITS = [
  'Count',
  'count',
  'Seconds',
  'Milliseconds',
  'milliseconds',
  ' Seconds',
  'Kilobytes',
  'Terabits',
];
const NAMES = ['Wait', 'wait', 'WAIT_', 'wait_seconds', 'wait_seconds_count', 'wait_bytes_sum', 'wait_total'];
const TRICKY = [
  '__proto__',
  'constructor',
  'toString',
  '_aws',
  'le',
  '__name__',
  'quantile',
  'ö',
  '9',
  '',
  ' ',
];
const CHARACTERS = [
  '"',
  '\\',
  '\n',
  '\r',
  '\0',
  '\u2028',
  '\ufeff',
  '\ud800',
  '{',
  '}',
  ',',
  '=',
  '#',
  'é',
  '💥',
  'a',
];

const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 2, arbitrary: fc.constantFrom(...TRICKY) },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 6 }) },
  { weight: 1, arbitrary: fc.integer({ min: 254, max: 257 }).map((length) => 'n'.repeat(length)) },
);
const number = fc.oneof(
  fc.nat(1_000),
  fc.double(),
  fc.constantFrom(-1, -0, 1e308, 2 ** 360, -(2 ** 360), 5e-324, 2 ** 53 - 1, 2 ** 53),
);
const oddity = fc.constantFrom<unknown>(
  null,
  true,
  '1',
  'NaN',
  'Infinity',
  {},
  [],
  [[1]],
  { Values: 1 },
  { Sum: 1 },
);
const figure = fc.oneof({ weight: 9, arbitrary: number }, { weight: 1, arbitrary: oddity });
const value = fc.oneof(
  figure,
  fc.array(figure, { maxLength: 6 }),
  fc.array(fc.nat(9), { minLength: 100, maxLength: 102 }),
  fc.record({ Values: fc.array(figure, { maxLength: 3 }), Counts: fc.array(figure, { maxLength: 3 }) }),
  fc.record({ Values: fc.array(figure, { maxLength: 3 }) }),
  fc.record(
    {
      Values: fc.array(number, { maxLength: 3 }),
      Counts: fc.array(fc.nat(3), { maxLength: 3 }),
      Sum: figure,
      Count: fc.oneof(fc.nat(9), figure),
    },
    { requiredKeys: ['Values', 'Sum'] },
  ),
  fc.record({ Sum: figure, Count: figure, Min: figure, Max: figure }, { requiredKeys: ['Sum', 'Count'] }),
);
const text = fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 12 });
const directive = fc.record(
  {
    Namespace: fc.oneof(fc.constantFrom<unknown>('Shop', 'shop', 'A/B'), name, oddity),
    Dimensions: fc.oneof(
      { weight: 9, arbitrary: fc.array(fc.array(name, { maxLength: 4 }), { maxLength: 3 }) },
      { weight: 1, arbitrary: oddity },
      {
        weight: 1,
        arbitrary: fc
          .integer({ min: 29, max: 32 })
          .map((n) => [Array.from({ length: n }, (_, i) => `d${i}`)]),
      },
    ),
    Metrics: fc.oneof(
      {
        weight: 9,
        arbitrary: fc.array(
          fc.record(
            { Name: name, Unit: fc.oneof(fc.constantFrom<unknown>(...UNITS, 'Percent'), oddity) },
            { requiredKeys: ['Name'] },
          ),
          { maxLength: 5 },
        ),
      },
      { weight: 1, arbitrary: fc.array(oddity, { maxLength: 2 }) },
      { weight: 1, arbitrary: oddity },
    ),
  },
  { requiredKeys: ['Namespace', 'Metrics'] },
);
/** JSON text made by hand, so that `__proto__` and keys that are there twice arrive as they are. */
const document = fc
  .record({
    directives: fc.array(directive, { maxLength: 4 }),
    members: fc.array(fc.tuple(name, fc.oneof(value, text)), { maxLength: 10 }),
  })
  .map(({ directives, members }) => {
    const parts = members
      .filter(([key]) => key !== '_aws')
      .map(([key, member]) => `${JSON.stringify(key)}:${JSON.stringify(member)}`);
    const metadata = `"_aws":{"Timestamp":1,"CloudWatchMetrics":${JSON.stringify(directives)}}`;
    return `{${[metadata, ...parts].join(',')}}`;
  });

/** How many values a source wrote, counted in the plainest way. Undefined members of the lists do not count. */
function writtenIn(line: string): number {
  const root = JSON.parse(line) as Record<string, unknown>;
  const { CloudWatchMetrics } = root._aws as { CloudWatchMetrics: Record<string, unknown>[] };
  const asked = new Set<string>();
  let written = 0;
  for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
    const isMalformed = typeof Namespace !== 'string' || !isListOfSets(Dimensions) || !Array.isArray(Metrics);
    if (isMalformed) written += 1;
    else
      for (const definition of Metrics) {
        const { Name, Unit } = (definition ?? {}) as { Name?: unknown; Unit?: unknown };
        if (typeof Name !== 'string' || !isTextOrNone(Unit)) written += 1;
        else asked.add(JSON.stringify([Namespace, Name]));
      }
  }
  for (const pair of asked) {
    const [, key] = JSON.parse(pair) as [string, string];
    written += entriesIn(Object.hasOwn(root, key) ? root[key] : undefined);
  }
  return written;
}

const isTextOrNone = (value: unknown) => value === undefined || value === null || typeof value === 'string';
const isListOfSets = (value: unknown) =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) &&
    value.every((set) => Array.isArray(set) && set.every((name) => typeof name === 'string')));

function entriesIn(member: unknown): number {
  if (Array.isArray(member)) return member.length;
  if (typeof member !== 'object' || member === null) return 1;
  const { Values, Counts, Sum, Count } = member as Record<string, unknown>;
  if (isFigure(Sum) && Array.isArray(Values) && observesNothing(Values, Counts)) {
    return Sum === 0 && (Count === 0 || Count === undefined) ? 0 : 1;
  }
  if (!Array.isArray(Values) || isFigure(Sum)) {
    return Sum === 0 && Count === 0 && !isDistribution(Values, Counts) ? 0 : 1;
  }
  if (Counts === undefined) return Values.length;
  if (!Array.isArray(Counts) || Counts.length !== Values.length) return Math.max(Values.length, 1);
  return Values.filter((given, index) => !(isFigure(given) && Counts[index] === 0)).length;
}

const isFigure = (figure: unknown) => typeof figure === 'number' && Math.abs(figure) <= 2 ** 360;

/** Figures, each with a count. */
const isDistribution = (values: unknown, counts: unknown) =>
  Array.isArray(values) &&
  values.every(isFigure) &&
  (counts === undefined ||
    (Array.isArray(counts) &&
      counts.length === values.length &&
      counts.every((count) => Number.isSafeInteger(count) && count >= 0)));
const observesNothing = (values: readonly unknown[], counts: unknown) =>
  isDistribution(values, counts) &&
  (Array.isArray(counts) ? counts : values).every((count) => count === 0) &&
  (Array.isArray(counts) || values.length === 0);

const LIMITS = { maxSeries: 12, maxSeriesPerMetric: 4 };

describe('whatever a source writes', () => {
  it('can be read, is counted once or dropped once, never falls and stays within its limits', () => {
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 12 }), (documents) => {
        const { feed, text: exposed, counts, store } = createWorld(LIMITS);
        const before = new Map<string, number>();
        for (const line of documents) {
          feed(line);
          for (const [group, samples] of judgeExposition(exposed())) {
            const isGauge = exposed().includes(`# TYPE ${group} gauge\n`);
            const isSummary = exposed().includes(`# TYPE ${group} summary\n`);
            for (const { name: series, labels, le, value: now } of isGauge ? [] : samples) {
              // Of what is below zero it may fall.
              if (isSummary && series.endsWith('_sum')) continue;
              const key = `${series}{${labels}}${le}`;
              expect(now).toBeGreaterThanOrEqual(before.get(key) ?? 0);
              before.set(key, now);
            }
          }
          expect(store.size()).toBeLessThanOrEqual(LIMITS.maxSeries);
        }
        const total = Object.entries(counts).filter(([what]) => /^sample/.test(what));
        const told = total.reduce((sum, [, count]) => sum + count, 0);
        expect(told).toBe(documents.reduce((sum, line) => sum + writtenIn(line), 0));
        expect(counts.documents).toBe(documents.length);
        expect(counts['line internal']).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });

  it('is judged line by line, however it is cut, ended and followed by garbage', () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10))),
      fc
        .constantFrom(
          'x'.repeat(MAX_LINE_BYTES + 1),
          '{"_aws":{"CloudWatchMetrics":[',
          '\ufeff',
          '',
          '"\ud800',
        )
        .map((line) => Buffer.from(line)),
    );
    const line = fc.oneof(
      document.map((whole) => Buffer.from(whole)),
      document.map((whole) => Buffer.from(whole).subarray(0, -7)),
      garbage,
    );
    const ends = fc.constantFrom('\n', '\r\n', '\n\n', ' \t\n');
    const stream = fc.array(fc.tuple(line, ends), { maxLength: 12 });
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 5_000 }), (lines, step) => {
        const { text: exposed, counts, store, tally } = createWorld(LIMITS);
        const splitter = createLineSplitter(MAX_LINE_BYTES, createIntake(store, tally)('tcp'));
        const bytes = Buffer.concat(lines.flatMap(([content, end]) => [content, Buffer.from(end)]));
        for (let at = 0; at < bytes.length; at += step) splitter.push(bytes.subarray(at, at + step));
        splitter.end();
        judgeExposition(exposed());
        expect(store.size()).toBeLessThanOrEqual(LIMITS.maxSeries);
        expect(counts['line internal']).toBeUndefined();
        expect(counts['line cut_off']).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});

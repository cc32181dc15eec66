/**
 * EMF documents. For any input, the exposition of the exporter can be parsed, is bounded, and its counters only grow. A
 * stream has the same lines, no matter where the network splits it.
 */
import { createLineSplitter } from '../../../../local-stack/exporter/lineSplitter.ts';
import { createWorld, directiveOf, documentOf } from '../../../local-stack/exporter/world.ts';
import { reshapeJson } from '../reshapeJson.ts';
import { demand, demandAlike, type Target } from '../target.ts';

/** Low, so that the limits are met. */
const SERIES_MAX = 12;
const SERIES_PER_METRIC_MAX = 5;
const LINE_MAX_BYTES = 500;

const SEEDS: readonly unknown[][] = [
  [documentOf({ members: { Orders: 3 } }), documentOf({ members: { Orders: [1, 2] } })],
  [
    documentOf({
      sets: [['A', 'B']],
      units: { Time: 'Milliseconds' },
      members: { A: 'x', B: 'le', Time: 250 },
    }),
  ],
  [
    documentOf({
      units: { Size: 'Bytes', Share: 'Percent' },
      members: { Size: { Values: [1, 2_000], Counts: [3, 1], Sum: 2_004, Count: 5 }, Share: 12.5 },
    }),
  ],
  [documentOf({ sets: [['A'], ['Page-Id']], members: { A: 'a"b\\c\nd', 'Page-Id': 7, Orders: 1 } })],
  [documentOf({ units: { Time: 'Seconds' }, members: { Time: { Sum: 10, Count: 4, Min: 1, Max: 5 } } })],
  [
    {
      _aws: {
        CloudWatchMetrics: [directiveOf({}), directiveOf({ namespace: 'Other', sets: [['A'], ['B']] })],
      },
      A: 1,
      B: true,
      Orders: 1,
    },
    `2026-11-30T21:00:00Z\tid\tINFO\t${JSON.stringify(documentOf({ units: { Load: 'None' }, members: { Load: 1 } }))}`,
    { log: `${JSON.stringify(documentOf({ members: { Orders: 2 } }))}\n`, stream: 'stdout' },
    'no document',
    { level: 'info' },
  ],
];

const WORDS = [
  'Count',
  'Seconds',
  'Milliseconds',
  'Bytes',
  'Percent',
  'None',
  'Count/Second',
  'Megabits',
  'Namespace',
  'Metrics',
  'Name',
  'Unit',
  'Dimensions',
  '_aws',
  'CloudWatchMetrics',
  'Values',
  'Counts',
  'Sum',
  'Min',
  'Max',
  'A',
  'B',
  'le',
  'Orders',
  'Time',
  'orders_total',
  'orders_total_count',
  'a"b',
  'a\\b',
  'a\nb',
  'é',
  '\u2028',
  '__proto__',
  'constructor',
  '1e308',
  '-0',
  'SampleCount',
  'message',
  'log',
  'stdout',
  'Page-Id',
  'page_id',
];

export const target: Target = {
  name: 'emf',
  seeds: () => SEEDS.map((documents) => Buffer.from(linesOf(documents))),
  words: WORDS,
  // Lines are separate documents: one of them changes, or comes again.
  reshape: (input, random) => {
    const lines = input.toString('utf8').split('\n');
    const at = random.below(lines.length);
    lines[at] = reshapeJson(lines[at] ?? '', WORDS, random);
    if (random.oneIn(8)) lines.push(random.anyOf(lines) ?? '');
    return Buffer.from(lines.join('\n'));
  },
  msPerKib: 10,
  check(input) {
    const pieceBytes = 1 + (input.length % 61);
    demandAlike(
      'cut otherwise, a stream has other lines',
      linesOfStream(input, pieceBytes),
      linesOfStream(input, input.length),
    );
    const world = createWorld({ maxSeries: SERIES_MAX, maxSeriesPerMetric: SERIES_PER_METRIC_MAX });
    let before: Readonly<Record<string, number>> = {};
    for (const line of input.toString('utf8').split('\n').slice(0, 32)) {
      world.feed(line);
      demand(world.counts['line internal'] === undefined, 'a document makes the exporter fail', world.counts);
      demand(world.store.size() <= SERIES_MAX, 'there are more series than are allowed', world.store.size());
      // Throws for what is not the text format, and for a series that is there twice.
      const now = world.values();
      checkValues(world.text(), before, now);
      before = now;
    }
  },
};

const linesOf = (documents: readonly unknown[]) =>
  documents.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');

/** What arrives in pieces of so many bytes. */
function linesOfStream(stream: Buffer, pieceBytes: number): readonly unknown[] {
  const lines: unknown[] = [];
  const splitter = createLineSplitter(LINE_MAX_BYTES, {
    line: (text, isWhole) => lines.push([text, isWhole]),
    tooLong: () => lines.push('too long'),
  });
  for (let from = 0; from < stream.length; from += pieceBytes) {
    splitter.push(stream.subarray(from, from + pieceBytes));
  }
  splitter.end();
  return lines;
}

function checkValues(
  text: string,
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
) {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
  demand(types.size === (text.match(/^# TYPE /gm)?.length ?? 0), 'a metric is there twice', [...types]);
  for (const [series, value] of Object.entries(now)) {
    demand(Number.isFinite(value), 'a value is no number', [series, value]);
    const name = series.split('{', 1)[0] ?? '';
    const type = types.get(name) ?? types.get(name.replace(/_(?:bucket|sum|count)$/, ''));
    demand(type !== undefined, 'a series has no type', series);
    // Of values below zero the sum of a summary falls.
    const mayFall = type === 'gauge' || (type === 'summary' && name.endsWith('_sum'));
    if (!mayFall) {
      demand(value >= (before[series] ?? 0), 'what only grows went down', [series, before[series], value]);
    }
  }
  for (const series of Object.keys(before)) demand(Object.hasOwn(now, series), 'a series went away', series);
  for (const [series, value] of Object.entries(now)) {
    if (!/_bucket\{(?:.*,)?le="\+Inf"\}$/.test(series)) continue;
    const count = series
      .replace('_bucket{', '_count{')
      .replace(/,?le="\+Inf"\}$/, '}')
      .replace('{}', '');
    demand(now[count] === value, 'the count is not that of the last bucket', [series, value, now[count]]);
  }
}

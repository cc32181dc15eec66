/** Documents with one broken thing each: it is read or counted by reason, and the rest of the document counts. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createWorld, directiveOf } from './world.ts';

const UNITS = { Orders: 'Count', Wait: 'Seconds', Size: 'Bytes', Level: 'None' };
const NAMES = Object.keys(UNITS) as readonly (keyof typeof UNITS)[];
const SERIES = {
  Orders: 'shop_orders_total',
  Wait: 'shop_wait_seconds_sum',
  Size: 'shop_size_bytes_sum',
  Level: 'shop_level_values_sum',
};

/** A value as it stands in the document, and what its observations add up to. */
interface Written {
  readonly json: string;
  readonly sum: number;
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const whole = fc.integer({ min: 0, max: 1_000 });
const some = fc.array(whole, { minLength: 1, maxLength: 5 });
const good: fc.Arbitrary<Written> = fc.oneof(
  whole.map((value) => ({ json: String(value), sum: value })),
  some.map((values) => ({ json: JSON.stringify(values), sum: total(values) })),
  some.map((Values) => ({
    json: JSON.stringify({ Values, Counts: Values.map(() => 3) }),
    sum: 3 * total(Values),
  })),
  some.map((Values) => ({
    json: JSON.stringify({ Values, Counts: Values.map(() => 1), Sum: 7, Count: Values.length }),
    sum: 7,
  })),
  some.map((all) => ({
    json: JSON.stringify({
      Sum: total(all),
      Count: all.length,
      Min: Math.min(...all),
      Max: Math.max(...all),
    }),
    sum: total(all),
  })),
);

/** In the place of one value; with a sum where it can be read, since then it must be. */
const BROKEN_VALUES: readonly { readonly json: string; readonly sum?: number }[] = [
  ...['NaN', 'Infinity', '-Infinity', 'nan', '-nan', 'inf', '-inf', 'Inf', '1e999'].map((json) => ({ json })),
  ...['null', 'true', '"5"', '"NaN"', '{}', '{"a":1}', '[[1]]'].map((json) => ({ json })),
  { json: '[1,NaN,2]', sum: 3 },
  { json: '[ 4 , -Infinity ]', sum: 4 },
  { json: '[1,null,2]', sum: 3 },
  { json: '[5,-1e999]', sum: 5 },
  { json: '{"Sum":5,"Count":0}' },
  { json: '{"Sum":-5,"Count":0,"Min":0,"Max":0}' },
  { json: '{"Sum":5}' },
  { json: '{"Count":5}' },
  { json: '{"Min":1,"Max":5}' },
  { json: '{"Sum":5,"Count":-1}' },
  { json: '{"Sum":5,"Count":1.5}' },
  { json: '{"Sum":5,"Count":"1"}' },
  { json: '{"Sum":NaN,"Count":2}' },
  { json: '{"Sum":6,"Count":NaN}' },
  { json: '{"Sum":"6","Count":2}' },
  { json: '{"Sum":6,"Count":3,"Min":9,"Max":0}', sum: 6 },
  { json: '{"Sum":6,"Count":3,"Min":NaN,"Max":Infinity}', sum: 6 },
  { json: '{"Sum":6,"Count":3,"Min":5,"Max":9}', sum: 6 },
  { json: '{"Sum":6,"SampleCount":3,"Minimum":-Infinity,"Maximum":3}', sum: 6 },
  { json: '{"Values":[1,2],"Counts":[1]}' },
  { json: '{"Values":[1],"Counts":[1,2]}' },
  { json: '{"Values":[],"Counts":[1]}' },
  { json: '{"Values":[1],"Counts":7}' },
  { json: '{"Values":1,"Counts":[1]}' },
  { json: '{"Values":[1,NaN],"Counts":[2,2]}', sum: 2 },
  { json: '{"Values":[1,2],"Counts":[2,-2]}', sum: 2 },
  { json: '{"Values":[1,2],"Counts":[2,0.5]}', sum: 2 },
  { json: '{"Values":[1,2],"Counts":[1],"Sum":3,"Count":2}', sum: 3 },
  { json: '{"Values":[1,2],"Counts":[1],"Sum":3}' },
  { json: '{"Values":[],"Counts":[],"Sum":3}' },
  { json: '{"Values":[],"Counts":[],"Sum":3,"Count":0}' },
  { json: '{"Values":[],"Counts":[],"Sum":3,"Count":1}', sum: 3 },
  { json: '{"Values":[1],"Counts":[0],"Sum":3,"Count":0}' },
];

interface Parts {
  readonly values: Readonly<Record<string, string>>;
  readonly dimension: string;
}

const textOf = ({ values, dimension }: Parts) => {
  const directive = JSON.stringify(directiveOf({ units: UNITS, sets: [['Till']] }));
  const members = NAMES.flatMap((name) => (values[name] === undefined ? [] : [`"${name}":${values[name]}`]));
  const till = dimension === '' ? [] : [`"Till":${dimension}`];
  return `{"_aws":{"Timestamp":1,"CloudWatchMetrics":[${directive}]},${[...till, ...members].join(',')}}`;
};

/** Of the whole line: nothing of it counts. */
const BROKEN_LINES: readonly ((text: string) => string)[] = [
  (text) => text.slice(0, -1),
  (text) => text.slice(0, text.length / 2),
  (text) => text.replace('"CloudWatchMetrics":[', '"CloudWatchMetrics":{"0":').replace(']},"', '}},"'),
  (text) => text.replaceAll('"', "'"),
  (text) => text.replace('"_aws"', '"aws"'),
  (text) => text.replace(/"Metrics":\[[^\]]*\]/, '"Metrics":{"Name":"Orders"}'),
  (text) => text.replace('"Dimensions":[["Till"]]', '"Dimensions":["Till"]'),
  (text) => text.replace('"Namespace":"Shop"', '"Namespace":NaN'),
  (text) => text.replace('"Namespace":"Shop"', '"Namespace":""'),
  (text) => JSON.stringify({ payload: text }),
  (text) => `{"a":{"b":${text}}}`,
];

/** In the place of the dimension: its label is left off, and every value counts. */
const BROKEN_DIMENSIONS = ['', 'null', 'NaN', '[]', '{}'];

type Broken =
  | {
      readonly kind: 'value';
      readonly name: keyof typeof UNITS;
      readonly json: string | undefined;
      readonly sum?: number;
    }
  | { readonly kind: 'line'; readonly change: (text: string) => string }
  | { readonly kind: 'dimension'; readonly json: string }
  | { readonly kind: 'nothing' };

const broken: fc.Arbitrary<Broken> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...NAMES), fc.constantFrom(...BROKEN_VALUES, { json: undefined }))
      .map(([name, value]) => ({ kind: 'value' as const, name, ...value })),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...BROKEN_LINES).map((change) => ({ kind: 'line' as const, change })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...BROKEN_DIMENSIONS).map((json) => ({ kind: 'dimension' as const, json })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'nothing' as const }) },
);
const document = fc.record({ values: fc.tuple(good, good, good, good), broken });

/** How often a reason of values, lines or labels was counted. */
const reasonsIn = (counts: Readonly<Record<string, number>>) =>
  total(
    Object.entries(counts).flatMap(([what, count]) => (/^(sample|line|label) /.test(what) ? [count] : [])),
  );

describe('one broken thing in a document', () => {
  it('is read or counted by reason, and the sums of the others are exact', () => {
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 10 }), (documents) => {
        const { feed, values, counts } = createWorld();
        const truth: Record<string, number> = Object.fromEntries(NAMES.map((name) => [SERIES[name], 0]));
        for (const { values: written, broken: fault } of documents) {
          const parts = Object.fromEntries(NAMES.map((name, index) => [name, written[index]]));
          const jsonOf = (name: keyof typeof UNITS) =>
            fault.kind === 'value' && fault.name === name ? fault.json : parts[name]?.json;
          const text = textOf({
            values: Object.fromEntries(
              NAMES.flatMap((name) => (jsonOf(name) === undefined ? [] : [[name, jsonOf(name) ?? '']])),
            ),
            dimension: fault.kind === 'dimension' ? fault.json : '"1"',
          });
          const before = reasonsIn(counts);
          feed(fault.kind === 'line' ? fault.change(text) : text);
          const rose = reasonsIn(counts) > before;
          expect([text, rose]).toEqual([
            text,
            fault.kind === 'nothing'
              ? false
              : fault.kind === 'value' && fault.sum !== undefined
                ? rose
                : true,
          ]);
          if (fault.kind === 'line') continue;
          for (const name of NAMES) {
            const sum = fault.kind === 'value' && fault.name === name ? fault.sum : parts[name]?.sum;
            truth[SERIES[name]] = (truth[SERIES[name]] ?? 0) + (sum ?? 0);
          }
        }
        const seen = values();
        for (const [series, sum] of Object.entries(truth)) {
          expect([series, (seen[`${series}{till="1"}`] ?? 0) + (seen[series] ?? 0)]).toEqual([series, sum]);
        }
        expect(counts['line internal']).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it.each(BROKEN_VALUES.map(({ json, sum }) => [json, sum] as const))('that is the value %s', (json, sum) => {
    const { feed, values, counts } = createWorld();
    feed(textOf({ values: { Orders: json, Wait: '2' }, dimension: '"1"' }));
    expect(values()['shop_wait_seconds_sum{till="1"}']).toBe(2);
    expect(values()['shop_orders_total{till="1"}']).toBe(sum);
    const isCounted = (counts['sample value_invalid'] ?? 0) > 0;
    expect(isCounted || sum !== undefined).toBe(true);
  });

  it('that is a number JSON does not have is no number in a text', () => {
    const { feed, values } = createWorld();
    feed(textOf({ values: { Orders: '1', Wait: 'NaN' }, dimension: '"a \\"NaN, Infinity]\\\\"' }));
    expect(values()).toEqual({ 'shop_orders_total{till="a \\"NaN, Infinity]\\\\"}': 1 });
  });
});

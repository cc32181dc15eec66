import { describe, expect, it } from '@jest/globals';
import { type Drops, readDocument } from '../../../local-stack/exporter/emfDocument.ts';
import { createWorld, directiveOf, documentOf } from '../../local-stack/exporter/world.ts';
import { processorTimeWithin } from '../../support/processorTime.ts';

const BIG = 2 ** 360;

describe('a hostile document', () => {
  it.each([
    ['nothing but text', 'GET / HTTP/1.1', 'line not_emf'],
    ['half a document', '{"_aws":{"CloudWatchMetrics":[', 'line json'],
    ['binary bytes', '\u0000\u0001\ufffd\ufffd', 'line not_emf'],
    ['a log line', '{"level":"info"}', 'line not_emf'],
    ['a list without a document', '[{"_aws":{}}]', 'line not_emf'],
    ['null', 'null', 'line not_emf'],
    ['a number', '7', 'line not_emf'],
    ['_aws as a list', '{"_aws":[]}', 'line not_emf'],
    ['directives that are no list', '{"_aws":{"CloudWatchMetrics":{}}}', 'line unreachable'],
    // A megabyte of these would hold the process up for a second, and the datagrams with it.
    ['nesting 100,000 deep', `{"_aws":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'line too_deep'],
    ['objects 50,000 deep', `${'{"_aws":'.repeat(50_000)}1${'}'.repeat(50_000)}`, 'line too_deep'],
    ['half of such nesting', `{"_aws":${'['.repeat(100_000)}`, 'line too_deep'],
    ['such nesting without a document', '['.repeat(100_000), 'line not_emf'],
  ])('that is %s counts as %3$s', (_, text, key) => {
    const { feed, counts, store } = createWorld();
    feed(text);
    expect(counts).toEqual({ [key]: 1 });
    expect(store.size()).toBe(0);
  });

  it.each<[string, unknown, Record<string, number>]>([
    ['text', '1', { 'sample value_invalid': 1 }],
    ['null', null, { 'sample value_invalid': 1 }],
    ['an object', { a: 1 }, { 'sample value_invalid': 1 }],
    ['a boolean', true, { 'sample value_invalid': 1 }],
    ['nothing', undefined, { 'sample value_missing': 1 }],
    ['an empty list', [], {}],
    ['a list with two that are none', [1, 'x', null], { 'sample value_invalid': 2, samples: 1 }],
    ['below zero', -1, { 'sample negative': 1 }],
    ['below zero in a list', [1, -1, 2], { 'sample negative': 1, samples: 2 }],
    [
      'below zero in a distribution',
      { Values: [-1, 2], Counts: [1, 1] },
      { 'sample negative': 1, samples: 1 },
    ],
    ['2^360', BIG, { 'sample value_too_large': 1 }],
    ['over 2^360', BIG * 1.001, { 'sample value_invalid': 1 }],
    ['counts of another length', { Values: [1, 2], Counts: [1] }, { 'sample value_invalid': 2 }],
    ['counts without values', { Values: [], Counts: [1] }, { 'sample value_invalid': 1 }],
    ['counts that are no list', { Values: [1], Counts: 1 }, { 'sample value_invalid': 1 }],
    [
      'two of three in a distribution that are none',
      { Values: ['1', 2, 3], Counts: [1, 1, null] },
      { 'sample value_invalid': 2, samples: 1 },
    ],
    // What the exporter counts about itself cannot be blown up by what a source writes.
    ['a count of a million millions', { Values: [1], Counts: [1e12] }, { samples: 1 }],
    ['a count of nine quadrillions', { Values: [1], Counts: [2 ** 53 - 1] }, { 'sample value_too_large': 1 }],
    ['an observation that was made 0 times', { Values: [1, 2], Counts: [0, 3] }, { samples: 1 }],
    ['nothing but such', { Values: [1, 2], Counts: [0, 0] }, {}],
    ['counts that are halves', { Values: [1], Counts: [0.5] }, { 'sample value_invalid': 1 }],
    ['counts below zero', { Sum: 1, Count: -1 }, { 'sample value_invalid': 1 }],
    ['a count of none', { Sum: 0, Count: 0 }, {}],
    ['a sum of none', { Sum: 5, Count: 0 }, { 'sample value_invalid': 1 }],
    ['a sum below zero of none', { Sum: -5, SampleCount: 0 }, { 'sample value_invalid': 1 }],
    ['a sum of empty lists', { Values: [], Counts: [], Sum: 5, Count: 0 }, { 'sample value_invalid': 1 }],
    [
      'a sum of values observed 0 times',
      { Values: [1], Counts: [0], Sum: 5, Count: 0 },
      { 'sample value_invalid': 1 },
    ],
    ['a sum without a count', { Sum: 5 }, { 'sample value_invalid': 1 }],
    ['a set whose edges do not fit', { Sum: 100, Count: 3, Min: 1, Max: 2 }, { samples: 1 }],
  ])('with %s as its value', (_, Orders, expected) => {
    const { feed, counts } = createWorld();
    feed(documentOf({ members: { Orders } }));
    expect(counts).toEqual({ documents: 1, ...expected });
  });

  it.each([
    [1_000, { documents: 1, samples: 1 }],
    [1_001, { 'line too_deep': 1 }],
  ])('that is long and nested %i deep', (depth, expected) => {
    const { feed, counts } = createWorld();
    // Brackets in texts are no nesting, whatever is escaped there.
    const text = `[{"\\`.repeat(5_000);
    const inner = `${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}`;
    const document = JSON.stringify(documentOf({ members: { text, Orders: 1 } }));
    feed(`${document.slice(0, -1)},"deep":${inner}}`);
    expect(counts).toEqual(expected);
  });

  it('with a number that overflows is not counted', () => {
    const { feed, counts } = createWorld();
    feed(JSON.stringify(documentOf({ members: { Orders: 0 } })).replace('"Orders":0', '"Orders":1e999'));
    expect(counts['sample value_invalid']).toBe(1);
  });

  it.each<[string, unknown, Record<string, number>]>([
    ['null', null, { 'sample directive_invalid': 1 }],
    ['a namespace that is no text', { ...directiveOf({}), Namespace: 1 }, { 'sample directive_invalid': 1 }],
    ['an empty namespace', directiveOf({ namespace: '' }), { 'sample name_invalid': 1 }],
    ['a namespace of 255', directiveOf({ namespace: 'n'.repeat(255) }), { samples: 1 }],
    ['a namespace of 256', directiveOf({ namespace: 'n'.repeat(256) }), { 'sample name_invalid': 1 }],
    ['no metrics', { Namespace: 'Shop', Dimensions: [] }, { 'sample directive_invalid': 1 }],
    ['an empty list of metrics', { Namespace: 'Shop', Dimensions: [], Metrics: [] }, {}],
    [
      'a metric instead of a list',
      { ...directiveOf({}), Metrics: { Name: 'Orders', Unit: 'Count' } },
      { 'sample directive_invalid': 1 },
    ],
    [
      'metrics that are none',
      { Namespace: 'Shop', Metrics: [null, 'x', { Name: 1 }] },
      { 'sample directive_invalid': 3 },
    ],
    // It would be a gauge otherwise, where a counter was meant.
    [
      'a unit that is no text',
      { Namespace: 'Shop', Metrics: [{ Name: 'Orders', Unit: 7 }] },
      { 'sample directive_invalid': 1 },
    ],
    ['no dimensions', { Namespace: 'Shop', Metrics: [{ Name: 'Orders', Unit: 'Count' }] }, { samples: 1 }],
    // As programs write an empty list that have no other word for it.
    ['null for what may be left out', { ...directiveOf({}), Dimensions: null }, { samples: 1 }],
    [
      'names instead of lists of names',
      { ...directiveOf({}), Dimensions: ['A'] },
      { 'sample directive_invalid': 1 },
    ],
    ['a name instead of a list', { ...directiveOf({}), Dimensions: 'A' }, { 'sample directive_invalid': 1 }],
    [
      'one dimension set that is none',
      { ...directiveOf({}), Dimensions: [['A'], 7] },
      { 'sample directive_invalid': 1 },
    ],
    [
      'a name of a dimension that is none',
      { ...directiveOf({}), Dimensions: [['A', null]] },
      { 'sample directive_invalid': 1 },
    ],
    [
      'dimensions that are not there',
      directiveOf({ sets: [['x', 'toString']] }),
      { samples: 1, 'label missing': 2 },
    ],
    ['dimensions that are objects', directiveOf({ sets: [['_aws']] }), { samples: 1, 'label missing': 1 }],
  ])('with a directive that has %s', (_, directive, expected) => {
    const { feed, counts } = createWorld();
    feed({ _aws: { CloudWatchMetrics: [directive] }, A: 'a', Orders: 1 });
    expect(counts).toEqual({ documents: 1, ...expected });
  });

  it('with one malformed directive keeps what the others say', () => {
    const { feed, counts, values } = createWorld();
    const CloudWatchMetrics = [{ ...directiveOf({}), Dimensions: ['A'] }, directiveOf({ sets: [['B']] })];
    feed({ _aws: { CloudWatchMetrics }, A: 'a', B: 'b', Orders: 1 });
    expect(values()).toEqual({ 'shop_orders_total{b="b"}': 1 });
    expect(counts).toEqual({ documents: 1, samples: 1, 'sample directive_invalid': 1 });
  });

  const ITEMS = 1_000_000;
  const filled = (item: string) => item.repeat(Math.floor(ITEMS / item.length));
  const BEGINNING =
    '{"_aws":{"CloudWatchMetrics":[{"Namespace":"Shop","Metrics":[{"Name":"Orders"}]}]},"Orders":[';
  it.each([
    ['empty objects in a list', `[${filled('{},')}{"_aws":1}]`],
    ['texts in a list, each broken', `[${filled('"{\\"_aws\\":}",')}1]`],
    ['texts in a list, each broken behind a prefix', `[${filled('"x {\\"a\\":1} {\\"_aws\\":1",')}1]`],
    ['lists in a list', `[${filled('[[[[]]]],')}"_aws\\""]`],
    ['lists in lists in members', `{"_aws":1,"message":[${filled('{"message":[{},{},{},{}]},')}1]}`],
    ['what shows a document', `[${filled(`{"a":"CloudWatchMetrics'"},`)}{"_aws":1}]`],
    ['bytes', `{"MESSAGE":[${filled('123,34,')}1]}`],
    ['numbers that JSON does not have', `${BEGINNING}${filled('NaN,')}1]}`],
    ['such numbers, cut', `${BEGINNING}${filled('NaN,')}`],
    ['such numbers, cut, behind a prefix', `x {"a":1} {"b":2} ${BEGINNING}${filled('NaN,')}`],
    [
      'metrics with a namespace each, whose dimensions are missing',
      JSON.stringify({
        _aws: {
          CloudWatchMetrics: Array.from({ length: 11_000 }, (_, n) =>
            directiveOf({ namespace: `N${n}`, sets: [[`x${n}`, 'y']] }),
          ),
        },
        Orders: 1,
      }),
    ],
  ])('of a megabyte of %s does not hold others up', async (_, line) => {
    const { feed, counts } = createWorld();
    expect(await processorTimeWithin(300, () => feed(line))).toBeLessThan(300);
    expect(Object.keys(counts).some((what) => /^(line|sample) /.test(what))).toBe(true);
  });

  it.each([
    [9_999, { documents: 9_999, samples: 9_999 }],
    [10_000, { documents: 10_000, samples: 10_000 }],
    [10_001, { documents: 10_000, samples: 10_000, 'line unreachable': 1 }],
  ])('in a list of %i is read up to 10,000', (length, expected) => {
    const { feed, counts, values } = createWorld();
    feed(Array<unknown>(length).fill(documentOf({ members: { Orders: 1 } })));
    expect(counts).toEqual(expected);
    expect(values()).toEqual({ shop_orders_total: expected.documents });
  });

  it('in version 0 of the format is read', () => {
    const { feed, counts, values } = createWorld();
    const version0 = {
      Version: '0',
      CloudWatchMetrics: [directiveOf({ sets: [['A']] })],
      Timestamp: '1',
      A: 'a',
    };
    feed({ ...version0, Orders: 3 });
    feed({ message: JSON.stringify({ ...version0, Orders: 4 }) });
    expect(values()).toEqual({ 'shop_orders_total{a="a"}': 7 });
    expect(counts).toEqual({ documents: 2, samples: 2 });
  });

  it('without a list of directives, as Go writes it, is one of a flush without metrics', () => {
    const { feed, counts } = createWorld();
    feed({ _aws: { CloudWatchMetrics: null }, Orders: 3 });
    expect(counts).toEqual({ documents: 1 });
  });

  it('asks a counter once a line, however much of it is malformed or missing', () => {
    const calls: unknown[] = [];
    const drops: Drops = {
      samplesDropped: (...call) => void calls.push(call),
      labelDropped: () => undefined,
    };
    const Metrics = [
      ...Array<number>(1_000).fill(1),
      ...Array.from({ length: 500 }, (_, n) => ({ Name: `m${n}` })),
    ];
    const CloudWatchMetrics = [...Array<number>(1_000).fill(1), { Namespace: 'Shop', Metrics }];
    expect(readDocument({ _aws: { CloudWatchMetrics } }, CloudWatchMetrics, drops)).toEqual([]);
    expect(calls).toEqual([
      ['directive_invalid', 2_000, 'a directive'],
      ['value_missing', 500, 'm0'],
    ]);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    'with %s as names and values changes nothing but its own series',
    (name) => {
      const { feed, counts, values } = createWorld();
      const directive = JSON.stringify(directiveOf({ sets: [[name]] })).replaceAll('Orders', name);
      feed(`{"_aws":{"CloudWatchMetrics":[${directive}]}}`);
      expect(counts).toEqual({ documents: 1, 'sample value_missing': 1 });
      feed(`{"_aws":{"CloudWatchMetrics":[${directive}]},"${name}":5}`);
      expect(Object.values(values())).toEqual([5]);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    },
  );

  it('takes the names of objects as a namespace', () => {
    const { feed, values } = createWorld();
    for (const namespace of ['__proto__', 'constructor'])
      feed(documentOf({ namespace, members: { Orders: 1 } }));
    expect(values()).toEqual({ proto_orders_total: 1, constructor_orders_total: 1 });
  });

  it.each([
    [30, { documents: 1, samples: 1 }],
    [31, { documents: 1, samples: 1, 'label too_many': 1 }],
    [100_000, { documents: 1, samples: 1, 'label too_many': 1 }],
  ])('with %i dimensions keeps 30 of them and the value', (count, expected) => {
    const { feed, counts, values } = createWorld();
    const names = Array.from({ length: count }, (_, index) => `d${index}`);
    feed(
      documentOf({
        sets: [names],
        members: { ...Object.fromEntries(names.map((name) => [name, 'v'])), Orders: 1 },
      }),
    );
    expect(counts).toEqual(expected);
    expect(Object.entries(values()).map(([key, value]) => [key.split('=').length, value])).toEqual([[31, 1]]);
  });

  it('with 100,000 dimension sets and directives is read once', () => {
    const { feed, counts, values } = createWorld();
    const sets = new Array(100_000).fill(['A']);
    feed({ _aws: { CloudWatchMetrics: [directiveOf({ sets })] }, A: 'a', Orders: 1 });
    feed({
      _aws: { CloudWatchMetrics: new Array(20_000).fill(directiveOf({ sets: [['A']] })) },
      A: 'a',
      Orders: 1,
    });
    expect(values()).toEqual({ 'shop_orders_total{a="a"}': 2 });
    expect(counts).toEqual({ documents: 2, samples: 2 });
  });

  it.each([
    [1_024, { documents: 1, samples: 1 }],
    [1_025, { documents: 1, samples: 1, 'label value_cut': 1 }],
    [1_000_000, { documents: 1, samples: 1, 'label value_cut': 1 }],
  ])('with a label of %i characters keeps 1,024 of them and the value', (length, expected) => {
    const { feed, counts, values } = createWorld();
    feed(documentOf({ sets: [['A']], members: { A: 'v'.repeat(length), Orders: 1 } }));
    expect(counts).toEqual(expected);
    expect(values()).toEqual({ [`shop_orders_total{a="${'v'.repeat(1_024)}"}`]: 1 });
  });

  it('with a label that is cut inside a character of two halves leaves both off', () => {
    const { feed, values } = createWorld();
    feed(documentOf({ sets: [['A']], members: { A: `${'v'.repeat(1_023)}💥`, Orders: 1 } }));
    expect(values()).toEqual({ [`shop_orders_total{a="${'v'.repeat(1_023)}"}`]: 1 });
  });

  it("has room for all that CloudWatch's limits allow: 30 labels of 1,024 characters", () => {
    const { feed, counts, values } = createWorld();
    const names = Array.from({ length: 30 }, (_, index) => `${index}d`.padStart(255, 'n'));
    const members = Object.fromEntries(names.map((name) => [name, '"'.repeat(1_024)]));
    feed(documentOf({ sets: [names], members: { ...members, Orders: 1 } }));
    expect(counts).toEqual({ documents: 1, samples: 1 });
    expect(Object.values(values())).toEqual([1]);
  });

  it('fills no more memory with its labels than so many series of 1,024 characters have', () => {
    const { feed, counts, store } = createWorld({ maxSeries: 10 });
    for (let id = 0; id < 20; id += 1) {
      const members = { A: `${id}${'v'.repeat(1_022)}`, B: 'v'.repeat(1_000), Orders: 1 };
      feed(documentOf({ sets: [['A', 'B']], members }));
    }
    expect(store.size()).toBe(5);
    expect(counts['sample series_limit']).toBe(15);
  });

  it('with a dimension that is one of its metrics has it as no label', () => {
    const { feed, counts, values } = createWorld();
    for (let Size = 0; Size < 50; Size += 1) {
      const sets = [['A', 'Size'], ['Orders']];
      feed(
        documentOf({ sets, units: { Orders: 'Count', Size: 'Bytes' }, members: { A: 'a', Size, Orders: 1 } }),
      );
    }
    expect(values()['shop_orders_total{a="a"}']).toBe(50);
    expect(values()['shop_size_bytes_count{a="a"}']).toBe(50);
    expect(counts['label metric']).toBe(100);
  });

  it('with a text by the name of a metric has it as a label', () => {
    const { feed, values } = createWorld();
    const units = { Orders: 'Count', Kind: 'Count' };
    feed(documentOf({ sets: [['Kind']], units, members: { Kind: 'a', Orders: 1 } }));
    expect(values()).toEqual({ 'shop_orders_total{kind="a"}': 1 });
  });

  it('with a dimension name over 255 characters keeps the value without it', () => {
    const { feed, counts } = createWorld();
    for (const length of [255, 256]) {
      const name = 'n'.repeat(length);
      feed(documentOf({ sets: [[name]], members: { [name]: 'v', Orders: 1 } }));
    }
    expect(counts).toEqual({ documents: 2, samples: 2, 'label name_too_long': 1 });
  });

  it('with dimensions that become one label keeps one of them and counts the value', () => {
    const { feed, counts, values } = createWorld();
    feed(
      documentOf({ sets: [['page_id', 'Page-Id']], members: { 'Page-Id': '1', page_id: '2', Orders: 1 } }),
    );
    expect(values()).toEqual({ 'shop_orders_total{page_id="1"}': 1 });
    expect(counts['label conflict']).toBe(1);
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['by sanitising', { 'Page-Views': 'Count' }, { PageViews: 'Count' }],
    ['by a suffix', { duration: 'Seconds' }, { duration_seconds: 'None' }],
    ['as the values of a gauge', { duration_seconds_values: 'None' }, { duration_seconds: 'None' }],
  ])('whose metric takes the name of another %s is not mixed into it', (_, first, second) => {
    const { feed, counts, text } = createWorld();
    const membersOf = (units: Record<string, string>) =>
      Object.fromEntries(Object.keys(units).map((name) => [name, 1]));
    feed(documentOf({ units: first, members: membersOf(first) }));
    const before = text();
    feed(documentOf({ units: second, members: membersOf(second) }));
    expect(counts['sample name_conflict']).toBe(1);
    expect(text()).toBe(before);
  });

  it('cannot take a name of the exporter itself', () => {
    const { feed, counts } = createWorld({ reservedNames: new Set(['process_cpu_seconds_total']) });
    feed(documentOf({ namespace: 'Process', units: { CpuSeconds: 'Count' }, members: { CpuSeconds: 1 } }));
    expect(counts['sample name_conflict']).toBe(1);
  });

  it('of a namespace that is not allowed leaves nothing', () => {
    const { feed, counts, store } = createWorld({ namespaces: new Set(['ImageApi']) });
    feed(documentOf({ members: { Orders: [1, 2] } }));
    expect(counts).toEqual({ documents: 1, 'sample namespace_not_allowed': 2 });
    expect(store.size()).toBe(0);
  });

  it('makes lone surrogates the same on the way in as on the way out', () => {
    const { feed, values } = createWorld();
    for (const A of ['"\\ud800"', '"\\ud801"']) {
      feed(
        JSON.stringify(documentOf({ sets: [['A']], members: { A: 0, Orders: 1 } })).replace(
          '"A":0',
          `"A":${A}`,
        ),
      );
    }
    expect(values()).toEqual({ 'shop_orders_total{a="\ufffd"}': 2 });
  });
});

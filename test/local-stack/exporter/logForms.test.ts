/** Documents inside what other programs wrap around a line. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LOG_FORMS } from './logForms.ts';
import { createWorld, documentOf } from './world.ts';

const order = documentOf({ sets: [['A']], members: { A: 'a {"_aws"} \\ "é"', Orders: 2 } });
const counted = { 'shop_orders_total{a="a {\\"_aws\\"} \\\\ \\"é\\""}': 2 };

describe('a document in a log', () => {
  it.each(Object.keys(LOG_FORMS))('is read from %s', (form) => {
    const { feed, values, counts } = createWorld();
    for (const line of LOG_FORMS[form]?.(JSON.stringify(order)) ?? []) feed(line);
    expect(values()).toEqual(counted);
    expect(counts.documents).toBe(1);
    expect(counts['line json']).toBeUndefined();
  });

  it.each(Object.keys(LOG_FORMS))('is read from %s, of 40,000 characters and more', (form) => {
    const { feed, values, counts } = createWorld();
    const line = JSON.stringify({ ...order, note: '"\\é\n'.repeat(10_000) });
    for (const piece of LOG_FORMS[form]?.(line) ?? []) feed(piece);
    for (const piece of LOG_FORMS[form]?.(JSON.stringify(order)) ?? []) feed(piece);
    expect(Object.values(values())).toEqual([4]);
    expect(counts.documents).toBe(2);
    expect(counts['line json']).toBeUndefined();
  });

  const names = fc.constantFrom(...Object.keys(LOG_FORMS));
  it('is read from any form inside any other', () => {
    fc.assert(
      fc.property(names, names, (inner, outer) => {
        const { feed, values } = createWorld();
        for (const middle of LOG_FORMS[inner]?.(JSON.stringify(order)) ?? [])
          for (const line of LOG_FORMS[outer]?.(middle) ?? []) feed(line);
        expect(values()).toEqual(counted);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a document in pieces', () => {
  const long = JSON.stringify({ ...order, note: 'x'.repeat(100_000) });
  const forms = ['docker json-file', 'kubernetes'];

  it.each(forms)('of %s is joined beside one of the other output', (form) => {
    const { feed, counts } = createWorld();
    const first = LOG_FORMS[form]?.(long) ?? [];
    const second = first.map((line) => line.replace('stdout', 'stderr'));
    for (const [index, line] of first.entries()) {
      feed(line);
      feed(second[index] ?? '');
      if (index === 1) feed(order);
    }
    expect(first.length).toBeGreaterThan(5);
    expect(counts).toEqual({ documents: 3, samples: 3 });
  });

  it.each(forms)('of %s without its last one was cut off', (form) => {
    const { feed, end, counts } = createWorld();
    for (const line of (LOG_FORMS[form]?.(long) ?? []).slice(0, -1)) feed(line);
    end();
    expect(counts).toEqual({ 'line cut_off': 1 });
  });

  it.each(forms)(
    'of %s is skipped where it is longer than a line may be, and the next one counts',
    (form) => {
      const { feed, end, counts } = createWorld();
      const longer = JSON.stringify({ ...order, note: 'x'.repeat(1_100_000) });
      for (const line of LOG_FORMS[form]?.(longer) ?? []) feed(line);
      for (const line of LOG_FORMS[form]?.(JSON.stringify(order)) ?? []) feed(line);
      end();
      expect(counts['line too_long']).toBe(1);
      expect(counts.documents).toBe(1);
      expect(counts['line json']).toBeUndefined();
    },
  );

  it('keeps a last line of a container that had no line end apart from the next', () => {
    const { feed, counts } = createWorld();
    const entry = (log: string) => JSON.stringify({ log, stream: 'stdout', time: '2026-11-30T21:00:00Z' });
    feed(entry(JSON.stringify(order)));
    feed(entry(`${JSON.stringify(order)}\n`));
    expect(counts.documents).toBe(2);
  });
});

describe('a list', () => {
  const orders = (count: number) => documentOf({ members: { Orders: count } });
  const broken = { _aws: { CloudWatchMetrics: {} }, Orders: 1 };

  it.each<[string, unknown]>([
    ['of documents', [orders(2), orders(3)]],
    ['of lists', [[orders(2)], [orders(3)]]],
    ['of texts', [JSON.stringify(orders(2)), JSON.stringify(orders(3))]],
    ['that begins with something else', ['text', 7, orders(2), null, orders(3)]],
    ['inside four members', { message: [{ message: [{ message: [{ message: [orders(2), orders(3)] }] }] }] }],
    ['inside a member', { message: [orders(2), 'text', orders(3)] }],
    [
      'of journald, which has a member twice',
      { MESSAGE: [orders(2), [...Buffer.from(JSON.stringify(orders(3)))]] },
    ],
  ])('%s is read, each of them', (_, list) => {
    const { feed, values, counts } = createWorld();
    feed(list);
    expect(values()).toEqual({ shop_orders_total: 5 });
    expect(counts).toEqual({ documents: 2, samples: 2 });
  });

  it.each<[string, unknown, string]>([
    ['a document without a list of directives', broken, 'unreachable'],
    ['one in a member that is not read', { event: orders(9) }, 'unreachable'],
    ['half a text of one', JSON.stringify(orders(9)).slice(0, -3), 'json'],
  ])('with %s says so and counts the others', (_, other, reason) => {
    const { feed, values, counts } = createWorld();
    feed([orders(2), other, { level: 'info' }, orders(3)]);
    expect(values()).toEqual({ shop_orders_total: 5 });
    expect(counts).toEqual({ documents: 2, samples: 2, [`line ${reason}`]: 1 });
  });

  it('of what is nested 8,000 deep beside a document ends nothing', () => {
    const { feed, counts } = createWorld();
    feed(`[${'['.repeat(7_000)}${']'.repeat(7_000)},${JSON.stringify(orders(2))}]`);
    expect(counts).toEqual({ documents: 1, samples: 1 });
  });
});

describe('a line that shows a document which is not reached', () => {
  const line = JSON.stringify(order);
  const within = (depth: number): unknown => (depth === 0 ? order : { message: within(depth - 1) });
  const textWithin = (depth: number): string =>
    depth === 0 ? line : JSON.stringify({ message: textWithin(depth - 1) });

  it.each([1, 2, 3, 4])('is read within %i members', (depth) => {
    for (const given of [within(depth), textWithin(depth)]) {
      const { feed, counts } = createWorld();
      feed(given);
      expect(counts).toEqual({ documents: 1, samples: 1 });
    }
  });

  it.each<[string, unknown]>([
    ['within five members', within(5)],
    ['within six texts', textWithin(6)],
    ['within six lists', { message: [[[[[[order]]]]]] }],
    ['within lists in five members', { message: [{ message: [{ message: [{ message: [within(1)] }] }] }] }],
    ['within five texts of lists', [1, 2, 3, 4, 5].reduce((text) => JSON.stringify([text]), line)],
    [
      'an object for the list of directives',
      { _aws: { CloudWatchMetrics: { Namespace: 'Shop' } }, Orders: 1 },
    ],
    ['a member that is not read', { event: order }],
    ['the text of a member that is not read', { textPayload: line }],
    ['quotes that are escaped as code points', `{"event":"${line.replaceAll('"', '\\u0022')}"}`],
    ["a Python program's print", "{'_aws': {'CloudWatchMetrics': [{'Namespace': 'Shop'}]}, 'Orders': 1}"],
    ['text for HTML', JSON.stringify(documentOf({})).replaceAll('"', '&quot;')],
    ['text for a URL', encodeURIComponent(JSON.stringify(documentOf({})))],
    ['text in UTF-16', Buffer.from(`\ufeff${line}`, 'utf16le').toString('utf8')],
    ['a packed log', gzipSync(line).toString('utf8').split('\n')[0]],
    ['one line of many of a document', '    "CloudWatchMetrics": ['],
    ['what journalctl left out', { __CURSOR: 's=1', MESSAGE: null, PRIORITY: '6' }],
    ['what journalctl left out, inside a log', { log: '{"MESSAGE":null}\n' }],
  ])('for %s', (_, given) => {
    const { feed, counts } = createWorld();
    feed(given);
    expect(counts).toEqual({ 'line unreachable': 1 });
  });
});

describe('an ordinary line', () => {
  it.each([
    'START RequestId: 8c9e Version: $LATEST',
    'REPORT RequestId: 8c9e\tDuration: 3.27 ms\tBilled Duration: 4 ms',
    '2026-11-30T21:00:00.000Z\t8c9e\tINFO\thello { name: "x" }',
    '{ level: "info" }',
    '{',
    '}',
    '  "level": "info",',
    '{"level":"info","message":"a text { with } braces"}',
    '{"level":"info","message":{"text":"a"},"log":3}',
    '{"timestamp":"2026-11-30T21:00:00.000Z","level":"INFO","message":"{\\"level\\":1}"}',
    '{"log":"hello\\n","stream":"stdout","time":"2026-11-30T21:00:00Z"}',
    '{"log":"hel","stream":"stdout","time":"2026-11-30T21:00:00Z"}',
    '{"LogGroup":"x","ServiceName":"y","ServiceType":"z"}',
    '{"_aws":{"Timestamp":1}}',
    '{"MESSAGE":[104,101,108,108,111],"PRIORITY":"6"}',
    'the text "MESSAGE":null in a line',
    'CloudWatchMetrics are sent every minute',
    '[1,2,3]',
    '"text"',
    '42',
    '{{{{{{{{{{{{',
    'at Object.<anonymous> (/app/index.js:1:7)',
  ])('is no fault of a document: %s', (line) => {
    const { feed, counts } = createWorld();
    feed(line);
    expect(counts).toEqual({ 'line not_emf': 1 });
  });

  it.each([
    '{"_aws":{"CloudWatchMetrics":[',
    '2026-11-30T21:00:00.000Z\t8c9e\tINFO\t{"_aws":{"CloudWatchMetrics":[',
    '{"log":"{\\"_aws\\":{\\"CloudWatchMetrics\\":[\\n","stream":"stdout"}',
    '{"Orders":1,"_aws":{"CloudWatchMetrics":[]}',
  ])('that is half of a document is one: %s', (line) => {
    const { feed, counts } = createWorld();
    feed(line);
    expect(counts).toEqual({ 'line json': 1 });
  });
});

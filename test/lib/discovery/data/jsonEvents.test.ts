import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createJsonReader } from '../../../../lib/discovery/data/jsonEvents.ts';
import { processorTimeOf } from '../../../support/processorTime.ts';

/** Every event with its text, on one line; the last is `bad` or `end`. */
function eventsOf(text: string): string[] {
  const reader = createJsonReader(text);
  const events: string[] = [];
  for (;;) {
    const event = reader.next();
    events.push(event === 'name' || event === 'string' ? `${event} ${reader.text()}` : (event ?? 'end'));
    if (event === null || event === 'bad') return events;
  }
}

/** The same of a document that `JSON.parse` reads. */
function expectedOf(value: unknown): string[] {
  if (typeof value === 'string') return [`string ${value}`];
  if (Array.isArray(value)) return ['[', ...value.flatMap(expectedOf), ']'];
  if (typeof value !== 'object' || value === null) return ['other'];
  return [
    '{',
    ...Object.entries(value).flatMap(([name, child]) => [`name ${name}`, ...expectedOf(child)]),
    '}',
  ];
}

function parsed(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

describe('createJsonReader', () => {
  it('reads every document as JSON.parse does', () => {
    // Numbers as names are put in order by JSON.parse.
    const name = fc.string().map((text) => `_${text}`);
    const document = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(name, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(document, fc.constantFrom(0, 1, '\t', '\r\n '), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(eventsOf(text)).toEqual([...expectedOf(JSON.parse(text)), 'end']);
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses exactly what JSON.parse refuses', () => {
    const piece = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"', '"a"', '"a":', '\\', '\\u00e9', '\\u00g9', '\\x', '\\"', '\\u'],
      ...['0', '01', '-', '1', '.', '1.5', 'e', 'E+', '1e5', 'true', 'false', 'null', 'nul', 'NaN', '+1'],
      ...[
        ' ',
        '\t',
        '\n',
        '\r',
        '\u000b',
        '\u00a0',
        '\ufeff',
        '\u2028',
        '\0',
        '\u007f',
        'é',
        '\ud800',
        '/',
        '//',
      ],
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, isInList) => {
        const text = isInList ? `[${pieces.join('')}]` : pieces.join('');
        const document = parsed(text);
        if (document !== null) accepted += 1;
        expect(eventsOf(text).at(-1)).toBe(document === null ? 'bad' : 'end');
      }),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });

  it('refuses what a document loses or gets by one character', () => {
    const text = JSON.stringify({ a: [1, -2.5e3, 'x\n\u0001"\\', true, { b: null, c: [] }], d: {} });
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(1), fc.string({ maxLength: 1 }), (at, removed, added) => {
        const changed = text.slice(0, at) + added + text.slice(at + removed);
        expect(eventsOf(changed).at(-1)).toBe(parsed(changed) === null ? 'bad' : 'end');
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['one string', (n: number) => `"${'a'.repeat(n)}"`],
    ['one string of escapes', (n: number) => `"${'\\u0061'.repeat(n / 6)}"`],
    ['one string of short escapes', (n: number) => `"${'a\\n'.repeat(n / 3)}"`],
    ['one string without an end', (n: number) => `["${'a'.repeat(n)}`],
    ['a long name', (n: number) => `{"${'\\"'.repeat(n / 2)}":1}`],
    ['one number', (n: number) => `[${'1'.repeat(n)}]`],
    ['one number that is none', (n: number) => `[${'1'.repeat(n)}x]`],
    ['whitespace', (n: number) => `[${' '.repeat(n)}]`],
    ['whitespace between all', (n: number) => `[${' \n1 \n,'.repeat(n / 7)}1]`],
    ['lists in lists', (n: number) => '['.repeat(n / 2) + ']'.repeat(n / 2)],
    ['objects in objects', (n: number) => `${'{"":'.repeat(n / 5)}1${'}'.repeat(n / 5)}`],
    ['empty objects', (n: number) => `[${'{},'.repeat(n / 3)}1]`],
    ['strings', (n: number) => `[${'"",'.repeat(n / 3)}1]`],
    ['members', (n: number) => `{${'"":0,'.repeat(n / 5)}"":0}`],
  ])('takes linear time for ten megabytes of %s', (_what, make) => {
    const text = make(10_500_000);
    const reader = createJsonReader(text);
    const ms = processorTimeOf(() => {
      let event = reader.next();
      while (event !== null && event !== 'bad') event = reader.next();
    });
    expect(ms).toBeLessThan(1_500);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLineSplitter } from '../../../local-stack/exporter/lineSplitter.ts';

function split(chunks: readonly Uint8Array[], maxBytes = 1_000) {
  const lines: [string, boolean][] = [];
  let tooLong = 0;
  const splitter = createLineSplitter(maxBytes, {
    line: (text, isWhole) => lines.push([text, isWhole]),
    tooLong: () => {
      tooLong += 1;
    },
  });
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return { lines, tooLong };
}

const bytes = (text: string) => Buffer.from(text);

describe('lines of a stream', () => {
  it('are put together from single bytes, also inside a character', () => {
    const chunks = [...bytes('grüße 🌍\nb\r\n')].map((byte) => Buffer.from([byte]));
    expect(split(chunks).lines).toEqual([
      ['grüße 🌍', true],
      ['b\r', true],
    ]);
  });

  it('are not there where nothing is in them', () => {
    expect(split([bytes('\n\r\n  \n')]).lines).toEqual([]);
  });

  it('say that the last one has no end', () => {
    expect(split([bytes('a\nb')]).lines).toEqual([
      ['a', true],
      ['b', false],
    ]);
  });

  it.each([
    [
      10,
      {
        lines: [
          ['x'.repeat(10), true],
          ['y', true],
        ],
        tooLong: 0,
      },
    ],
    [11, { lines: [['y', true]], tooLong: 1 }],
    [5_000, { lines: [['y', true]], tooLong: 1 }],
  ])('of %i bytes against a limit of 10', (length, expected) => {
    const text = bytes(`${'x'.repeat(length)}\ny\n`);
    expect(split([text], 10)).toEqual(expected);
    expect(
      split(
        [...text].map((byte) => Buffer.from([byte])),
        10,
      ),
    ).toEqual(expected);
  });

  it('over the limit at the end count once', () => {
    expect(split([bytes('x'.repeat(11)), bytes('x'.repeat(11))], 10)).toEqual({ lines: [], tooLong: 1 });
  });

  it('are the same however the stream is cut', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom('\n', '\n\n', '{"a":1}\n'),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 20 }),
        fc.array(fc.nat(50), { maxLength: 20 }),
        (pieces, cuts) => {
          const whole = bytes(pieces.join(''));
          const chunks: Buffer[] = [];
          let start = 0;
          for (const cut of cuts) {
            chunks.push(whole.subarray(start, start + cut));
            start += cut;
          }
          chunks.push(whole.subarray(start));
          expect(split(chunks, 40)).toEqual(split([whole], 40));
        },
      ),
    );
  });
});

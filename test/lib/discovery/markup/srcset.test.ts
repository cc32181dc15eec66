import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseSrcset } from '../../../../lib/discovery/markup/srcset.ts';
import { processorTimeOf } from '../../../support/processorTime.ts';

/** `url descriptor` of each candidate. */
const read = (text: string) =>
  parseSrcset(text).map(({ url, descriptor }) => (descriptor === undefined ? url : `${url} ${descriptor}`));

describe('parseSrcset', () => {
  it.each([
    ['', []],
    [' \t\n\f\r', []],
    [',', []],
    [',,,', []],
    [' , a , , b ', ['a', 'b']],
    ['a', ['a']],
    ['a,', ['a']],
    ['a,,', ['a']],
    ['a, b', ['a', 'b']],
    ['a,b', ['a,b']],
    ['a,, 1x', ['a', '1x']],
    ['a, 1x b, c', ['a', 'c']],
    [',a,b,, ,c', ['a,b', 'c']],
    ['a ,b', ['a', 'b']],
    ['a 1x ,, b', ['a 1x', 'b']],
    ['a 1x (,b', []],
    ['a )1x, b', ['b']],
    ['a 1x(b, c) d, e', ['e']],
    ['a 1x,b 2x', ['a 1x', 'b 2x']],
    ['a 1x, b 2x', ['a 1x', 'b 2x']],
    ['a\u00a01x', ['a\u00a01x']],
    ['a\u000b1x', ['a\u000b1x']],
    ['a\t1x\n,\fb\r2x', ['a 1x', 'b 2x']],
    ['data:,a ( , data:,b 1x', []],
    ['data:,a ( , data:,b 1x), data:,c', ['data:,c']],
    ['a (,), b', ['b']],
    ['a ( , ( , a ) , a ), b', ['b']],
    ['a (1x', []],
    [
      'https://cdn.test/w_1,h_2,c_fill/a.jpg 640w, https://cdn.test/w_2,h_4/a.jpg 1280w',
      ['https://cdn.test/w_1,h_2,c_fill/a.jpg 640w', 'https://cdn.test/w_2,h_4/a.jpg 1280w'],
    ],
    ['a.jpg,b.jpg 2x', ['a.jpg,b.jpg 2x']],
    ['/a(b).png 2x', ['/a(b).png 2x']],
  ])('splits %j', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    // Width: a non-negative integer that is not zero.
    ['1w', true],
    ['640w', true],
    ['00640w', true],
    ['0w', false],
    ['-1w', false],
    ['+1w', false],
    ['1.5w', false],
    ['1e3w', false],
    ['1W', false],
    ['w', false],
    ['1w 1w', false],
    ['1w 2w', false],
    ['1w 1x', false],
    ['1x 1w', false],
    // Density: a valid floating-point number that is not negative.
    ['0x', true],
    ['-0x', true],
    ['1x', true],
    ['1.5x', true],
    ['.5x', true],
    ['1e2x', true],
    ['1E-2x', true],
    ['1e+2x', true],
    ['1.x', false],
    ['.x', false],
    ['-x', false],
    ['-.0x', true],
    ['-.5x', false],
    ['1ex', false],
    ['1e+x', false],
    ['ex', false],
    ['1e1.5x', false],
    ['1.5.5x', false],
    ['1ee1x', false],
    ['--1x', false],
    ['+1x', false],
    ['-1x', false],
    ['-1.5x', false],
    ['1X', false],
    ['x', false],
    ['NaNx', false],
    ['Infinityx', false],
    ['0x10x', false],
    ['1x 1x', false],
    // Height: only beside a width.
    ['1w 1h', true],
    ['1h 1w', true],
    ['1h', false],
    ['0h 1w', false],
    ['1w 1h 1h', false],
    ['1h 1x', false],
    ['1x 1h', false],
    ['-1h 1w', false],
    // Anything else.
    ['1', false],
    ['large', false],
    ['1w large', false],
    ['1dpi', false],
    ['(1x)', false],
    [`${'1'.repeat(99)}w`, true],
    [`${'1'.repeat(100)}w`, false],
    [`0.${'0'.repeat(100)}1x`, false],
  ])('takes the descriptors %j: %s', (descriptors, isTaken) => {
    const expected = isTaken ? [`a ${descriptors}`, 'b'] : ['b'];
    expect(read(`a ${descriptors}, b`)).toEqual(expected);
    expect(read(`a ${descriptors}`)).toEqual(expected.slice(0, -1));
  });

  it('tells width and density', () => {
    expect(parseSrcset('a 640w 320h, b 1.5x, c')).toEqual([
      { url: 'a', descriptor: '640w 320h', width: 640 },
      { url: 'b', descriptor: '1.5x', density: 1.5 },
      { url: 'c' },
    ]);
  });

  it.each([
    ['candidates', 'a 1x,', 500_000],
    ['commas', ',', 5_000_000],
    ['blanks', ' ', 5_000_000],
    ['parentheses', 'a (', 1_000_000],
    ['descriptors', '1w ', 1_000_000],
    ['digits', '1', 5_000_000],
  ])('is linear in %s', (_what, piece, count) => {
    for (const end of ['', 'w', 'x', 'ex']) {
      const ms = processorTimeOf(() => parseSrcset(`a ${piece.repeat(count)}${end}`));
      // At most 0.3 s; what is quadratic takes minutes.
      expect(ms).toBeLessThan(2_000);
    }
  });

  it('finds back what was written plainly, whatever the text around', () => {
    const url = fc.stringMatching(/^[a-z0-9/.]{1,12}$/);
    const candidate = fc.tuple(url, fc.integer({ min: 1, max: 5_000 }));
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1, maxLength: 6 }), (candidates) => {
        const text = candidates.map(([address, width]) => `${address} ${width}w`).join(', ');
        expect(parseSrcset(text).map(({ url: found, width }) => [found, width])).toEqual(candidates);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const { url: found } of parseSrcset(text)) expect(found).not.toMatch(/^$|[ \t\n\f\r]|^,|,$/);
      }),
    );
  });
});

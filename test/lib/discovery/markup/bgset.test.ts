import { describe, expect, it } from '@jest/globals';
import { bgsetCandidates } from '../../../../lib/discovery/markup/bgset.ts';
import { processorTimeOf } from '../../../support/processorTime.ts';

const urlsOf = (text: string) => [...bgsetCandidates(text)].flatMap((found) => found?.url ?? []);

describe('bgsetCandidates', () => {
  it.each([
    ['a.jpg', ['a.jpg']],
    ['', []],
    [' | ', []],
    [
      'a.jpg 300w, b.jpg 600w [(max-width: 3em)] | c.jpg [--wide] | d.jpg',
      ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'],
    ],
    ['a.jpg [--wide] [image/webp] | b.jpg [ (width) ] ', ['a.jpg', 'b.jpg']],
    ['a.jpg| b.jpg |c.jpg\n|\nd.jpg', ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']],
    // What belongs to the address stays with it.
    ['/img?f=a.jpg|w=200 400w', ['/img?f=a.jpg|w=200']],
    ['/img?s[w]=400&f=a.jpg 400w | b.jpg', ['/img?s[w]=400&f=a.jpg', 'b.jpg']],
    ['/img?s[]', ['/img?s[]']],
    // Brackets alone are no candidate of a srcset either.
    ['a.jpg ]', []],
    ['[--wide]', ['[--wide]']],
  ])('reads %j', (text, urls) => {
    expect(urlsOf(text)).toEqual(urls);
  });

  it('tells widths and densities', () => {
    expect([...bgsetCandidates('a.jpg 2x [--wide] | b.jpg 640w')]).toEqual([
      { url: 'a.jpg', descriptor: '2x', density: 2 },
      null,
      { url: 'b.jpg', descriptor: '640w', width: 640 },
    ]);
  });

  it.each(['|', '| ', ' |', '[]', ' []', 'x ] | ', 'x [ | ', ' [x] [y] | '])('is linear in %j', (piece) => {
    const text = piece.repeat(5_000_000 / piece.length);
    // At most half a second; what is quadratic takes hours.
    expect(processorTimeOf(() => [...bgsetCandidates(text)].length)).toBeLessThan(4_000);
  });
});

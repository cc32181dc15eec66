/** `srcset`: the reader against the standard's own steps, written out one by one. */
import { parseSrcset } from '../../../../lib/discovery/markup/srcset.ts';
import { srcsetByTheBook } from '../srcsetByTheBook.ts';
import { demand, demandAlike, type Target } from '../target.ts';

const SEEDS = [
  'a',
  'a 1x, b 2x',
  'a 640w 320h, b 1.5x, c',
  'data:,a ( , data:,b 1x), data:,c',
  ' , a , , b ',
  'a,b',
  'a 1x,b 2x',
  'https://cdn.test/w_1,h_2,c_fill/a.jpg 640w, https://cdn.test/w_2/a.jpg 1280w',
  'a -1x, b 0w, c 1h 1w, d 1e2x, e .5x',
];

export const target: Target = {
  name: 'srcset',
  seeds: () => SEEDS.map((seed) => Buffer.from(seed)),
  words: [
    ', ',
    ',',
    ' ',
    '\t',
    '\n',
    '\f',
    '\r',
    '(',
    ')',
    ' 1x',
    ' 2w',
    ' 3h',
    '-0x',
    '1e3x',
    '+1w',
    '1.x',
    '.5x',
    '\u00a0',
  ],
  msPerKib: 2,
  check(input) {
    const text = input.toString('utf8');
    const found = parseSrcset(text);
    for (const { url, width, density } of found) {
      demand(!/^$|[ \t\n\f\r]|^,|,$/.test(url), 'an address has a blank, or a comma at an end', url);
      demand(width === undefined || width > 0, 'a width is zero or less', width);
      demand(density === undefined || density >= 0, 'a density is less than zero', density);
    }
    const told = found.map(({ url, width, density }) => ({ url, width, density }));
    demandAlike('the standard’s steps find something else', told, srcsetByTheBook(text));
  },
};

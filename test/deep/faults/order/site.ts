/** The page that the operations of a search work on, as it changes over time. */
import type { MemoryResource } from '../../../fakes/memoryWeb.ts';
import { pngOf } from '../../../support/pictures.ts';

export const PAGE = 'https://site.test/';

const PICTURES = [1, 2, 3, 4].map((seed) => pngOf(seed));
const html = (...names: readonly string[]): MemoryResource => ({
  type: 'text/html',
  body: names.map((name) => `<img src="${name}">`).join(''),
});
const png = (index: number): MemoryResource => {
  const body = PICTURES[index];
  return { type: 'image/png', ...(body && { body }) };
};

/** Each state keeps an image of the one before, drops one, and has one that is new or changed. */
const STATES: readonly Readonly<Record<string, MemoryResource>>[] = [
  { [PAGE]: html('a.png', 'b.png'), [`${PAGE}a.png`]: png(0), [`${PAGE}b.png`]: png(1) },
  { [PAGE]: html('b.png', 'c.png'), [`${PAGE}b.png`]: png(1), [`${PAGE}c.png`]: png(2) },
  { [PAGE]: html('a.png', 'c.png'), [`${PAGE}a.png`]: png(3), [`${PAGE}c.png`]: png(2) },
];

export const SITES = STATES.length;

export function siteOf(state: number): Readonly<Record<string, MemoryResource>> {
  return STATES[state % SITES] ?? {};
}

/** The pictures, grouped by the place on the page that they fill. */
import { card } from './card.js';
import { el } from './dom.js';
import { lastSegment } from './places.js';
import { countWords } from './words.js';

/**
 * @import { Item, SkippedLine } from '../../lib/model.ts'
 * @import { Change } from './changes.js'
 *
 * @typedef {object} Gallery
 * @property {readonly Item[]} items
 * @property {readonly SkippedLine[]} skipped
 * @property {ReadonlyMap<string, string>} links presigned, by name
 * @property {ReadonlyMap<string, Change>} changes by name
 * @property {boolean} isCopies one image's copies in several pages: their slots have nothing to do with each other
 * @property {boolean} isDryRun
 * @property {AbortSignal} signal
 */

/** Cards that are built before the browser gets its turn. */
const AT_A_TIME = 40;

/** Resolves when all cards stand, or when the signal is aborted. @param {HTMLElement} place @param {Gallery} gallery */
export async function showGallery(place, gallery) {
  const { items, isCopies, signal } = gallery;
  if (items.length === 0) {
    place.replaceChildren(el('p', { class: 'panel quiet' }, 'There is no picture to show.'));
    return;
  }
  const groups = isCopies ? items.map((item) => [item]) : groupBySlot(items);
  const names = new Map(items.map(({ name }) => [name, lastSegment(name)]));
  const list = el('ul', { class: 'gallery', 'aria-busy': 'true' });
  place.replaceChildren(
    el(
      'h3',
      {},
      isCopies ? 'Copies' : `Pictures`,
      el('span', { class: 'quiet aside' }, slotWords(groups, isCopies)),
    ),
    list,
  );
  let built = 0;
  for (const [index, group] of groups.entries()) {
    for (const [position, item] of group.entries()) {
      list.append(card(item, { index, position, size: group.length }, gallery, names));
      built += 1;
      if (built % AT_A_TIME !== 0) continue;
      await new Promise((resolve) => setTimeout(resolve));
      if (signal.aborted) return;
    }
  }
  list.removeAttribute('aria-busy');
}

/** The candidates of one picture stand together, where its first one is. @param {readonly Item[]} items @returns {Item[][]} */
function groupBySlot(items) {
  return [...Map.groupBy(items, (item) => item.foundIn[0]?.slot ?? item.name).values()];
}

/** @param {readonly Item[][]} groups @param {boolean} isCopies */
function slotWords(groups, isCopies) {
  if (isCopies) return 'of one image, in all pages that were harvested';
  const several = groups.filter(({ length }) => length > 1).length;
  const places = `${countWords(groups.length, 'place')} on the page`;
  return several === 0
    ? places
    : `${places}, ${several.toLocaleString('en')} of them with several versions of one picture`;
}

/** The pictures, grouped by their slot on the page. */
import { card } from './card.js';
import { el } from './dom.js';
import { countWords } from './words.js';

/**
 * @import { Item } from '../../lib/domain/model.ts'
 * @import { Spot } from './card.js'
 * @import { Change } from './changes.js'
 *
 * @typedef {object} Shelf what all cards share.
 * @property {ReadonlyMap<string, string>} links presigned, by name.
 * @property {ReadonlyMap<string, Change>} changes by name.
 * @property {boolean} isCopies copies of one image in several pages, whose slots are independent.
 * @property {ReadonlyMap<string, string>} pages URLs of known pages by id.
 * @property {string} pageUrl base for shortened URLs.
 * @property {boolean} isDryRun
 *
 * @typedef {Shelf & { readonly spots: ReadonlyMap<string, Spot> }} Gallery `spots` by name
 */

/** Cards that are built before the next yield to the browser. */
const AT_A_TIME = 40;

/**
 * Resolves when all cards are shown, or when the signal is aborted. The first ones are shown at once.
 * @param {HTMLElement} place
 * @param {readonly Item[]} items
 * @param {Shelf} shelf
 * @param {AbortSignal} signal
 */
export async function showGallery(place, items, shelf, signal) {
  const { isCopies } = shelf;
  const groups = isCopies ? items.map((item) => [item]) : groupBySlot(items);
  const gallery = { ...shelf, spots: spotsOf(groups) };
  const list = el('ul', { class: 'gallery', 'aria-busy': 'true' });
  place.replaceChildren(
    el(
      'h3',
      {},
      isCopies ? 'Copies' : 'Pictures',
      el('span', { class: 'quiet aside' }, slotWords(groups, isCopies)),
    ),
    list,
  );
  let built = 0;
  for (const item of groups.flat()) {
    list.append(card(item, gallery));
    built += 1;
    if (built % AT_A_TIME !== 0) continue;
    await new Promise((resolve) => setTimeout(resolve));
    if (signal.aborted) return;
  }
  list.removeAttribute('aria-busy');
}

/** The items of each slot together, in the order of the first ones. @param {readonly Item[]} items @returns {Item[][]} */
function groupBySlot(items) {
  return [...Map.groupBy(items, (item) => item.foundIn[0]?.slot ?? item.name).values()];
}

/** @param {readonly Item[][]} groups @returns {ReadonlyMap<string, Spot>} */
function spotsOf(groups) {
  return new Map(
    groups.flatMap((group, index) =>
      group.map(
        ({ name }, position) => /** @type {const} */ ([name, { index, position, size: group.length }]),
      ),
    ),
  );
}

/** @param {readonly Item[][]} groups @param {boolean} isCopies */
function slotWords(groups, isCopies) {
  if (isCopies) return 'of one image, in all harvested pages';
  const several = groups.filter(({ length }) => length > 1).length;
  const places = `${countWords(groups.length, 'place')} on the page`;
  return several === 0
    ? places
    : `${places}, ${several.toLocaleString('en')} of them with several versions of one picture`;
}

/** The pictures, grouped by the place on the page that they fill. */
import { copyButton, el } from './dom.js';
import { altOf, lastSegment, placeWords } from './places.js';
import { byteWords, CHANGE_WORDS, countWords, IMAGE_WORDS, typeName } from './words.js';

/**
 * @import { Item, Place, SkippedLine } from '../../lib/model.ts'
 * @typedef {keyof typeof CHANGE_WORDS} Change
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

/**
 * @param {Item} item
 * @param {{ readonly index: number, readonly position: number, readonly size: number }} slot
 * @param {Gallery} gallery
 * @param {ReadonlyMap<string, string>} names file names by name
 */
function card(item, { index, position, size }, { links, changes, isCopies, isDryRun }, names) {
  const file = names.get(item.name) ?? item.name;
  const change = changes.get(item.name);
  const isGroup = size > 1;
  const label = isCopies ? `Copy ${index + 1}` : `Picture ${index + 1}`;
  const dimensions =
    item.width === null || item.height === null ? 'no fixed size' : `${item.width} × ${item.height}`;
  return el(
    'li',
    { class: `card${isGroup ? ' grouped' : ''}${isGroup && position === size - 1 ? ' last' : ''}` },
    el(
      'article',
      {
        class: 'card-body',
        'aria-label': isGroup ? `${label}, version ${position + 1} of ${size}: ${file}` : `${label}: ${file}`,
      },
      thumbnail(item, links.get(item.name), file, isDryRun),
      el(
        'div',
        { class: 'card-text' },
        el(
          'p',
          { class: 'slot' },
          isGroup ? `${label} · ${position + 1} of ${size}` : label,
          badge(change, item),
        ),
        el('h4', {}, file),
        el(
          'p',
          { class: 'card-facts' },
          `${typeName(item.contentType)} · ${dimensions} · ${byteWords(item.bytes)}`,
        ),
        foundIn(item.foundIn),
        item.duplicateOf !== undefined &&
          el(
            'p',
            { class: 'quiet' },
            `Same bytes as ${names.get(item.duplicateOf) ?? lastSegment(item.duplicateOf)}`,
          ),
        item.reason !== undefined &&
          el(
            'p',
            { class: 'kept-reason' },
            `${IMAGE_WORDS[item.reason.code].what}. ${item.reason.detail} (${item.reason.code})`,
          ),
        el('p', { class: 'source quiet', title: item.url }, item.url),
        !isDryRun &&
          copyButton('Copy name', item.name, { name: `Copy name of ${file}`, class: 'plain small' }),
      ),
    ),
  );
}

/** What an update did to it, or that an old copy was kept. @param {Change | undefined} change @param {Item} item */
function badge(change, item) {
  const kind = change ?? (item.outcome === 'kept' ? 'kept' : undefined);
  if (kind === undefined) return null;
  const { sign, word } = CHANGE_WORDS[kind];
  return el('span', { class: `badge ${kind}` }, el('span', { 'aria-hidden': 'true' }, `${sign} `), word);
}

/** @param {readonly Place[]} places */
function foundIn(places) {
  const [first, ...others] = places;
  if (first === undefined) return null;
  const alt = altOf(places);
  return el(
    'div',
    { class: 'found' },
    el('p', {}, el('code', {}, placeWords(first))),
    alt !== '' && el('p', { class: 'alt' }, `“${alt}”`),
    others.length > 0 &&
      el(
        'details',
        {},
        el('summary', {}, `and ${countWords(others.length, 'more place')}`),
        el('ul', {}, ...others.map((place) => el('li', {}, el('code', {}, placeWords(place))))),
      ),
  );
}

/** Opens the stored copy in another tab. @param {Item} item @param {string | undefined} href @param {string} file @param {boolean} isDryRun */
function thumbnail(item, href, file, isDryRun) {
  const frame = el('div', { class: 'thumb' });
  if (href === undefined || !/^https?:\/\//.test(href)) {
    frame.append(
      el('p', {}, isDryRun ? 'Not stored, so there is nothing to show' : 'No link to this picture'),
    );
    return frame;
  }
  const image = el('img', {
    loading: 'lazy',
    decoding: 'async',
    referrerpolicy: 'no-referrer',
    alt: altOf(item.foundIn) || file,
    ...(item.width !== null && item.height !== null && { width: item.width, height: item.height }),
  });
  image.addEventListener('error', () => {
    frame.replaceChildren(el('p', {}, whyNotShown(item, href)));
  });
  image.src = href;
  frame.append(el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, image));
  return frame;
}

/** What every browser of today draws. */
const DRAWN = /^image\/(?:jpeg|png|gif|webp|avif|svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)$/;

/** @param {Item} item @param {string} href */
function whyNotShown({ contentType }, href) {
  if (isExpired(href)) return 'The link has expired. Look the page up again to see it.';
  if (!DRAWN.test(contentType))
    return `This browser does not draw ${typeName(contentType)} pictures. The copy is fine.`;
  return 'The picture could not be loaded from the store.';
}

/** A presigned link says since when and how long it holds: 20261122T130500Z and seconds. @param {string} href */
function isExpired(href) {
  const { searchParams } = new URL(href);
  const date = (searchParams.get('X-Amz-Date') ?? '').replace(
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
    '$1-$2-$3T$4:$5:$6Z',
  );
  return Date.parse(date) + Number(searchParams.get('X-Amz-Expires')) * 1000 < Date.now();
}

/** The card of one picture: what it shows, its file, where the page has it, and its outcome. */
import { shortAddress } from './address.js';
import { copyButton, el } from './dom.js';
import { pageIdIn } from './pageIds.js';
import { altOf, lastSegment, placeWords } from './places.js';
import { byteWords, CHANGE_WORDS, countWords, typeName } from './words.js';

/**
 * @import { Item, Place } from '../../lib/domain/model.ts'
 * @import { Gallery } from './gallery.js'
 */

/**
 * @typedef {object} Spot which picture, and which version of it
 * @property {number} index
 * @property {number} position
 * @property {number} size number of versions
 */

/** @param {Item} item @param {Gallery} gallery */
export function card(item, gallery) {
  const { isCopies, isDryRun } = gallery;
  const file = lastSegment(item.name);
  const spot = gallery.spots.get(item.name) ?? { index: 0, position: 0, size: 1 };
  const isGroup = spot.size > 1;
  const isLast = isGroup && spot.position === spot.size - 1;
  return el(
    'li',
    { class: `card${isGroup ? ' grouped' : ''}${isLast ? ' last' : ''}` },
    el(
      'article',
      { class: 'card-body', 'aria-label': `${spotWords(spot, isCopies)}: ${file}` },
      thumbnail(item, gallery.links.get(item.name), file, isDryRun),
      el(
        'div',
        { class: 'card-text' },
        el(
          'p',
          { class: 'slot' },
          spotWords({ ...spot, size: 1 }, isCopies),
          isGroup && ` · ${spot.position + 1} of ${spot.size}`,
          badge(item, gallery),
        ),
        el('h4', {}, file),
        el('p', { class: 'card-facts' }, factWords(item)),
        foundIn(item.foundIn),
        sameBytes(item, gallery),
        item.reason !== undefined &&
          el('p', { class: 'kept-reason' }, `${item.reason.detail} (${item.reason.code})`),
        source(item, gallery),
        !isDryRun &&
          copyButton('Copy name', item.name, {
            // Files of different URLs often have the same name.
            name: `Copy name of ${file}, ${spotWords(spot, isCopies).toLowerCase()}`,
            class: 'plain small',
          }),
      ),
    ),
  );
}

/** `Picture 3`, or `Picture 3, version 1 of 2` with several versions. @param {Spot} spot @param {boolean} isCopies */
function spotWords({ index, position, size }, isCopies) {
  const label = `${isCopies ? 'Copy' : 'Picture'} ${index + 1}`;
  return size > 1 ? `${label}, version ${position + 1} of ${size}` : label;
}

/** @param {Item} item */
function factWords({ contentType, width, height, bytes }) {
  const dimensions = width === null || height === null ? 'no fixed size' : `${width} × ${height}`;
  return `${typeName(contentType)} · ${dimensions} · ${byteWords(bytes)}`;
}

/** The picture with the same bytes, by number, since files often have the same name; null without one. @param {Item} item @param {Gallery} gallery */
function sameBytes({ duplicateOf }, { spots, isCopies }) {
  if (duplicateOf === undefined) return null;
  const spot = spots.get(duplicateOf);
  const words = spot === undefined ? lastSegment(duplicateOf) : spotWords(spot, isCopies).toLowerCase();
  return el('p', { class: 'quiet' }, `Same bytes as ${words}`);
}

/** Where the picture comes from: its URL, or for a copy the page that has it. @param {Item} item @param {Gallery} gallery */
function source({ name, url }, { isCopies, pageUrl, pages }) {
  if (!isCopies)
    return el('p', { class: 'source quiet', title: url }, ...breakable(shortAddress(url, pageUrl)));
  const id = pageIdIn(name);
  const page = pages.get(id);
  return page === undefined
    ? el('p', { class: 'source quiet', title: `pages/${id}.json` }, `of the page with the id ${id}`)
    : el('p', { class: 'source quiet', title: page }, ...breakable(`of ${shortAddress(page, pageUrl)}`));
}

/** The text, with possible line breaks after its slashes. @param {string} text */
function breakable(text) {
  return text.split(/(?<=\/)/).flatMap((part, index) => (index === 0 ? [part] : [el('wbr'), part]));
}

/** A badge for what an update did, or for an old copy that was kept. @param {Item} item @param {Gallery} gallery */
function badge(item, { changes, isDryRun }) {
  const kind = changes.get(item.name) ?? (item.outcome === 'kept' ? 'kept' : undefined);
  if (kind === undefined) return null;
  const { sign, word, wordIfDry } = CHANGE_WORDS[kind];
  return el(
    'span',
    { class: `badge ${kind}` },
    el('span', { 'aria-hidden': 'true' }, `${sign} `),
    isDryRun ? wordIfDry : word,
  );
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

/** The picture as a link that opens the stored copy in another tab. @param {Item} item @param {string | undefined} href @param {string} file @param {boolean} isDryRun */
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
    class: OPAQUE.test(item.contentType) ? undefined : 'see-through',
    alt: altOf(item.foundIn) || file,
    ...(item.width !== null && item.height !== null && { width: item.width, height: item.height }),
  });
  image.addEventListener('error', () => {
    const isFocused = frame.contains(document.activeElement);
    const words = el('p', { tabindex: '-1' }, whyNotShown(item, href));
    frame.replaceChildren(words);
    // The link had the focus, which would be lost with it.
    if (isFocused) words.focus({ preventScroll: true });
  });
  image.src = href;
  frame.append(el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, image));
  return frame;
}

/** Types that never have transparent parts. */
const OPAQUE = /^image\/(?:jpeg|bmp)$/;

/** Types that every current browser shows. */
const DRAWN = /^image\/(?:jpeg|png|gif|webp|avif|svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)$/;

/** @param {Item} item @param {string} href */
function whyNotShown({ contentType }, href) {
  if (isExpired(href)) return 'The link has expired. Look the page up again to see it.';
  if (!DRAWN.test(contentType))
    return `This browser does not show ${typeName(contentType)} images. The copy is fine.`;
  return 'The image could not be loaded from the store. Check that the store runs, then look the page up again.';
}

/** Whether a presigned link has expired, by its date (20261122T130500Z) and validity in seconds. @param {string} href */
function isExpired(href) {
  const { searchParams } = new URL(href);
  const date = (searchParams.get('X-Amz-Date') ?? '').replace(
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
    '$1-$2-$3T$4:$5:$6Z',
  );
  return Date.parse(date) + Number(searchParams.get('X-Amz-Expires')) * 1000 < Date.now();
}

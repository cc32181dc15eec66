/** One picture: what it shows, its file, where the page has it, what became of it. */
import { copyButton, el } from './dom.js';
import { altOf, lastSegment, placeWords } from './places.js';
import { byteWords, CHANGE_WORDS, countWords, IMAGE_WORDS, typeName } from './words.js';

/**
 * @import { Item, Place } from '../../lib/model.ts'
 * @import { Change } from './changes.js'
 * @import { Gallery } from './gallery.js'
 */

/**
 * @param {Item} item
 * @param {{ readonly index: number, readonly position: number, readonly size: number }} slot
 * @param {Gallery} gallery
 * @param {ReadonlyMap<string, string>} names file names by name
 */
export function card(item, { index, position, size }, { links, changes, isCopies, isDryRun }, names) {
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

/** The result of a successful call: summary, changes, images, skipped lines. */
import { actionButtons } from './actions.js';
import { callList } from './callList.js';
import { changesByName, changesPanel, changeWords } from './changes.js';
import { button, byId, el, fill } from './dom.js';
import { showGallery } from './gallery.js';
import { urlsByPageId } from './pageIds.js';
import { recentUrls } from './recent.js';
import { reveal } from './reveal.js';
import { skippedList, warningList } from './skipped.js';
import { byteWords, countWords, timeWords } from './words.js';

/**
 * @import { Around } from './actions.js'
 * @import { Changes, Item, SkippedLine, Warning, Counts } from '../../lib/domain/model.ts'
 *
 * @typedef {object} Shown the body of a response to POST, PUT or GET.
 * @property {string} url
 * @property {string} [finalUrl]
 * @property {string | null} updatedAt null in a part without copies.
 * @property {boolean} complete
 * @property {boolean} [dryRun]
 * @property {string[]} images
 * @property {Item[]} items in page order.
 * @property {SkippedLine[]} skipped
 * @property {Warning[]} [warnings]
 * @property {Counts} [counts]
 * @property {Changes} [changes]
 * @property {string} [next] cursor of the next part.
 *
 * @typedef {object} Result
 * @property {Shown} record
 * @property {ReadonlyMap<string, string>} links
 * @property {Shown | null} [before] what was stored before an update.
 * @property {string} [note]
 *
 * @typedef {Around & Result & { readonly signal: AbortSignal }} Outcome
 */

/** Shows a result. Resolves when all pictures are shown. @param {Outcome} outcome */
export async function showResult(outcome) {
  const { record, links, before, note, calls, signal, wish } = outcome;
  const total = record.items.reduce((sum, { bytes }) => sum + bytes, 0);
  const isMoved = record.finalUrl !== undefined && record.finalUrl !== record.url;
  const isCopies = wish.action === 'lookUp' && (isPart(outcome) || areCopies(record));
  const gallery = el(
    'div',
    {},
    record.items.length === 0 && el('p', { class: 'panel' }, emptyWords(record, isCopies)),
  );
  const pages = isCopies ? await urlsByPageId(recentUrls()) : new Map();
  // A newer wish may have begun meanwhile, and its result goes to this place.
  signal.throwIfAborted();
  const changes = changesToShow(outcome);
  const heading = el('h2', { tabindex: '-1', class: 'result-title' }, headline(outcome, isCopies));
  fill(
    byId('outcome', HTMLElement),
    el(
      'header',
      { class: 'result-head' },
      el(
        'div',
        {},
        heading,
        el('p', { class: 'address-shown' }, record.url),
        isMoved && el('p', { class: 'quiet' }, `redirected to ${record.finalUrl}`),
      ),
      el('div', { class: 'actions' }, ...actionButtons(outcome, isCopies)),
    ),
    el(
      'dl',
      { class: 'facts' },
      fact('Images', record.items.length.toLocaleString('en')),
      fact('Total size', byteWords(total)),
      fact(
        record.counts || record.skipped.length === 0 ? 'Skipped' : 'Skipped (listed)',
        (record.counts?.skipped ?? record.skipped.length).toLocaleString('en'),
      ),
      record.dryRun
        ? fact('Stored', 'nothing (dry run)')
        : fact('Last change', record.updatedAt === null ? 'none' : timeWords(record.updatedAt)),
    ),
    // The note offers an update, which would make a page of an image.
    !record.complete && !isCopies && incompleteNote(outcome),
    note !== undefined && note !== '' && el('p', { class: 'note' }, note),
    isCopies && isPart(outcome) && partNote(outcome),
    changes !== undefined && changesPanel(changes, before ?? null, record.dryRun === true),
    warningList(record.warnings ?? []),
    gallery,
    skippedList(record.skipped, record.counts),
    callList(calls),
  );
  const shelf = {
    links,
    changes: changesByName(changes),
    isCopies,
    pages,
    pageUrl: record.finalUrl ?? record.url,
    isDryRun: record.dryRun === true,
  };
  const built = record.items.length > 0 ? showGallery(gallery, record.items, shelf, signal) : null;
  // The first pictures are shown. Before that, the page may be too short to scroll the heading to the top.
  reveal(heading, byId('outcome', HTMLElement), 'start');
  await built;
}

/** Why the result has no picture. @param {Shown} record @param {boolean} isCopies */
function emptyWords({ counts, skipped }, isCopies) {
  if (isCopies) return 'This part has no copy.';
  if (skipped.length === 0)
    return 'No image was found. The service does not run scripts, so it misses images that only a script adds.';
  if (skipped.length === 1) return 'The only image was skipped; the reason is below.';
  // The list may have been cut, so only the counts say how many were skipped.
  return counts
    ? `All ${counts.skipped.toLocaleString('en')} images were skipped; the reasons are below.`
    : 'Every image was skipped; the reasons are below.';
}

/** @param {string} term @param {string} value */
function fact(term, value) {
  return el('div', {}, el('dt', {}, term), el('dd', {}, value));
}

/** The changes of an update. Those of a new page are not shown, since all its images are new. @param {Outcome} outcome */
function changesToShow({ record: { changes, images }, before }) {
  const isAllNew = changes?.removed.length === 0 && changes.added.length === images.length;
  return before || !isAllNew ? changes : undefined;
}

/** @param {Outcome} outcome @param {boolean} isCopies */
function headline(outcome, isCopies) {
  const { record, wish, calls } = outcome;
  const count = countWords(record.items.length, 'image');
  const changes = changesToShow(outcome);
  if (record.dryRun)
    return `Dry run: ${changes === undefined ? `${count} found` : changeWords(changes, true)}`;
  if (isCopies && isPart(outcome))
    return `${countWords(record.items.length, 'copy', 'copies')} of one image, in this part`;
  if (isCopies)
    return record.items.length === 1 ? 'One copy of one image' : `${record.items.length} copies of one image`;
  if (wish.action === 'lookUp') return `${count} stored`;
  const isNew =
    wish.action === 'harvest' || calls.some(({ method, status }) => method === 'PUT' && status === 201);
  return isNew || changes === undefined ? `${count} harvested` : changeWords(changes, false);
}

/** Whether a look-up found the copies of an image in different pages, and not a page. @param {Shown} found */
export function areCopies({ items, url, next }) {
  if (next !== undefined) return true;
  const isPage = items.length === 1 && items[0]?.foundIn[0]?.element === 'page';
  return items.length > 0 && !isPage && items.every((item) => item.url === url);
}

/** Whether the response has only a part of an image's copies. @param {Outcome} outcome */
function isPart({ record, wish }) {
  return record.next !== undefined || wish.cursor !== undefined;
}

/** @param {Outcome} outcome */
function partNote({ wish, run, record }) {
  const { next } = record;
  return el(
    'div',
    { class: 'note' },
    el(
      'p',
      {},
      next === undefined ? 'These are the last copies of this image.' : 'Other pages may hold more copies.',
    ),
    next !== undefined && button('primary', 'Show the next copies', () => run({ ...wish, cursor: next })),
    wish.cursor !== undefined &&
      button('plain', 'Show the first copies', () => run({ ...wish, cursor: undefined })),
  );
}

/** @param {Outcome} outcome */
function incompleteNote({ wish, run, record }) {
  return el(
    'div',
    { class: 'note' },
    el(
      'p',
      {},
      el('strong', {}, 'Not complete. '),
      'Time ran out before all images were fetched. Stored images are safe. Update to continue.',
    ),
    button('primary', record.dryRun ? 'Try again' : 'Update now', () =>
      run({ ...wish, action: record.dryRun ? wish.action : 'update' }),
    ),
  );
}

/** The result of a call that went well: a summary, what changed, the pictures, what was skipped. */
import { callList } from './calls.js';
import { changesByName, changesPanel } from './changes.js';
import { byId, copyButton, el, fill } from './dom.js';
import { showGallery } from './gallery.js';
import { reveal } from './reveal.js';
import { isChangingPage, turnPage } from './sample.js';
import { skippedList, warningList } from './skipped.js';
import { byteWords, countWords, timeWords } from './words.js';

/**
 * @import { Around } from './fault.js'
 * @import { Changes, Item, SkippedLine, Warning, Counts } from '../../lib/model.ts'
 *
 * @typedef {object} Shown a record as POST and PUT answer it, or what a GET finds
 * @property {string} url
 * @property {string} [finalUrl]
 * @property {string} updatedAt
 * @property {boolean} complete
 * @property {boolean} [dryRun]
 * @property {string[]} images
 * @property {Item[]} items
 * @property {SkippedLine[]} skipped
 * @property {Warning[]} [warnings]
 * @property {Counts} [counts]
 * @property {Changes} [changes]
 *
 * @typedef {object} Result
 * @property {Shown} record
 * @property {ReadonlyMap<string, string>} links
 * @property {Shown | null} [before] what was stored before an update
 * @property {string} [note]
 *
 * @typedef {Around & Result & { readonly signal: AbortSignal }} Outcome
 */

/** Resolves when every picture has its place. @param {Outcome} outcome */
export async function showRecord(outcome) {
  const { record, links, before, note, calls, signal } = outcome;
  const heading = el('h2', { tabindex: '-1', class: 'result-title' }, headline(outcome));
  const total = record.items.reduce((sum, { bytes }) => sum + bytes, 0);
  const isMoved = record.finalUrl !== undefined && record.finalUrl !== record.url;
  const gallery = el('div', {});
  const changes = before || !isAllNew(record) ? record.changes : undefined;
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
        isMoved && el('p', { class: 'quiet' }, `led to ${record.finalUrl}`),
      ),
      el(
        'div',
        { class: 'actions' },
        record.images.length > 0 &&
          // Names of a dry run never exist.
          !record.dryRun &&
          copyButton('Copy all names', record.images.join('\n'), {
            name: `Copy all names, ${record.images.length}`,
          }),
        ...demoButtons(outcome),
      ),
    ),
    el(
      'dl',
      { class: 'facts' },
      fact('Images', record.items.length.toLocaleString('en')),
      fact('Together', byteWords(total)),
      fact('Skipped', (record.counts?.skipped ?? record.skipped.length).toLocaleString('en')),
      record.dryRun ? fact('Stored', 'nothing, a dry run') : fact('Last change', timeWords(record.updatedAt)),
    ),
    !record.complete && incompleteNote(outcome),
    note !== undefined && note !== '' && el('p', { class: 'note' }, note),
    changes !== undefined && changesPanel(changes, before ?? null, record.dryRun === true),
    warningList(record.warnings ?? []),
    gallery,
    skippedList(record.skipped, record.counts),
    callList(calls),
  );
  const built = showGallery(gallery, {
    items: record.items,
    skipped: record.skipped,
    links,
    changes: changesByName(changes),
    isCopies: areCopies(outcome),
    isDryRun: record.dryRun === true,
    signal,
  });
  // The first pictures stand: before, the page might be too short for the heading to come to the top.
  reveal(heading, byId('outcome', HTMLElement), 'start');
  await built;
}

/** @param {string} term @param {string} value */
function fact(term, value) {
  return el('div', {}, el('dt', {}, term), el('dd', {}, value));
}

/** An update of a page that was not known: to say of each image that it is new would be no news. @param {Shown} record */
function isAllNew({ changes, images }) {
  return changes === undefined || (changes.removed.length === 0 && changes.added.length === images.length);
}

/** @param {Outcome} outcome */
function headline(outcome) {
  const { record, wish, calls } = outcome;
  const count = countWords(record.items.length, 'image');
  if (record.dryRun) return `${count} would be kept`;
  if (wish.action === 'lookUp') {
    return areCopies(outcome)
      ? `${record.items.length === 1 ? 'One copy' : `${record.items.length} copies`} of one image`
      : `${count} stored`;
  }
  if (wish.action === 'harvest' || calls.some(({ method, status }) => method === 'PUT' && status === 201)) {
    return `${count} harvested`;
  }
  const { added, changed, removed } = record.changes ?? { added: [], changed: [], removed: [] };
  return added.length + changed.length + removed.length === 0 ? 'Nothing has changed' : `Updated: ${count}`;
}

/** An image's URL was looked up: its copies come from different pages. @param {Outcome} outcome */
function areCopies({ record: { items, url }, wish }) {
  const isPage = items.length === 1 && items[0]?.foundIn[0]?.element === 'page';
  return wish.action === 'lookUp' && items.length > 0 && !isPage && items.every((item) => item.url === url);
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
      'Time ran out before every image had its turn. What is stored is safe; an update goes on from there.',
    ),
    el(
      'button',
      {
        type: 'button',
        class: 'primary',
        click: () => run({ ...wish, action: record.dryRun ? wish.action : 'update' }),
      },
      record.dryRun ? 'Try again' : 'Update now',
    ),
  );
}

/** The sample page that changes can be turned from here. @param {Outcome} outcome */
function demoButtons(outcome) {
  const { wish, run, record } = outcome;
  const buttons = [];
  if (!record.dryRun && wish.action !== 'update' && !areCopies(outcome)) {
    buttons.push(
      el(
        'button',
        {
          type: 'button',
          class: 'plain',
          click: () => run({ ...wish, action: 'update', variants: '', isDryRun: false }),
        },
        'Update',
      ),
    );
  }
  if (isChangingPage(record.url)) {
    let isTurning = false;
    const turn = async () => {
      if (isTurning) return;
      isTurning = true;
      if (await turnPage()) run({ ...wish, action: 'update', variants: '', isDryRun: false });
      else byId('announcement', HTMLElement).textContent = 'The sample page could not be changed.';
      isTurning = false;
    };
    buttons.push(
      el(
        'button',
        { type: 'button', class: 'primary', click: () => void turn() },
        'Change the page, then update',
      ),
    );
  }
  return buttons;
}

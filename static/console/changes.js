/** Shows what an update did or would do, in colours and words. */
import { el } from './dom.js';
import { CHANGE_WORDS, countWords } from './words.js';

/**
 * @import { Changes } from '../../lib/domain/model.ts'
 * @import { Shown } from './result.js'
 * @typedef {keyof Changes} Change
 */

/** @param {Changes | undefined} changes @returns {ReadonlyMap<string, Change>} */
export function changesByName(changes) {
  const entries = /** @type {[Change, readonly string[]][]} */ (Object.entries(changes ?? {}));
  return new Map(
    entries.flatMap(([change, names]) => names.map((name) => /** @type {const} */ ([name, change]))),
  );
}

/** The changes in one line, such as `1 added, 2 removed`. @param {Changes} changes @param {boolean} isDryRun */
export function changeWords(changes, isDryRun) {
  const kinds = /** @type {const} */ (['added', 'changed', 'removed']);
  const counted = kinds
    .filter((kind) => changes[kind].length > 0)
    .map((kind) => tileWords(kind, changes[kind].length, isDryRun));
  const nothing = isDryRun ? 'nothing would change' : 'Nothing has changed';
  const unchecked = changes.kept.length;
  return `${counted.join(', ') || nothing}${unchecked === 0 ? '' : `; ${countWords(unchecked, 'image')} could not be checked`}`;
}

/** @param {Change} kind @param {number} count @param {boolean} isDryRun */
function tileWords(kind, count, isDryRun) {
  const { word, wordIfDry } = CHANGE_WORDS[kind];
  return `${count.toLocaleString('en')} ${isDryRun ? wordIfDry : word}`;
}

/** The panel of changes; null without any. @param {Changes} changes @param {Shown | null} before @param {boolean} isDryRun */
export function changesPanel(changes, before, isDryRun) {
  const kinds = /** @type {Change[]} */ (Object.keys(CHANGE_WORDS));
  if (kinds.every((kind) => changes[kind].length === 0)) return null;
  const urls = new Map((before?.items ?? []).map(({ name, url }) => [name, url]));
  return el(
    'section',
    { class: 'changes', 'aria-labelledby': 'changes-title' },
    el('h3', { id: 'changes-title' }, isDryRun ? 'What an update would do' : 'What the update did'),
    el(
      'ul',
      { class: 'tally' },
      ...kinds.map((kind) => {
        const { sign, long, longIfDry } = CHANGE_WORDS[kind];
        const count = changes[kind].length;
        return el(
          'li',
          { class: `change ${count === 0 ? 'none' : kind}` },
          el('span', { class: 'sign', 'aria-hidden': 'true' }, sign),
          el('strong', {}, tileWords(kind, count, isDryRun)),
          el('span', {}, isDryRun ? longIfDry : long),
        );
      }),
    ),
    changes.removed.length > 0 &&
      el(
        'div',
        { class: 'removed-list' },
        el('h4', {}, isDryRun ? 'Would be removed' : 'Removed'),
        el('ul', {}, ...changes.removed.map((name) => el('li', {}, el('del', {}, urls.get(name) ?? name)))),
      ),
  );
}

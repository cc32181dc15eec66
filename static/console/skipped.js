/** Lists the images without a copy, with the reasons. */
import { el, prose } from './dom.js';
import { placeWords } from './places.js';
import { countWords, IMAGE_WORDS, lookIn, PROBLEM_WORDS } from './words.js';

/** @import { Counts, SkippedLine, Warning } from '../../lib/domain/model.ts' */

/** Lists up to this length are open at first. */
const OPEN_LINES = 8;

/** @param {readonly SkippedLine[]} lines @param {Counts | undefined} counts whole even when the list is cut */
export function skippedList(lines, counts) {
  const byCode = Map.groupBy(lines, ({ code }) => /** @type {string} */ (code));
  const inAll = new Map(Object.entries(counts?.byCode ?? {}));
  const codes = new Set([...byCode.keys(), ...inAll.keys()]);
  if (codes.size === 0) return null;
  // A look-up has no counts, and its list may be cut, so the title has only the length of the list.
  const title =
    counts === undefined
      ? `${countWords(lines.length, 'skipped image')} listed`
      : `${countWords(counts.skipped, 'image')} skipped`;
  return el(
    'section',
    { class: 'skipped', 'aria-labelledby': 'skipped-title' },
    el('h3', { id: 'skipped-title' }, title),
    counts !== undefined &&
      counts.skipped > lines.length &&
      el(
        'p',
        { class: 'quiet' },
        `${lines.length.toLocaleString('en')} of them are listed. The numbers count all of them.`,
      ),
    ...[...codes].map((code) => {
      const listed = byCode.get(code) ?? [];
      return reasonGroup(code, inAll.get(code) ?? listed.length, listed);
    }),
  );
}

/** @param {string} code @param {number} count @param {readonly SkippedLine[]} lines */
function reasonGroup(code, count, lines) {
  const words = lookIn(IMAGE_WORDS, code) ?? { what: code, todo: '' };
  const list = el('ul', {});
  const fill = () => {
    if (list.childElementCount === 0) list.append(...lines.map(skippedLine));
  };
  const details = el(
    'details',
    { class: 'reason' },
    el(
      'summary',
      {},
      el('span', { class: 'reason-count' }, count.toLocaleString('en')),
      el(
        'span',
        { class: 'reason-words' },
        el('strong', {}, words.what),
        el('span', { class: 'code' }, code),
      ),
    ),
    el('p', { class: 'todo' }, ...prose(words.todo)),
    list,
  );
  if (lines.length > OPEN_LINES) {
    // Two thousand lines are built only when the reader opens the list.
    details.addEventListener('toggle', fill);
  } else {
    details.open = true;
    fill();
  }
  return details;
}

/** @param {SkippedLine} line */
function skippedLine({ url, detail, status, foundIn }) {
  const place = foundIn[0];
  return el(
    'li',
    {},
    el('span', { class: 'line-url' }, url),
    el(
      'span',
      { class: 'quiet' },
      // The heading of the group explains the status.
      `${status === undefined ? detail : `Status ${status}`}${place === undefined ? '' : ` · ${placeWords(place)}`}`,
    ),
  );
}

/** Stylesheets that could not be read. @param {readonly Warning[]} warnings */
export function warningList(warnings) {
  if (warnings.length === 0) return null;
  return el(
    'div',
    { class: 'note' },
    el(
      'p',
      {},
      el('strong', {}, `${countWords(warnings.length, 'stylesheet')} could not be read`),
      ', so images that only they name may be missing:',
    ),
    el(
      'ul',
      {},
      ...warnings.map(({ url, code, detail }) => {
        const todo = lookIn(PROBLEM_WORDS, code) ?? lookIn(IMAGE_WORDS, code)?.todo ?? '';
        const words = [detail, todo, `(${code})`].filter((part) => part !== '').join(' ');
        return el(
          'li',
          {},
          el('span', { class: 'line-url' }, url),
          el('span', { class: 'quiet' }, ...prose(words)),
        );
      }),
    ),
  );
}

/** The console: reads the form, makes the calls, shows what came of them. Start with `run`. */
import { harvest, lookUp } from './api.js';
import { byId, el } from './dom.js';
import { showFault } from './fault.js';
import { explain, readForm, showAddress } from './form.js';
import { showProgress } from './progress.js';
import { forgetAll, recentUrls, remember } from './recent.js';
import { showRecord } from './record.js';
import { sampleUrls } from './sample.js';
import { countWords, timeWords } from './words.js';

/**
 * @import { Call, Fault } from './api.js'
 * @import { Wish } from './form.js'
 * @import { Progress } from './progress.js'
 * @import { Result } from './record.js'
 *
 * @typedef {{ readonly calls: readonly Call[] } & ({ readonly fault: Fault } | Result & { readonly fault?: undefined })} Answer
 */

const form = byId('form', HTMLFormElement);
const address = byId('url', HTMLInputElement);
const outcome = byId('outcome', HTMLElement);
const announcement = byId('announcement', HTMLElement);

/** Ends the waiting for the call that is under way. */
let waiting = new AbortController();
/** What is waited for. @type {Wish | null} */
let underWay = null;

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void run(readForm());
});
form.addEventListener('change', explain);
// A double click is one wish; its second half might press what the first has brought there.
document.addEventListener(
  'click',
  (event) => {
    if (event.detail < 2 || !(event.target instanceof Element) || !event.target.closest('button')) return;
    event.preventDefault();
    event.stopPropagation();
  },
  { capture: true },
);
byId('forget', HTMLButtonElement).addEventListener('click', () => {
  forgetAll();
  showRecent();
  announcement.textContent = 'Recent addresses cleared.';
  address.focus();
});
explain();
showRecent();
void showSamples();

/** One wish from the form to the result; another one ends the waiting for it. @param {Wish} wish */
async function run(wish) {
  // The service would answer the second that somebody works on the page.
  if (underWay !== null && isSame(underWay, wish)) return;
  waiting.abort();
  waiting = new AbortController();
  underWay = wish;
  const { signal } = waiting;
  showAddress(wish.url);
  outcome.replaceChildren();
  const progress = showProgress(() => waiting.abort('stopped'));
  try {
    const answer = await (wish.action === 'lookUp' ? find : work)(wish, progress, signal);
    signal.throwIfAborted();
    underWay = null;
    progress.end();
    const { calls } = answer;
    if (answer.fault) return showFault(answer.fault, { wish, run, calls });
    if (answer.record.dryRun !== true) remember(answer.record.url);
    showRecent();
    await showRecord({ ...answer, signal, wish, run });
  } catch (error) {
    progress.end();
    if (signal.aborted && signal.reason !== 'stopped') return;
    underWay = null;
    if (signal.aborted) showStopped(wish);
    else showSurprise(error, wish);
  }
}

/** @param {Wish} one @param {Wish} other */
function isSame(one, other) {
  return (
    one.action === other.action &&
    one.url === other.url &&
    one.isDryRun === other.isDryRun &&
    one.variants === other.variants
  );
}

/** @param {Wish} wish @param {Progress} progress @param {AbortSignal} signal @returns {Promise<Answer>} */
async function find({ url }, progress, signal) {
  progress.step('Looking up what is stored; nothing is fetched from the web');
  const found = await lookUp(url, 'details,links', signal);
  const calls = [found.call];
  if (found.fault) return { calls, fault: found.fault };
  return { calls, record: found.value, links: linksOf(found.value) };
}

/** A harvest or an update. @param {Wish} wish @param {Progress} progress @param {AbortSignal} signal @returns {Promise<Answer>} */
async function work({ action, url, isDryRun, variants }, progress, signal) {
  const calls = [];
  const isUpdate = action === 'update';
  let before = null;
  if (isUpdate) {
    progress.step('Looking up what is stored');
    const known = await lookUp(url, isDryRun ? 'details,links' : 'details', signal);
    before = known.fault ? null : known.value;
    calls.push(known.call);
    if (before)
      progress.know(`Stored: ${countWords(before.count, 'image')}, as of ${timeWords(before.updatedAt)}.`);
    else if (known.fault?.code === 'PAGE_NOT_FOUND')
      progress.know('Nothing is stored for it yet, so all of it is new.');
  }
  progress.step(
    'The service reads the page and checks every image on it. It answers once, when each image is settled; that takes at most 29 seconds',
  );
  const body = { url, ...(variants !== '' && { variants }), ...(isDryRun && { dryRun: true }) };
  const done = await harvest(isUpdate ? 'PUT' : 'POST', body, signal);
  calls.push(done.call);
  if (done.fault) return { calls, fault: done.fault };

  let links = linksOf(before);
  let note = '';
  if (!isDryRun) {
    progress.know(`Settled: ${countWords(done.value.items.length, 'image')} stored.`);
    progress.step('Asking for links to the pictures');
    const linked = await lookUp(done.value.url, 'links', signal);
    calls.push(linked.call);
    if (linked.fault) note = `The pictures cannot be shown just now: ${linked.fault.detail}`;
    else links = linksOf(linked.value);
  }
  return { calls, record: done.value, links, before, note };
}

/** The presigned links of a look-up, by name. @param {any} found @returns {ReadonlyMap<string, string>} */
function linksOf(found) {
  const items = /** @type {{ name: string, href?: string }[]} */ (found?.items ?? []);
  return new Map(items.flatMap(({ name, href }) => (href === undefined ? [] : [[name, href]])));
}

/** @param {Wish} wish */
function showStopped(wish) {
  const detail =
    wish.action === 'lookUp' || wish.isDryRun
      ? 'Nothing was changed.'
      : 'The service may still finish the work. Look the page up in a while.';
  showFault({ title: 'You stopped waiting', detail }, { wish, run, calls: [] });
}

/** An answer in another shape than the service's: of another version, or of something else. @param {unknown} error @param {Wish} wish */
function showSurprise(error, wish) {
  console.warn(error);
  const detail =
    'The answer is none that this console understands. Reload the page, then look the address up.';
  showFault({ title: 'The answer cannot be shown', detail }, { wish, run, calls: [] });
}

function showRecent() {
  const urls = recentUrls();
  const list = byId('recent-list', HTMLElement);
  const focused = list.contains(document.activeElement) ? document.activeElement?.textContent : null;
  byId('recent', HTMLElement).hidden = urls.length === 0;
  list.replaceChildren(
    ...urls.map((url) => shelfItem(url, () => run({ action: 'lookUp', url, isDryRun: false, variants: '' }))),
  );
  for (const button of list.querySelectorAll('button')) if (button.textContent === focused) button.focus();
}

/** @param {string} text @param {() => void} click */
function shelfItem(text, click) {
  return el('li', {}, el('button', { type: 'button', class: 'chip', title: text, click }, text));
}

/** The sample pages, where there are some. */
async function showSamples() {
  const samples = await sampleUrls();
  byId('sample-list', HTMLElement).replaceChildren(
    ...samples.map(([name, url]) =>
      // An update takes a page that is known as well as a new one.
      shelfItem(name, () => void run({ ...readForm(), action: 'update', variants: '', url })),
    ),
  );
  byId('samples', HTMLElement).hidden = samples.length === 0;
}

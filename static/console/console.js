/** The console: reads the form, makes the calls, shows their outcome. Start reading at `run`. */
import { harvest, lookUp } from './api.js';
import { announce, button, byId, el } from './dom.js';
import { mayBeDone, showFault } from './fault.js';
import { explain, readForm, showAddress } from './form.js';
import { showProgress } from './progress.js';
import { forgetAll, recentUrls, remember } from './recent.js';
import { areCopies, showResult } from './result.js';
import { sampleUrls } from './sample.js';
import { countWords, timeWords } from './words.js';

/**
 * @import { Call, Fault, Way } from './api.js'
 * @import { Wish } from './form.js'
 * @import { Progress } from './progress.js'
 * @import { Result } from './result.js'
 *
 * @typedef {{ readonly fault: Fault } | Result & { readonly fault?: undefined }} Answer
 */

const form = byId('form', HTMLFormElement);
const address = byId('url', HTMLInputElement);
const outcome = byId('outcome', HTMLElement);

/** Ends the work of the latest wish. */
let waiting = new AbortController();
/** The wish whose outcome is awaited. @type {Wish | null} */
let underWay = null;

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void run(readForm());
});
form.addEventListener('change', explain);
// The second click of a double click could press a button that the first one has brought there.
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
  announce('Recent addresses cleared.');
  address.focus();
});
explain();
showRecent();
void showSamples();

/** Runs one wish from the form to the result. A newer wish ends it. @param {Wish} wish */
async function run(wish) {
  // The service would refuse a second call while the first works on the page.
  if (underWay !== null && isSame(underWay, wish)) return;
  waiting.abort();
  waiting = new AbortController();
  underWay = wish;
  const { signal } = waiting;
  const stopping = new AbortController();
  /** @type {Call[]} */
  const calls = [];
  const way = { signal: AbortSignal.any([signal, stopping.signal]), calls };
  showAddress(wish.url);
  outcome.replaceChildren();
  const progress = showProgress(() => stopping.abort());
  try {
    const answer = await (wish.action === 'lookUp' ? find : work)(wish, progress, way);
    signal.throwIfAborted();
    underWay = null;
    progress.end();
    if (answer.fault) return showFault(answer.fault, { wish, run, calls });
    if (answer.record.dryRun !== true) remember(answer.record.url);
    showRecent();
    await showResult({ ...answer, signal, wish, run, calls });
  } catch (error) {
    progress.end();
    if (signal.aborted) return;
    underWay = null;
    if (error === stopping.signal.reason) showStopped(wish, calls);
    else showSurprise(error, wish, calls);
  }
}

/** @param {Wish} one @param {Wish} other */
function isSame(one, other) {
  return (
    one.action === other.action &&
    one.url === other.url &&
    one.isDryRun === other.isDryRun &&
    one.cursor === other.cursor &&
    one.variants === other.variants
  );
}

/** @param {Wish} wish @param {Progress} progress @param {Way} way @returns {Promise<Answer>} */
async function find({ url, cursor }, progress, way) {
  progress.step('Looking up what is stored; nothing is fetched from the web');
  const found = await lookUp(url, 'details,links', way, cursor);
  if (found.fault) return { fault: found.fault };
  return { record: found.value, links: linksOf(found.value) };
}

/** A harvest or an update. @param {Wish} wish @param {Progress} progress @param {Way} way @returns {Promise<Answer>} */
async function work({ action, url, isDryRun, variants }, progress, way) {
  const isUpdate = action === 'update';
  let before = null;
  if (isUpdate) {
    progress.step('Looking up what is stored');
    const known = await lookUp(url, isDryRun ? 'details,links' : 'details', way);
    const isCopies = !known.fault && areCopies(known.value);
    before = known.fault || isCopies ? null : known.value;
    if (isCopies) progress.know('Stored so far only as an image of other pages.');
    else if (before)
      progress.know(`Stored: ${countWords(before.count, 'image')}, as of ${timeWords(before.updatedAt)}.`);
    else if (known.fault?.code === 'PAGE_NOT_FOUND')
      progress.know('Nothing is stored for it yet: all images are new.');
  }
  progress.step(
    'The service reads the page and checks each of its images. It responds when all are done, after at most 29 seconds',
  );
  const body = { url, ...(variants !== '' && { variants }), ...(isDryRun && { dryRun: true }) };
  const done = await harvest(isUpdate ? 'PUT' : 'POST', body, way);
  if (done.fault) return { fault: done.fault };

  if (isDryRun) return { record: done.value, links: linksOf(before), before };
  progress.know(`Done: ${countWords(done.value.items.length, 'image')} stored.`);
  progress.step('Getting links to the images');
  return { record: done.value, before, ...(await askForLinks(done.value.url, way)) };
}

/** The links to the stored pictures, or why the record is shown without them. @param {string} url @param {Way} way */
async function askForLinks(url, way) {
  try {
    const { value, fault } = await lookUp(url, 'links', way);
    return {
      links: linksOf(value),
      ...(fault && { note: `The images cannot be shown now: ${fault.detail}` }),
    };
  } catch (error) {
    if (!way.signal.aborted) throw error;
    const note = 'You stopped waiting for the links to the images. Look the page up to see them.';
    return { links: linksOf(null), note };
  }
}

/** The presigned links of a look-up, by name. @param {any} found @returns {ReadonlyMap<string, string>} */
function linksOf(found) {
  const items = /** @type {{ name: string, href?: string }[]} */ (found?.items ?? []);
  return new Map(items.flatMap(({ name, href }) => (href === undefined ? [] : [[name, href]])));
}

/** @param {Wish} wish @param {readonly Call[]} calls */
function showStopped(wish, calls) {
  const detail = mayBeDone(wish, calls)
    ? 'The service may still finish the work. Look the page up in a while.'
    : 'Nothing was changed.';
  showFault({ title: 'You stopped waiting', detail }, { wish, run, calls });
}

/** Shows that a response has an unknown shape, as of another version or another server. @param {unknown} error @param {Wish} wish @param {readonly Call[]} calls */
function showSurprise(error, wish, calls) {
  console.warn(error);
  const detail = 'This console does not understand the response. Reload the page, then look the address up.';
  showFault({ title: 'The response cannot be shown', detail }, { wish, run, calls });
}

function showRecent() {
  const urls = recentUrls();
  const list = byId('recent-list', HTMLElement);
  const focused = list.contains(document.activeElement) ? document.activeElement?.textContent : null;
  byId('recent', HTMLElement).hidden = urls.length === 0;
  list.replaceChildren(
    ...urls.map((url) => shelfItem(url, () => run({ action: 'lookUp', url, isDryRun: false, variants: '' }))),
  );
  for (const chip of list.querySelectorAll('button')) if (chip.textContent === focused) chip.focus();
}

/** @param {string} text @param {() => void} click */
function shelfItem(text, click) {
  return el('li', {}, button('chip', text, click, { title: text }));
}

/** Shows the sample pages, if the site has them. */
async function showSamples() {
  const samples = await sampleUrls();
  byId('sample-list', HTMLElement).replaceChildren(
    ...samples.map(([name, url]) =>
      // An update works for new pages and for known ones.
      shelfItem(name, () => void run({ ...readForm(), action: 'update', variants: '', url })),
    ),
  );
  byId('samples', HTMLElement).hidden = samples.length === 0;
}

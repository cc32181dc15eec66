/** The form: what is wished for, and in words what that means. */
import { withScheme } from './address.js';
import { byId } from './dom.js';

/**
 * @typedef {'harvest' | 'update' | 'lookUp'} Action
 * @typedef {object} Wish
 * @property {Action} action
 * @property {string} url
 * @property {boolean} isDryRun
 * @property {string} variants `all`, `best`, or empty for what is usual
 */

const form = byId('form', HTMLFormElement);

/** @returns {Wish} */
export function readForm() {
  const data = new FormData(form);
  const action = /** @type {Action} */ (data.get('action'));
  const isLookUp = action === 'lookUp';
  return {
    action,
    url: withScheme(String(data.get('url')).trim()),
    isDryRun: !isLookUp && data.get('dryRun') !== null,
    variants: isLookUp ? '' : String(data.get('variants')),
  };
}

/** So that the form always says what was done last. @param {Wish} wish */
export function writeForm({ action, url, isDryRun, variants }) {
  byId('url', HTMLInputElement).value = url;
  for (const radio of form.querySelectorAll('input[type=radio]')) {
    if (!(radio instanceof HTMLInputElement)) continue;
    if (radio.name === 'action') radio.checked = radio.value === action;
    else if (action !== 'lookUp') radio.checked = radio.value === variants;
  }
  if (action !== 'lookUp') byId('dry-run', HTMLInputElement).checked = isDryRun;
  explain();
}

/** Says in words what the choices mean, and leaves only those that count. */
export function explain() {
  const { action, isDryRun } = readForm();
  const isUpdate = action === 'update';
  byId('variants', HTMLFieldSetElement).hidden = action === 'lookUp';
  byId('dry-run-label', HTMLElement).hidden = action === 'lookUp';
  byId('usual-variants', HTMLElement).textContent = isUpdate ? 'As before' : 'Every version';
  byId('all-variants', HTMLElement).hidden = !isUpdate;
  const all = form.querySelector('input[name=variants][value=all]');
  const usual = form.querySelector('input[name=variants][value=""]');
  if (!isUpdate && all instanceof HTMLInputElement && all.checked && usual instanceof HTMLInputElement) {
    usual.checked = true;
  }
  const words = { harvest: 'Harvest', update: 'Update', lookUp: 'Look up' };
  byId('go', HTMLButtonElement).textContent = isDryRun ? `${words[action]}, dry` : words[action];
  const sentences = {
    harvest: 'Fetches the page and all of its images for the first time and stores them.',
    update: 'Fetches the page again, stores what is new or changed, and says what is gone.',
    lookUp: 'Shows what is stored for a page, or every copy of one image. Nothing is fetched from the web.',
  };
  const dry = 'Fetches and checks as usual, shows what would come of it, and stores nothing.';
  byId('explanation', HTMLElement).textContent = isDryRun ? dry : sentences[action];
}

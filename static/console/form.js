/** The form: reads the wish, and explains what it means. */
import { withScheme } from './address.js';
import { byId } from './dom.js';

/**
 * @typedef {'harvest' | 'update' | 'lookUp'} Action
 *
 * @typedef {object} Wish
 * @property {Action} action
 * @property {string} url
 * @property {boolean} isDryRun
 * @property {string} variants `all`, `best`, or empty for the default.
 * @property {string | undefined} [cursor] continues a look-up of an image's copies.
 */

const form = byId('form', HTMLFormElement);
const address = byId('url', HTMLInputElement);

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

/** Shows the URL of the call. The reader's choices stay. @param {string} url */
export function showAddress(url) {
  address.value = url;
  address.removeAttribute('aria-invalid');
  byId('url-fault', HTMLElement).textContent = '';
}

/** Shows a fault of the URL at its field, and moves the focus there. @param {string} text */
export function refuseAddress(text) {
  byId('url-fault', HTMLElement).textContent = text;
  address.setAttribute('aria-invalid', 'true');
  address.focus();
}

/** Explains the choices in words, and shows only those that apply. */
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
  byId('go', HTMLButtonElement).textContent = isDryRun ? 'Dry run' : words[action];
  const sentences = {
    harvest: 'Fetches the page and all of its images for the first time and stores them.',
    update: 'Fetches the page again, stores what is new or changed, and lists what was removed.',
    lookUp: 'Shows what is stored for a page, or every copy of one image. Nothing is fetched from the web.',
  };
  const dry = 'Fetches and checks as usual, shows the result, and stores nothing.';
  byId('explanation', HTMLElement).textContent = isDryRun ? dry : sentences[action];
}

/** Shows a failed call: the service's problem, and the next step. */
import { privateHostOf } from './address.js';
import { callList } from './callList.js';
import { button, byId, el, fill, prose } from './dom.js';
import { refuseAddress } from './form.js';
import { reveal } from './reveal.js';
import { allowWords, lookIn, PROBLEM_WORDS, REASON_WORDS } from './words.js';

/**
 * @import { Around } from './actions.js'
 * @import { Call, Fault } from './api.js'
 * @import { Action, Wish } from './form.js'
 */

/** Actions to offer after a failure. Other failures get a button to try again. @type {Readonly<Record<string, readonly Action[]>>} */
const NEXT = {
  PAGE_NOT_FOUND: ['harvest'],
  URL_ALREADY_PROCESSED: ['lookUp', 'update'],
  URL_REQUIRED: [],
  URL_INVALID: [],
  ADDRESS_FORBIDDEN: [],
  CONTENT_UNSUPPORTED: [],
};

/** @type {Readonly<Record<Action, string>>} */
const LABELS = { harvest: 'Harvest it', update: 'Update it', lookUp: 'Look it up' };

/** @param {Fault} fault @param {Around} around */
export function showFault(fault, around) {
  const { wish, calls } = around;
  const { title, detail, code, status, reason, upstreamStatus, requestId, retryAfterSeconds } = fault;
  const heading = el('h2', { tabindex: '-1' }, title);
  const words = code === undefined ? '' : adviceFor(code, wish.url);
  const because = reason === undefined ? undefined : lookIn(REASON_WORDS, reason);
  const facts = [
    status !== undefined && ['Status', String(status)],
    because !== undefined && ['Reason', `${reason}: ${because}`],
    upstreamStatus !== undefined && ['Status of the site', String(upstreamStatus)],
    retryAfterSeconds !== undefined && ['Try again after', `${retryAfterSeconds} s`],
    requestId !== undefined && ['Request id', requestId],
  ];
  const isOfAddress = code === 'URL_REQUIRED' || code === 'URL_INVALID';
  const panel = el(
    'div',
    { class: 'panel fault' },
    code !== undefined && el('p', { class: 'code' }, code),
    heading,
    el('p', {}, detail),
    words !== '' && !isOfAddress && el('p', { class: 'quiet' }, ...prose(words)),
    el(
      'dl',
      { class: 'facts' },
      ...facts.flatMap((fact) => (fact ? [el('div', {}, el('dt', {}, fact[0]), el('dd', {}, fact[1]))] : [])),
    ),
    el('div', { class: 'actions' }, ...nextButtons(code, around)),
  );
  fill(byId('outcome', HTMLElement), panel, callList(calls));
  if (isOfAddress) refuseAddress(words === '' ? detail : words);
  else reveal(heading, panel, 'nearest');
}

/** @param {string} code @param {string} url */
function adviceFor(code, url) {
  const host = code === 'ADDRESS_FORBIDDEN' ? privateHostOf(url) : null;
  return host === null ? (lookIn(PROBLEM_WORDS, code) ?? '') : allowWords(host);
}

/** Whether the service may have changed something without a response. @param {Wish} wish @param {readonly Call[]} calls */
export function mayBeDone({ isDryRun }, calls) {
  return !isDryRun && calls.some(({ method }) => method !== 'GET');
}

/** @param {string | undefined} code @param {Around} around */
function nextButtons(code, { wish, run, calls }) {
  const known = code === undefined ? undefined : lookIn(NEXT, code);
  /** @type {readonly Action[]} */
  const actions = known ?? (code === undefined && mayBeDone(wish, calls) ? ['lookUp'] : []);
  const next = actions.map((action) => ({
    label: LABELS[action],
    wish: { ...wish, action, ...(action === 'lookUp' && { isDryRun: false }) },
  }));
  if (known === undefined) next.push({ label: 'Try again', wish });
  return next.map((each, index) =>
    button(index === 0 ? 'primary' : 'plain', each.label, () => run(each.wish)),
  );
}

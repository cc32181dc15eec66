/** The list of the calls behind a result. */
import { curlOf } from './api.js';
import { copyButton, el } from './dom.js';

/** @import { Call } from './api.js' */

/** The calls, each as a command for a shell; null without calls. @param {readonly Call[]} calls */
export function callList(calls) {
  if (calls.length === 0) return null;
  return el(
    'section',
    { class: 'calls', 'aria-labelledby': 'calls-title' },
    el(
      'h3',
      { id: 'calls-title' },
      calls.length === 1 ? 'The call that was made' : 'The calls that were made',
    ),
    el(
      'ol',
      {},
      ...calls.map((call, index) =>
        el(
          'li',
          {},
          el('span', { class: `method` }, call.method),
          el('code', { class: 'curl' }, curlOf(call)),
          el(
            'span',
            { class: 'quiet' },
            `${call.status ?? 'no response'} · ${Math.round(call.ms).toLocaleString('en')} ms`,
          ),
          copyButton('Copy curl', curlOf(call), { name: `Copy curl of call ${index + 1}, ${call.method}` }),
        ),
      ),
    ),
  );
}

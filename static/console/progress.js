/** What is known while a call is under way: how long it has taken, what was asked, what has been answered. */
import { byId, el } from './dom.js';

/**
 * @typedef {object} Progress
 * @property {(text: string) => void} step what is waited for now; the step before it is done
 * @property {(text: string) => void} know something that is certain now
 * @property {() => void} end
 */

/** Seconds after which a screen reader is told how long it has been. */
const TOLD_EVERY = 10;

/** @param {() => void} stop @returns {Progress} */
export function showProgress(stop) {
  const panel = byId('progress', HTMLElement);
  const announcement = byId('announcement', HTMLElement);
  const start = performance.now();
  const clock = el('span', { class: 'clock', 'aria-hidden': 'true' }, '0 s');
  const steps = el('ol', { class: 'steps' });
  panel.replaceChildren(
    el('div', { class: 'progress-head' }, el('h2', { id: 'progress-title' }, 'Working'), clock),
    el('div', { class: 'bar', 'aria-hidden': 'true' }),
    steps,
    el('button', { type: 'button', class: 'plain', click: stop }, 'Stop waiting'),
  );
  panel.hidden = false;
  let seconds = 0;
  const timer = setInterval(() => {
    const now = Math.floor((performance.now() - start) / 1000);
    if (now === seconds) return;
    seconds = now;
    clock.textContent = `${seconds} s`;
    if (seconds % TOLD_EVERY === 0) announcement.textContent = `Still working, ${seconds} seconds so far.`;
  }, 200);
  return {
    step(text) {
      steps.lastElementChild?.classList.add('done');
      steps.append(el('li', {}, `${text}.`));
      announcement.textContent = `${text}.`;
    },
    know(text) {
      steps.lastElementChild?.append(el('span', { class: 'known' }, text));
    },
    end() {
      clearInterval(timer);
      panel.hidden = true;
      panel.replaceChildren();
    },
  };
}

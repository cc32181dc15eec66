/** Shows the progress of a call: its time, its steps, and what is known already. */
import { announce, button, byId, el } from './dom.js';

const title = document.title;

/**
 * @typedef {object} Progress
 * @property {(text: string) => void} step begins a step, which ends the previous one.
 * @property {(text: string) => void} know shows a fact, which a screen reader announces with the next step.
 * @property {() => void} end
 */

/** Seconds between announcements of the time to a screen reader. */
const TOLD_EVERY = 10;

/** Shows the progress, focused and in view. @param {() => void} stop @returns {Progress} */
export function showProgress(stop) {
  const panel = byId('progress', HTMLElement);
  const start = performance.now();
  const clock = el('span', { class: 'clock', 'aria-hidden': 'true' }, '0 s');
  const steps = el('ol', { class: 'steps' });
  const heading = el('h2', { id: 'progress-title', tabindex: '-1' }, 'Working');
  panel.replaceChildren(
    el('div', { class: 'progress-head' }, heading, clock),
    el('div', { class: 'bar', 'aria-hidden': 'true' }),
    steps,
    button('plain', 'Stop waiting', stop),
  );
  panel.hidden = false;
  document.title = `Working … · ${title}`;
  heading.focus({ preventScroll: true });
  const keepInView = () => {
    const { top, bottom } = panel.getBoundingClientRect();
    // Scrolls only when the focus is still in the panel.
    if ((top < 0 || bottom > innerHeight) && panel.contains(document.activeElement)) panel.scrollIntoView();
  };
  keepInView();
  let seconds = 0;
  // Of two announcements at once, a screen reader would read only the second.
  let known = '';
  const timer = setInterval(() => {
    const now = Math.floor((performance.now() - start) / 1000);
    if (now === seconds) return;
    seconds = now;
    clock.textContent = `${seconds} s`;
    if (seconds % TOLD_EVERY === 0) announce(`Still working, ${seconds} seconds so far.`);
  }, 200);
  return {
    step(text) {
      steps.lastElementChild?.classList.add('done');
      steps.append(el('li', {}, `${text}.`));
      announce(`${known}${text}.`);
      known = '';
      keepInView();
    },
    know(text) {
      steps.lastElementChild?.append(el('span', { class: 'known' }, text));
      known = `${text} `;
      keepInView();
    },
    end() {
      clearInterval(timer);
      // A newer call has replaced the panel's content.
      if (!panel.contains(steps)) return;
      announce('');
      panel.hidden = true;
      panel.replaceChildren();
      document.title = title;
    },
  };
}

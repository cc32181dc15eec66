/** The progress of a call: its duration, its steps, and the facts known so far. */
import { announce, button, byId, el } from './dom.js';

const title = document.title;

/**
 * @typedef {object} Progress
 * @property {(text: string) => void} step the step that begins; the previous one is done
 * @property {(text: string) => void} know adds a fact; a screen reader hears it with the next step
 * @property {() => void} end
 */

/** Seconds between two announcements of the duration to a screen reader. */
const TOLD_EVERY = 10;

/** Shows the panel, scrolls to it and focuses it. @param {() => void} stop @returns {Progress} */
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
    // Not if the reader has moved elsewhere.
    if ((top < 0 || bottom > innerHeight) && panel.contains(document.activeElement)) panel.scrollIntoView();
  };
  keepInView();
  let seconds = 0;
  // Of two announcements at once only the second would be heard.
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
      // A newer call has replaced this panel's content.
      if (!panel.contains(steps)) return;
      announce('');
      panel.hidden = true;
      panel.replaceChildren();
      document.title = title;
    },
  };
}

/** Brings the outcome of a call into view, and to the keyboard and the screen reader. */
import { announce } from './dom.js';

/**
 * Scrolls to the outcome and focuses its heading. A reader who is back in the form stays there, and gets an announcement.
 * @param {HTMLElement} heading
 * @param {HTMLElement} part the element to scroll to
 * @param {ScrollLogicalPosition} block
 */
export function reveal(heading, part, block) {
  if (document.activeElement?.closest('.ask')) {
    announce(heading.textContent);
    return;
  }
  heading.focus({ preventScroll: true });
  part.scrollIntoView({ block });
}

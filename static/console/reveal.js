/** Brings what came of a call before the reader: to the eyes, and to the keyboard and the screen reader. */
import { announce } from './dom.js';

/**
 * Who has gone back to the form meanwhile is left there, and only told.
 * @param {HTMLElement} heading
 * @param {HTMLElement} part what is scrolled to
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

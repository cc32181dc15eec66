/** Moves the view, the focus and the screen reader to a call's result. */
import { announce } from './dom.js';

/**
 * A reader who went back to the form meanwhile stays there, and only gets an announcement.
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

/** The buttons of a result. */
import { button, copyButton } from './dom.js';
import { showFault } from './fault.js';
import { isChangingPage, turnPage } from './sample.js';

/**
 * @import { Call } from './api.js'
 * @import { Wish } from './form.js'
 * @import { Outcome } from './result.js'
 *
 * @typedef {object} Around what the buttons of a result or a failure need
 * @property {Wish} wish what the reader asked for
 * @property {(wish: Wish) => void} run
 * @property {readonly Call[]} calls
 */

/** @param {Outcome} outcome @param {boolean} isCopies */
export function actionButtons(outcome, isCopies) {
  const { wish, run, record } = outcome;
  if (record.dryRun) {
    // The names of a dry run do not exist, so they cannot be copied.
    return [
      button('primary', `${wish.action === 'update' ? 'Update' : 'Harvest'} now`, () =>
        run({ ...wish, isDryRun: false }),
      ),
    ];
  }
  const copy =
    record.images.length > 0 &&
    copyButton('Copy all names', record.images.join('\n'), {
      name: `Copy all names, ${record.images.length}`,
    });
  // An update of an image's URL would make it a page, and look-ups would then find the page instead of the copies.
  if (isCopies) return [copy];
  const update = () => run({ ...wish, action: 'update', variants: '', isDryRun: false });
  return [
    copy,
    button('plain', wish.action === 'update' ? 'Update again' : 'Update', update),
    isChangingPage(record.url) && button('primary', 'Change the page, then update', turning(update, outcome)),
  ];
}

/** A listener that turns the changing page and calls `then`. Further presses meanwhile do nothing. @param {() => void} then @param {Outcome} outcome */
function turning(then, { wish, signal }) {
  let isTurning = false;
  const turn = async () => {
    if (isTurning) return;
    isTurning = true;
    const isTurned = await turnPage(signal);
    isTurning = false;
    // A newer wish has replaced this one.
    if (signal.aborted) return;
    if (isTurned) then();
    else showFault(NOT_TURNED, { wish, run: turn, calls: [] });
  };
  return turn;
}

const NOT_TURNED = {
  title: 'The sample page could not be changed',
  detail: 'The sample site did not respond correctly. Check that it runs, then try again.',
};

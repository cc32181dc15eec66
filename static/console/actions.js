/** What can be done with a result. */
import { button, copyButton } from './dom.js';
import { showFault } from './fault.js';
import { isChangingPage, turnPage } from './sample.js';

/**
 * @import { Call } from './api.js'
 * @import { Wish } from './form.js'
 * @import { Outcome } from './result.js'
 *
 * @typedef {object} Around what leads on from a result, also from a failure
 * @property {Wish} wish what was asked for
 * @property {(wish: Wish) => void} run
 * @property {readonly Call[]} calls
 */

/** @param {Outcome} outcome @param {boolean} isCopies */
export function actionButtons(outcome, isCopies) {
  const { wish, run, record } = outcome;
  if (record.dryRun) {
    // Its names come to nothing, so they are not there to be copied.
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
  // An update of an image's URL would make a page of it, which from then on is found in place of its copies.
  if (isCopies) return [copy];
  const update = () => run({ ...wish, action: 'update', variants: '', isDryRun: false });
  return [
    copy,
    button('plain', wish.action === 'update' ? 'Update again' : 'Update', update),
    isChangingPage(record.url) && button('primary', 'Change the page, then update', turning(update, outcome)),
  ];
}

/** Once, however often it is pressed meanwhile. @param {() => void} then @param {Outcome} outcome */
function turning(then, { wish, signal }) {
  let isTurning = false;
  const turn = async () => {
    if (isTurning) return;
    isTurning = true;
    const isTurned = await turnPage(signal);
    isTurning = false;
    // A newer wish counts for more than this one.
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

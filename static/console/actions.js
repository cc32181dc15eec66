/** What can be done with a result. */
import { byId, copyButton, el } from './dom.js';
import { isChangingPage, turnPage } from './sample.js';

/** @import { Outcome } from './record.js' */

/** @param {Outcome} outcome @param {boolean} isCopies */
export function actionButtons({ wish, run, record }, isCopies) {
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
    isChangingPage(record.url) && button('primary', 'Change the page, then update', turning(update)),
  ];
}

/** @param {string} kind @param {string} label @param {() => void} click */
function button(kind, label, click) {
  return el('button', { type: 'button', class: kind, click }, label);
}

/** Once, however often it is pressed meanwhile. @param {() => void} then */
function turning(then) {
  let isTurning = false;
  return async () => {
    if (isTurning) return;
    isTurning = true;
    if (await turnPage()) then();
    else byId('announcement', HTMLElement).textContent = 'The sample page could not be changed.';
    isTurning = false;
  };
}

/** Where on the page an image was found, in a line. @import { Place } from '../../lib/domain/model.ts' */

/** `img › srcset 2x`. @param {Place} place */
export function placeWords({ element, attribute, descriptor, stylesheet }) {
  if (element === 'page') return 'requested directly';
  const where = `${element} › ${attribute}${descriptor === undefined ? '' : ` ${descriptor}`}`;
  return stylesheet === undefined ? where : `${where} in ${lastSegment(stylesheet)}`;
}

/** The end of an address or of a name: what people call the file. @param {string} text */
export function lastSegment(text) {
  const [path = ''] = text.split(/[?#]/, 1);
  return path.slice(path.lastIndexOf('/') + 1) || text;
}

/** The first description that the page gives. @param {readonly Place[]} places */
export function altOf(places) {
  return places.find(({ alt }) => alt !== undefined && alt.trim() !== '')?.alt ?? '';
}

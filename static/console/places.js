/** Describes in one line where on the page an image was found. @import { Place } from '../../lib/domain/model.ts' */

/** A place in words, such as `img › srcset 2x`. @param {Place} place */
export function placeWords({ element, attribute, descriptor, stylesheet }) {
  if (element === 'page') return 'requested directly';
  const where = `${element} › ${attribute}${descriptor === undefined ? '' : ` ${descriptor}`}`;
  return stylesheet === undefined ? where : `${where} in ${lastSegment(stylesheet)}`;
}

/** The last segment of a URL or of a name: the file name. @param {string} text */
export function lastSegment(text) {
  const [path = ''] = text.split(/[?#]/, 1);
  return path.slice(path.lastIndexOf('/') + 1) || text;
}

/** The first alt text that the page has for the image; empty without one. @param {readonly Place[]} places */
export function altOf(places) {
  return places.find(({ alt }) => alt !== undefined && alt.trim() !== '')?.alt ?? '';
}

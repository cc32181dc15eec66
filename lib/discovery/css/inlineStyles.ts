import type { Pace } from '../../concurrency/pace.ts';
import {
  type InlineCss,
  newPicture,
  type PageEntry,
  type Picture,
  type Reference,
  type StylesheetLink,
} from '../references.ts';
import { readCss } from './css.ts';

const ENTRIES_BETWEEN_LOOKS = 128;

/** Replaces CSS that stands in the page by what it names, in place. */
export async function expandInlineStyles(
  entries: readonly PageEntry[],
  pace: Pace,
): Promise<(Reference | StylesheetLink)[]> {
  const expanded: (Reference | StylesheetLink)[] = [];
  for (const [index, entry] of entries.entries()) {
    if (index % ENTRIES_BETWEEN_LOOKS === 0 && pace.isDue()) await pace.rest();
    if (entry.kind !== 'css') {
      expanded.push(entry);
      continue;
    }
    const pictureOf = picturesOf(entry);
    for (const found of readCss(entry.text, entry.context)) {
      if (found === null) {
        if (pace.isDue()) await pace.rest();
      } else if (found.kind === 'import') {
        expanded.push({ kind: 'stylesheet', href: found.url, element: entry.element, depth: 1 });
      } else {
        const picture = pictureOf(found.group);
        expanded.push({
          kind: 'image',
          text: found.url,
          element: entry.element,
          attribute: entry.lazyAttribute ?? found.property,
          picture,
          owner: entry.owner ?? picture,
          isLazy: entry.lazyAttribute !== undefined,
          ...(found.descriptor !== undefined && { descriptor: found.descriptor }),
          ...(found.density !== undefined && { density: found.density }),
        });
      }
    }
    if (pace.isDue()) await pace.rest();
  }
  return expanded;
}

/**
 * Every image of a style is a picture of its own, but for those of one `image-set()`; where a script replaces the
 * style by a background from an attribute, all are candidates of the element's picture.
 */
function picturesOf({ owner }: InlineCss): (group: number) => Picture {
  if (owner?.hasLazyBackground) return () => owner;
  return groupPictures();
}

/** One picture for each group of images; the images of a group follow each other. */
export function groupPictures(): (group: number) => Picture {
  let last: { readonly group: number; readonly picture: Picture } | null = null;
  return (group) => {
    if (last?.group !== group) last = { group, picture: newPicture() };
    return last.picture;
  };
}

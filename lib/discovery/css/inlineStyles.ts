import type { Yielder } from '../../concurrency/yielder.ts';
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

/** The entries, with the references that inline CSS names in place of the CSS. */
export async function expandInlineStyles(
  entries: readonly PageEntry[],
  yielder: Yielder,
): Promise<(Reference | StylesheetLink)[]> {
  const expanded: (Reference | StylesheetLink)[] = [];
  for (const [index, entry] of entries.entries()) {
    if (index % ENTRIES_BETWEEN_LOOKS === 0 && yielder.isDue()) await yielder.yield();
    if (entry.kind !== 'css') {
      expanded.push(entry);
      continue;
    }
    const pictureOf = picturesOf(entry);
    for (const found of readCss(entry.text, entry.context)) {
      if (found === null) {
        if (yielder.isDue()) await yielder.yield();
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
    if (yielder.isDue()) await yielder.yield();
  }
  return expanded;
}

/**
 * The picture for each group of images in inline CSS: a separate one, so that only the images of one `image-set()`
 * share theirs. When a lazy-loading attribute will replace the background, all are candidates of the element's picture.
 */
function picturesOf({ owner }: InlineCss): (group: number) => Picture {
  if (owner?.hasLazyBackground) return () => owner;
  return groupPictures();
}

/** A function that returns one picture for each group of images. Images of a group must follow each other. */
export function groupPictures(): (group: number) => Picture {
  let last: { readonly group: number; readonly picture: Picture } | null = null;
  return (group) => {
    if (last?.group !== group) last = { group, picture: newPicture() };
    return last.picture;
  };
}

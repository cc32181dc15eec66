import { newPicture, type Picture } from '../references.ts';
import { findNoscriptTwin } from './noscriptTwins.ts';
import type { PageElement } from './parseDocument.ts';

/** Elements that always are an image. */
export const IMAGE_ELEMENTS: ReadonlySet<string> = new Set(['img', 'amp-img', 'amp-anim']);

/** Tracks, during a walk in document order, which elements are candidates of one picture. */
export interface PictureTracker {
  readonly enter: (element: PageElement) => void;
  readonly leave: (element: PageElement) => void;
  /** The picture of the element that was entered last. */
  readonly pictureOf: (element: PageElement) => Picture;
  /** Whether the current element is inside a `picture` element. */
  readonly isInPicture: () => boolean;
}

interface Frame {
  readonly element: PageElement;
  readonly picture: Picture;
}

/**
 * A tracker for one page. An `img` and its `source`s have the picture of their `picture` element. The image in a
 * `noscript` has the picture of its twin.
 */
export function createPictureTracker(): PictureTracker {
  const frames: Frame[] = [];
  const twinned = new Set<PageElement>();
  /** Pictures of elements that follow their twin. */
  const promised = new Map<PageElement, Picture>();
  /** The last image or `picture` outside of frames: a `noscript` right after it may be its twin. */
  let last: Frame | null = null;
  let pictureElements = 0;

  const own = (element: PageElement): Picture => {
    const picture = promised.get(element) ?? newPicture();
    if (isPicture(element)) last = { element, picture };
    return picture;
  };
  const twinPicture = (noscript: PageElement): Picture | null => {
    const twin = findNoscriptTwin(noscript, twinned);
    if (twin === null) return null;
    twinned.add(twin);
    if (last?.element === twin) return last.picture;
    const picture = newPicture();
    promised.set(twin, picture);
    return picture;
  };

  return {
    enter: (element) => {
      const outer = frames.at(-1)?.picture;
      if (element.name === 'picture') {
        pictureElements += 1;
        frames.push({ element, picture: outer ?? own(element) });
      } else if (element.name === 'noscript' && outer === undefined) {
        const picture = twinPicture(element);
        if (picture !== null) frames.push({ element, picture });
      }
    },
    leave: (element) => {
      if (frames.at(-1)?.element !== element) return;
      frames.pop();
      if (element.name === 'picture') pictureElements -= 1;
    },
    pictureOf: (element) => {
      const frame = frames.at(-1);
      const isPart = isPicture(element) || element.name === 'source';
      return frame !== undefined && isPart ? frame.picture : own(element);
    },
    isInPicture: () => pictureElements > 0,
  };
}

function isPicture({ name }: PageElement): boolean {
  return name === 'picture' || IMAGE_ELEMENTS.has(name);
}

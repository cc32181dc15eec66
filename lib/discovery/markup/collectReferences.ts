import type { Yielder } from '../../concurrency/yielder.ts';
import type { PageEntry } from '../references.ts';
import type { LeftOut } from './discoveryRules.ts';
import { createElementFinder } from './elementFinder.ts';
import {
  attributeOf,
  isPageElement,
  type PageDocument,
  type PageElement,
  type PageNode,
} from './parseDocument.ts';
import { createPictureTracker } from './pictures.ts';

export interface CollectedReferences {
  /** In document order. */
  readonly entries: readonly PageEntry[];
  /** The `href` of the first `base` that has one, as written. */
  readonly baseHref: string | undefined;
  /** What was too long to be read whole. */
  readonly leftOut: ReadonlySet<LeftOut>;
}

const HTML_NAMESPACE = 'http://www.w3.org/1999/xhtml';
const STEPS_BETWEEN_LOOKS = 128;

/** The references of a page, in document order. Every element outside of templates counts. */
export async function collectReferences(
  document: PageDocument,
  yielder: Yielder,
): Promise<CollectedReferences> {
  const entries: PageEntry[] = [];
  const leftOut = new Set<LeftOut>();
  const pictures = createPictureTracker();
  const finder = createElementFinder(document, pictures, entries, leftOut);
  let baseHref: string | undefined;

  /** The steps that read the element; null when its content does not count. */
  const enter = (element: PageElement): Iterable<undefined> | null => {
    if (element.name === 'template') return null;
    pictures.enter(element);
    if (element.name === 'base' && element.namespace === HTML_NAMESPACE) {
      baseHref ??= attributeOf(element, 'href');
    }
    return finder.look(element);
  };

  let node: PageNode | null = document.root;
  for (let steps = 1; node !== null; steps += 1) {
    const looking: Iterable<undefined> | null = isPageElement(node) ? enter(node) : [];
    for (const _ of looking ?? []) if (yielder.isDue()) await yielder.yield();
    let following: PageNode | null =
      looking !== null && 'children' in node ? (node.children[0] ?? null) : null;
    while (following === null && node !== null) {
      if (isPageElement(node)) pictures.leave(node);
      following = node.next;
      node = node.parent;
    }
    node = following;
    if (steps % STEPS_BETWEEN_LOOKS === 0 && yielder.isDue()) await yielder.yield();
  }
  return { entries, baseHref, leftOut };
}

import { createElementFinder } from './elementFinder.ts';
import type { Pace } from './pace.ts';
import {
  attributeOf,
  isPageElement,
  type PageDocument,
  type PageElement,
  type PageNode,
} from './parseDocument.ts';
import { createPictureTracker } from './pictures.ts';
import type { PageEntry } from './references.ts';

export interface CollectedReferences {
  /** In document order. */
  readonly entries: readonly PageEntry[];
  /** The first `base[href]`, as written. */
  readonly baseHref: string | undefined;
}

const HTML_NAMESPACE = 'http://www.w3.org/1999/xhtml';
const STEPS_BETWEEN_LOOKS = 128;

/** Walks a page in document order, without recursion, and applies the rules to every element outside of templates. */
export async function collectReferences(document: PageDocument, pace: Pace): Promise<CollectedReferences> {
  const entries: PageEntry[] = [];
  const pictures = createPictureTracker();
  const finder = createElementFinder(document, pictures, entries);
  let baseHref: string | undefined;

  const enter = (element: PageElement): boolean => {
    if (element.name === 'template') return false;
    pictures.enter(element);
    finder.look(element);
    if (element.name === 'base' && element.namespace === HTML_NAMESPACE) {
      baseHref ??= attributeOf(element, 'href');
    }
    return true;
  };

  let node: PageNode | null = document.root;
  for (let steps = 1; node !== null; steps += 1) {
    const isEntered: boolean = !isPageElement(node) || enter(node);
    let following: PageNode | null = isEntered && 'children' in node ? (node.children[0] ?? null) : null;
    while (following === null && node !== null) {
      if (isPageElement(node)) pictures.leave(node);
      following = node.next;
      node = node.parent;
    }
    node = following;
    if (steps % STEPS_BETWEEN_LOOKS === 0 && pace.isDue()) await pace.rest();
  }
  return { entries, baseHref };
}

import { trimAsciiWhitespace } from '../asciiWhitespace.ts';
import { lazyKindOf } from './lazyAttributes.ts';
import { isPageElement, type PageElement, type PageNode } from './parseDocument.ts';

const IMAGES: ReadonlySet<string> = new Set(['img', 'amp-img', 'amp-anim']);
/** A twin has few elements. Without a limit, nested `noscript`s would take quadratic time. */
const LOOKED_AT_ELEMENTS = 50;
/** Without a limit, hundreds of `noscript`s next to one element with a million attributes would take too long. */
const LOOKED_AT_ATTRIBUTES = 100;

/**
 * The picture of which a `noscript` has the same image for browsers without scripts: a neighbouring `img` or `picture`
 * that a script fills in later. null when the `noscript` has not exactly one image, or no such neighbour.
 *
 * @param taken pictures that already have their twin
 */
export function findNoscriptTwin(noscript: PageElement, taken: ReadonlySet<PageElement>): PageElement | null {
  const image = onlyImageIn(noscript);
  if (image === null) return null;
  const addresses = new Set(addressesOf(image));
  // The parent counts because an `amp-img` contains its `noscript`.
  const neighbours = [noscript.parent, noscript.prev, noscript.next].filter(
    (node): node is PageElement =>
      node !== null && isPageElement(node) && isPicture(node) && !taken.has(node),
  );
  const same = neighbours.find((neighbour) =>
    partsOf(neighbour).some((part) => addressesOf(part).some((text) => addresses.has(text))),
  );
  return same ?? neighbours.find((neighbour) => partsOf(neighbour).some(isFilledInLater)) ?? null;
}

function onlyImageIn(noscript: PageElement): PageElement | null {
  const images = elementsIn(noscript).filter(({ name }) => IMAGES.has(name));
  return images.length === 1 ? (images[0] ?? null) : null;
}

/** The elements in `root`; empty when they are too many to be one picture. */
function elementsIn(root: PageElement): PageElement[] {
  const found: PageElement[] = [];
  const waiting: PageNode[] = root.children.slice(0, LOOKED_AT_ELEMENTS + 1);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!isPageElement(node)) continue;
    if (found.push(node) > LOOKED_AT_ELEMENTS) return [];
    waiting.push(...node.children.slice(0, LOOKED_AT_ELEMENTS + 1));
  }
  return found;
}

const isPicture = ({ name }: PageElement) => name === 'picture' || IMAGES.has(name);

function partsOf(picture: PageElement): PageElement[] {
  return picture.name === 'picture' ? elementsIn(picture) : [picture];
}

function addressesOf(element: PageElement): string[] {
  return attributesLookedAt(element)
    .filter(({ name }) => name === 'src' || name === 'srcset' || lazyKindOf(name) !== undefined)
    .map(({ value }) => trimAsciiWhitespace(value))
    .filter((value) => value !== '');
}

function isFilledInLater(element: PageElement): boolean {
  const attributes = attributesLookedAt(element);
  const valueAt = (wanted: string) => attributes.find(({ name }) => name === wanted)?.value;
  const src = valueAt('src');
  const isEmpty = IMAGES.has(element.name) && (src === undefined || /^\s*(?:data:|$)/i.test(src));
  return (
    isEmpty ||
    attributes.some(({ name }) => lazyKindOf(name) !== undefined) ||
    /lazy/i.test(valueAt('class') ?? '')
  );
}

function attributesLookedAt({ attrs }: PageElement): readonly PageElement['attrs'][number][] {
  return attrs.length > LOOKED_AT_ATTRIBUTES ? attrs.slice(0, LOOKED_AT_ATTRIBUTES) : attrs;
}

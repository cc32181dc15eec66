import { load } from 'cheerio/slim';
import { Parser, type Token, type TreeAdapter } from 'parse5';
import { adapter, type Htmlparser2TreeAdapterMap } from 'parse5-htmlparser2-tree-adapter';
import { Problem } from '../problem.ts';
import type { Pace } from './pace.ts';

export type PageNode = Htmlparser2TreeAdapterMap['node'];
type TreeElement = Htmlparser2TreeAdapterMap['element'];

/** An element as cheerio knows it, but with its attributes as the parser's list, in the order of the source. */
export interface PageElement extends TreeElement {
  attrs: Token.Attribute[];
}

export interface PageDocument {
  /** Its elements are all `PageElement`s. */
  readonly root: Htmlparser2TreeAdapterMap['document'];
  /** The text in a `style` or `script`; that of other elements is not kept. */
  readonly textOf: (element: PageElement) => string;
}

/**
 * An element costs about a kilobyte, and unclosed formatting elements multiply: ten kilobytes of markup can ask for a
 * billion. No page that people read comes near.
 */
const ELEMENTS_MAX = 1_200_000;
/** A slice of parsing takes a few milliseconds, of the worst markup a tenth of a second. */
const CHUNK_CHARS = 320 * 1024;
/** The elements whose text is looked at. */
const TEXT_IS_KEPT: ReadonlySet<string> = new Set(['style', 'script']);

/**
 * Parses a page by the HTML standard with scripting off (so that `noscript` holds elements), resting between slices.
 *
 * @throws CONTENT_UNSUPPORTED when the markup asks for more elements than a page can have
 */
export async function parseDocument(html: string, pace: Pace): Promise<PageDocument> {
  const parser = new Parser<Htmlparser2TreeAdapterMap>({
    scriptingEnabled: false,
    treeAdapter: createTreeAdapter(),
  });
  const { tokenizer, document } = parser;
  for (let start = 0; start < html.length; start += CHUNK_CHARS) {
    const end = start + CHUNK_CHARS;
    tokenizer.write(html.slice(start, end), end >= html.length);
    if (pace.isDue()) await pace.rest();
  }
  if (html === '') tokenizer.write('', true);
  const $ = load(document);
  return { root: document, textOf: (element) => $.text([element]) };
}

export function isPageElement(node: PageNode): node is PageElement {
  return adapter.isElementNode(node);
}

/** Name of an attribute as the source has it: the parser takes the prefix off foreign ones. */
export function attributeName({ prefix, name }: Token.Attribute): string {
  return prefix ? `${prefix}:${name}` : name;
}

/** The value of an attribute; for a few look-ups on one element. */
export function attributeOf({ attrs }: PageElement, name: string): string | undefined {
  return attrs.find((attribute) => attributeName(attribute) === name)?.value;
}

/**
 * cheerio's tree without what discovery never looks at: text outside of `style` and `script`, comments, and the three
 * dictionaries that hold each element's attributes a second time (where `href` and `xlink:href` would be one).
 */
function createTreeAdapter(): TreeAdapter<Htmlparser2TreeAdapterMap> {
  const noAttributes = Object.freeze(Object.create(null));
  /** Names on the few elements (`html`, `body`) that later tags add attributes to. */
  const adopted = new Map<TreeElement, Set<string>>();
  let elements = 0;
  return {
    ...adapter,
    createElement: (tagName, namespace, attrs) => {
      elements += 1;
      if (elements > ELEMENTS_MAX) throw tooManyElements();
      const element = adapter.createElement(tagName, namespace, []) as PageElement;
      element.attribs = noAttributes;
      element['x-attribsNamespace'] = noAttributes;
      element['x-attribsPrefix'] = noAttributes;
      element.attrs = attrs;
      return element;
    },
    getAttrList: attributesOf,
    adoptAttributes: (element, attrs) => {
      const own = attributesOf(element);
      const known = adopted.get(element) ?? new Set(own.map(({ name }) => name));
      adopted.set(element, known);
      for (const attribute of attrs) {
        if (!known.has(attribute.name)) own.push(attribute);
        known.add(attribute.name);
      }
    },
    appendChild: (parent, node) => {
      if (!adapter.isCommentNode(node)) adapter.appendChild(parent, node);
    },
    insertText: (parent, text) => {
      if ('name' in parent && TEXT_IS_KEPT.has(parent.name)) adapter.insertText(parent, text);
    },
    // Only foster parenting asks for it, and never within a `style` or `script`.
    insertTextBefore: () => {},
  };
}

function attributesOf(element: TreeElement): Token.Attribute[] {
  return 'attrs' in element ? (element as PageElement).attrs : [];
}

function tooManyElements(): Problem {
  return new Problem('CONTENT_UNSUPPORTED', {
    detail: `The page’s markup makes more than ${ELEMENTS_MAX} elements; nothing was read from it.`,
  });
}

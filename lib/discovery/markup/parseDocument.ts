import { load } from 'cheerio/slim';
import { Parser, type Token, TokenizerMode, type TreeAdapter } from 'parse5';
import { adapter, type Htmlparser2TreeAdapterMap } from 'parse5-htmlparser2-tree-adapter';
import type { Yielder } from '../../concurrency/yielder.ts';
import { Problem } from '../../domain/problem.ts';

export type PageNode = Htmlparser2TreeAdapterMap['node'];
type TreeElement = Htmlparser2TreeAdapterMap['element'];

/** An element of cheerio's tree whose attributes are the parser's list, in the order of the source. */
export interface PageElement extends TreeElement {
  attrs: Token.Attribute[];
  /** Offset of a `style` element's text in the page; -1 for other elements. */
  textStart: number;
  /** Whether the tree has its text. */
  keepsText: boolean;
}

export interface PageDocument {
  /** All its elements are `PageElement`s. */
  readonly root: Htmlparser2TreeAdapterMap['document'];
  /** The text of a `style`, or of a `script` with JSON; empty for other elements, whose text is not kept. */
  readonly textOf: (element: PageElement) => string;
  /** The page has an end tag of `body` or `html`, outside of comments and scripts. */
  readonly hasEndTag: boolean;
  /** The page ends inside a tag, a comment, or the text of an element such as a script. */
  readonly endsInside: boolean;
}

/**
 * An element takes about a kilobyte. Unclosed formatting elements multiply, so ten kilobytes of markup can make a
 * billion elements. Real pages have far fewer.
 */
const ELEMENTS_MAX = 1_200_000;
/** Browsers flatten elements that are nested deeper than about five hundred. */
const DEPTH_MAX = 250_000;
/** One tag may reopen all unclosed formatting elements before it, and the parser cannot yield meanwhile. */
const ELEMENTS_AT_ONCE_MAX = 20_000;
/** The tokenizer takes a few milliseconds for a chunk. `countElement` pauses it between elements too. */
const CHUNK_CHARS = 160 * 1024;
const ELEMENTS_BETWEEN_LOOKS = 32;
const HTML_NAMESPACE = 'http://www.w3.org/1999/xhtml';
/** The HTML standard's "appropriate end tag" of raw text (sections 13.2.5.12 to 13.2.5.14). */
const STYLE_END = /<\/style[\t\n\f\r />]/gi;
const JSON_TYPE = /json/i;
/** An unfinished character reference at the end of a text. The longest name has 32 letters. */
const OPEN_REFERENCE = /&#?[\da-z]*$/i;
const REFERENCE_CHARS = 40;
/** States of the tokenizer (HTML standard, section 13.2.5) in which a whole page ends. */
const OUTSIDE: ReadonlySet<number> = new Set([TokenizerMode.DATA, TokenizerMode.PLAINTEXT]);

/**
 * The tree of a page, parsed by the HTML standard. Scripting is off, so that `noscript` has elements. The work yields
 * often.
 *
 * @throws CONTENT_UNSUPPORTED when the page has too many elements, or too deeply nested ones
 */
export async function parseDocument(html: string, yielder: Yielder): Promise<PageDocument> {
  let elements = 0;
  let elementsAtOnce = 0;
  let offset = 0;
  let isPaused = false;
  const countElement = () => {
    const { tokenizer, openElements } = parser;
    elements += 1;
    elementsAtOnce = tokenizer.preprocessor.offset === offset ? elementsAtOnce + 1 : 0;
    offset = tokenizer.preprocessor.offset;
    if (elements > ELEMENTS_MAX || elementsAtOnce > ELEMENTS_AT_ONCE_MAX) throw tooManyElements();
    if (openElements.stackTop > DEPTH_MAX) throw tooDeep();
    if (elements % ELEMENTS_BETWEEN_LOOKS === 0 && yielder.isDue()) {
      isPaused = true;
      tokenizer.pause();
    }
  };
  const parser: Parser<Htmlparser2TreeAdapterMap> = new Parser({
    scriptingEnabled: false,
    treeAdapter: createTreeAdapter(countElement, (): number => parser.tokenizer.preprocessor.offset),
  });
  const { tokenizer, document } = parser;
  let hasEndTag = false;
  const onEndTag = parser.onEndTag.bind(parser);
  parser.onEndTag = (token) => {
    hasEndTag ||= token.tagName === 'body' || token.tagName === 'html';
    onEndTag(token);
  };
  const write = async (chunk: string, isLast: boolean) => {
    tokenizer.write(chunk, isLast);
    while (isPaused) {
      isPaused = false;
      await yielder.yield();
      tokenizer.resume();
    }
    if (yielder.isDue()) await yielder.yield();
  };
  // The end of the text closes everything, so the state is read before it. An unfinished character reference at the end
  // has its own state, so it is written after that.
  const restStart = html.length - (OPEN_REFERENCE.exec(html.slice(-REFERENCE_CHARS))?.[0].length ?? 0);
  for (let start = 0; start < restStart; start += CHUNK_CHARS) {
    await write(html.slice(start, Math.min(start + CHUNK_CHARS, restStart)), false);
  }
  const endsInside = !OUTSIDE.has(tokenizer.state);
  await write(html.slice(restStart), true);
  return {
    root: document,
    hasEndTag,
    endsInside,
    textOf: (element) => (element.textStart === -1 ? childText(element) : rawText(html, element.textStart)),
  };
}

/** The text from `start` to the end tag of `style`, or to the end of the page. */
function rawText(html: string, start: number): string {
  STYLE_END.lastIndex = start;
  return html.slice(start, STYLE_END.exec(html)?.index);
}

/** The DOM standard's "child text content", which does not include the text of child elements. */
function childText({ children }: PageElement): string {
  return reader.text(children.filter((node) => adapter.isTextNode(node)));
}

/** One for all documents: `load` creates a class, which makes V8 discard code that it has optimised for trees. */
const reader = load([]);

export function isPageElement(node: PageNode): node is PageElement {
  return adapter.isElementNode(node);
}

/** Name of an attribute as in the source. The parser stores the prefix of a foreign attribute separately. */
export function attributeName({ prefix, name }: Token.Attribute): string {
  return prefix ? `${prefix}:${name}` : name;
}

/** The value of an attribute; undefined when the element lacks it. It searches a list. */
export function attributeOf({ attrs }: PageElement, name: string): string | undefined {
  return attrs.find((attribute) => attributeName(attribute) === name)?.value;
}

/**
 * An adapter that builds cheerio's tree without what discovery does not use:
 *
 * - comments, and all text except that of styles and of scripts with JSON
 * - the three dictionaries that repeat each element's attributes, where `href` and `xlink:href` would be one
 *
 * The parser passes text on word by word. So `textOf` reads the text of a `style` from the page itself. In SVG a
 * `style` may have character references, so there its text is in the tree.
 */
function createTreeAdapter(
  countElement: () => void,
  offset: () => number,
): TreeAdapter<Htmlparser2TreeAdapterMap> {
  const noAttributes = Object.freeze(Object.create(null));
  /** Attribute names of `html` and `body`, to which later tags may add attributes. */
  const adopted = new Map<TreeElement, Set<string>>();
  return {
    ...adapter,
    createElement: (tagName, namespace, attrs) => {
      countElement();
      const element = adapter.createElement(tagName, namespace, []) as PageElement;
      element.attribs = noAttributes;
      element['x-attribsNamespace'] = noAttributes;
      element['x-attribsPrefix'] = noAttributes;
      element.attrs = attrs;
      const isStyle = tagName === 'style';
      const isRaw = isStyle && namespace === HTML_NAMESPACE;
      element.textStart = isRaw ? offset() + 1 : -1;
      element.keepsText = isStyle ? !isRaw : mayHoldData(tagName, attrs);
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
      if ((parent as PageElement).keepsText) adapter.insertText(parent, text);
    },
    // Only foster parenting calls this, and never for the text of a `style` or `script`.
    insertTextBefore: () => {},
  };
}

/** Whether the tree must have the text of this element, which may be JSON. */
function mayHoldData(name: string, attrs: readonly Token.Attribute[]): boolean {
  return name === 'script' && attrs.some((one) => one.name === 'type' && JSON_TYPE.test(one.value));
}

function attributesOf(element: TreeElement): Token.Attribute[] {
  return 'attrs' in element ? (element as PageElement).attrs : [];
}

function tooManyElements(): Problem {
  return new Problem('CONTENT_UNSUPPORTED', {
    detail: `The page’s markup has more than ${ELEMENTS_MAX} elements; nothing was read from it.`,
  });
}

function tooDeep(): Problem {
  return new Problem('CONTENT_UNSUPPORTED', {
    detail: `The page’s markup is nested more than ${DEPTH_MAX} elements deep; nothing was read from it.`,
  });
}

import { load } from 'cheerio/slim';
import { Parser, type Token, TokenizerMode, type TreeAdapter } from 'parse5';
import { adapter, type Htmlparser2TreeAdapterMap } from 'parse5-htmlparser2-tree-adapter';
import type { Pace } from '../../concurrency/pace.ts';
import { Problem } from '../../domain/problem.ts';

export type PageNode = Htmlparser2TreeAdapterMap['node'];
type TreeElement = Htmlparser2TreeAdapterMap['element'];

/** An element as cheerio knows it, but with its attributes as the parser's list, in the order of the source. */
export interface PageElement extends TreeElement {
  attrs: Token.Attribute[];
  /** Offset of a `style`'s text in the page; -1 for all others. */
  textStart: number;
  /** The text in it is part of the tree. */
  keepsText: boolean;
}

export interface PageDocument {
  /** Its elements are all `PageElement`s. */
  readonly root: Htmlparser2TreeAdapterMap['document'];
  /** The text in a `style`, or in a `script` of JSON; that of other elements is not kept. */
  readonly textOf: (element: PageElement) => string;
  /** An end tag of `body` or `html` was read; one in a comment or a script is none. */
  readonly hasEndTag: boolean;
  /** It ends in a tag or a comment, or in a text (as of a script) that lacks its end tag. */
  readonly endsInside: boolean;
}

/**
 * An element costs about a kilobyte, and unclosed formatting elements multiply: ten kilobytes of markup can ask for a
 * billion. No page that people read comes near.
 */
const ELEMENTS_MAX = 1_200_000;
/** Browsers flatten what is nested deeper than about five hundred. */
const DEPTH_MAX = 250_000;
/** A tag may open again all formatting elements that were left open before it: the parser cannot rest in between. */
const ELEMENTS_AT_ONCE_MAX = 20_000;
/** A slice of text takes a few milliseconds; between elements the parser rests by itself. */
const CHUNK_CHARS = 160 * 1024;
const ELEMENTS_BETWEEN_LOOKS = 32;
const HTML_NAMESPACE = 'http://www.w3.org/1999/xhtml';
/** The HTML standard's "appropriate end tag" of raw text (section 13.2.5.12 and the two that follow it). */
const STYLE_END = /<\/style[\t\n\f\r />]/gi;
const JSON_TYPE = /json/i;
/** A character reference that more text may go on with; the longest name has 32 letters. */
const OPEN_REFERENCE = /&#?[\da-z]*$/i;
const REFERENCE_CHARS = 40;
/** States of the tokenizer (HTML standard, section 13.2.5) in which a page may end. */
const OUTSIDE: ReadonlySet<number> = new Set([TokenizerMode.DATA, TokenizerMode.PLAINTEXT]);

/**
 * Parses a page by the HTML standard with scripting off (so that `noscript` holds elements), resting between slices.
 *
 * @throws CONTENT_UNSUPPORTED when the markup asks for more elements, or deeper ones, than a page can have
 */
export async function parseDocument(html: string, pace: Pace): Promise<PageDocument> {
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
    if (elements % ELEMENTS_BETWEEN_LOOKS === 0 && pace.isDue()) {
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
      await pace.rest();
      tokenizer.resume();
    }
    if (pace.isDue()) await pace.rest();
  };
  // The end of the text closes everything, so the state is asked for before; a reference has a state of its own.
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

/** Up to the end tag, or to the end of the page. */
function rawText(html: string, start: number): string {
  STYLE_END.lastIndex = start;
  return html.slice(start, STYLE_END.exec(html)?.index);
}

/** The DOM standard's "child text content": what stands in elements within is not part of it. */
function childText({ children }: PageElement): string {
  return reader.text(children.filter((node) => adapter.isTextNode(node)));
}

/** One for all documents: `load` makes a class, and so makes the compiler forget what it knew about trees. */
const reader = load([]);

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
 * cheerio's tree without what discovery never looks at: text but that of styles and of scripts that hold JSON,
 * comments, and the three dictionaries that hold each element's attributes a second time (where `href` and
 * `xlink:href` would be one). The parser hands text over word by word, so that of a `style` is taken from the page
 * itself when somebody asks for it; in SVG it is text like any other, with character references in it.
 */
function createTreeAdapter(
  countElement: () => void,
  offset: () => number,
): TreeAdapter<Htmlparser2TreeAdapterMap> {
  const noAttributes = Object.freeze(Object.create(null));
  /** Names on the few elements (`html`, `body`) that later tags add attributes to. */
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
    // Only foster parenting asks for it, and never within a `style` or `script`.
    insertTextBefore: () => {},
  };
}

/** Whether its text has to be kept while it is parsed; asked once an element, not once a word. */
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

/** The text of a `style` is cut out of the page; it must be what the parser itself would have gathered. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'parse5';
import { createYielder } from '../../../../lib/concurrency/yielder.ts';
import {
  isPageElement,
  type PageNode,
  parseDocument,
} from '../../../../lib/discovery/markup/parseDocument.ts';

interface Node {
  readonly nodeName: string;
  readonly value?: string;
  readonly childNodes?: readonly Node[];
}

/** By parse5's own tree. */
function expectedTexts(html: string): string[] {
  // The DOM standard's "child text content": that of the elements in it is not part of it.
  const textIn = (node: Node): string => (node.childNodes ?? []).map(({ value }) => value ?? '').join('');
  const texts: string[] = [];
  const walk = (node: Node) => {
    if (node.nodeName === 'style') texts.push(textIn(node));
    for (const child of node.childNodes ?? []) walk(child);
  };
  walk(parse(html, { scriptingEnabled: false }) as Node);
  return texts;
}

async function textsOf(html: string): Promise<string[]> {
  const { root, textOf } = await parseDocument(html, createYielder());
  const texts: string[] = [];
  const walk = (node: PageNode) => {
    // What CSS reads alike: the tokenizer of the page makes one of both.
    if (isPageElement(node) && node.name === 'style') {
      texts.push(textOf(node).replace(/\r\n?/g, '\n').replaceAll('\0', '\ufffd'));
    }
    // parse5's tree keeps the content of a template apart.
    const isTemplate = isPageElement(node) && node.name === 'template' && node.namespace === HTML_NAMESPACE;
    if ('children' in node && !isTemplate) node.children.forEach(walk);
  };
  walk(root);
  return texts;
}

const HTML_NAMESPACE = 'http://www.w3.org/1999/xhtml';
const PIECES = [
  ...['<style>', '<style a="</style>">', '<style/>', '<STYLE >', '<p><style\n>'],
  ...['</style>', '</STYLE\n>', '</style x="</style">', '</style/>', '</style', '</styles>', '</', '<'],
  ...['<svg>', '</svg>', '<math><mtext>', '<foreignObject>', '<template>', '</template>', '<table>', '<tr>'],
  ...['<script>', '</script>', '<!--', '-->', '<![CDATA[', ']]>', '<title>', '<textarea>', '<select>'],
  ...['<noscript>', '</noscript>', '<head>', '<body>', '<frameset>', '<b>', '&amp;', '&lt;', 'a{b:url(c)}'],
  ...['\0', '\r\n', '\r', '\n', '😀', 'é', ' '],
];

describe('the text of a style', () => {
  it.each([
    '<style>a</style><style>b</style>',
    '<style>a</styles></style >b',
    '<style>never closed</style',
    '<style></style a="</style>">x</style>',
    '<svg><style>a&amp;b<b>c</b></style></svg>',
    '<svg><style>a<style>b</style>c</style></svg>',
    `${'x'.repeat(170_000)}<style>${'y'.repeat(170_000)}</style><style>z</style>`,
    `${'<p>😀\r\n'.repeat(40_000)}<style>a\r\nb\0</style>`,
  ])('%# is what the parser gathers', async (html) => {
    expect(await textsOf(html)).toEqual(expectedTexts(html));
  });

  it('is what the parser gathers, whatever stands around it', async () => {
    const pages = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join(''));
    await fc.assert(
      fc.asyncProperty(pages, async (html) => {
        expect(await textsOf(html)).toEqual(expectedTexts(html));
      }),
      { numRuns: 3_000 },
    );
  });
});

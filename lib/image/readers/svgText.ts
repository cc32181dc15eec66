import type { Yielder } from '../../concurrency/yielder.ts';
import { inSteps } from '../structure.ts';
import { createMarkupReader, isWhitespace, type Markup, type Search, searchTagEnd } from './xmlMarkup.ts';

/** The start tag of an SVG document's root element. */
export interface SvgRoot {
  /** The document, in which each ASCII character is one byte. Other characters are not readable in it. */
  readonly text: Buffer;
  /** As written, with its prefix: `svg`, `svg:svg`. */
  readonly name: string;
  /** The text between the name and the closing bracket. */
  readonly attributes: string;
  /** Offset after the start tag; null when its closing bracket is missing. */
  readonly contentStart: number | null;
  /** The tag is `<svg … />`, so the document has no content. */
  readonly isSelfClosed: boolean;
}

/** Whitespace at the start of an image at most. */
const WHITESPACE_MAX = 1024 * 1024;
/** Characters of attributes that are read. The tag may be longer. */
const ATTRIBUTES_LENGTH = 64 * 1024;
/** A step takes some milliseconds at most. */
const BYTES_PER_STEP = 128 * 1024;
const NAMESPACE = 'http://www.w3.org/2000/svg';

/**
 * The root element, after XML declaration, comments, processing instructions and doctype; null when it is not `svg`.
 * Entities are not expanded, and nothing is loaded. When the doctype has another name, the root must have the SVG
 * namespace.
 */
export async function findSvgRoot(bytes: Buffer, yielder: Yielder): Promise<SvgRoot | null> {
  const text = await narrow(bytes, yielder);
  let offset = text.indexOf('\xef\xbb\xbf', 0, 'latin1') === 0 ? 3 : 0;
  // This ends early for most files that are not SVG, since they are not markup.
  if (!isAllWhitespace(text, offset, text.indexOf('<', offset))) return null;
  const next = createMarkupReader(text, offset);
  let doctype: string | null = null;
  const root = await inSteps<Markup | null>(yielder, () => {
    for (const behind = offset + BYTES_PER_STEP; offset < behind; ) {
      const markup = next();
      if (markup === null || markup.kind === 'cut') return null;
      if (!isAllWhitespace(text, offset, markup.start)) return null;
      if (markup.kind === 'more') return undefined;
      if (markup.kind === 'start') return markup;
      if (markup.kind === 'end' || markup.kind === 'characters') return null;
      if (markup.kind === 'doctype') {
        const name = /^<!DOCTYPE\s+([^\s[>]{1,100})/i.exec(
          text.toString('latin1', markup.start, markup.start + 200),
        )?.[1];
        // XML has at most one doctype.
        if (doctype !== null || name === undefined) return null;
        doctype = name;
      }
      offset = markup.end;
    }
    return undefined;
  });
  return root && rootAt(text, root.start, doctype, yielder);
}

async function rootAt(
  text: Buffer,
  start: number,
  doctype: string | null,
  yielder: Yielder,
): Promise<SvgRoot | null> {
  const opening = text.toString('latin1', start, start + 60);
  const name = /^<((?:[\w.-]{1,50}:)?svg)(?=[\s/>]|$)/.exec(opening)?.[1];
  if (name === undefined) return null;
  const from = start + 1 + name.length;
  const end = await inSteps(yielder, searchTagEnd(text, from));
  const isClosed = end !== -1;
  const isSelfClosed = isClosed && text[end - 2] === 0x2f;
  const tagEnd = isClosed ? end - 1 - Number(isSelfClosed) : text.length;
  const attributes = text.toString('latin1', from, Math.min(tagEnd, from + ATTRIBUTES_LENGTH));
  if (doctype !== null && doctype !== name && !attributes.includes(NAMESPACE)) return null;
  return { text, name, attributes, contentStart: isClosed ? end : null, isSelfClosed };
}

/**
 * Whether the root element ends, and only comments, processing instructions, whitespace and NULs follow. Nested
 * elements with the root's name are counted, since their end is not the end of the root.
 */
export function hasSvgEnd(
  { text, name, contentStart, isSelfClosed }: SvgRoot,
  yielder: Yielder,
): Promise<boolean> {
  if (contentStart === null) return Promise.resolve(false);
  const next = createMarkupReader(text, contentStart);
  const isNamed = (at: number): boolean => {
    if (text[at] !== name.charCodeAt(0) || text.toString('latin1', at, at + name.length) !== name)
      return false;
    const behind = text[at + name.length];
    return behind === 0x3e || behind === 0x2f || isWhitespace(behind);
  };
  let depth = isSelfClosed ? 0 : 1;
  let offset = contentStart;
  let tag: Search | undefined;
  return inSteps(yielder, () => {
    for (const behind = offset + BYTES_PER_STEP; offset < behind; ) {
      if (tag) {
        const end = tag();
        if (end === undefined) return undefined;
        if (end === -1) return false;
        if (text[end - 2] !== 0x2f) depth += 1;
        tag = undefined;
        offset = end;
        continue;
      }
      const markup = next();
      const { kind, start, end } = markup ?? { kind: null, start: text.length, end: text.length };
      if (depth === 0 && !isAllPadding(text, offset, start)) return false;
      if (kind === null) return depth === 0;
      if (kind === 'more') return undefined;
      if (kind === 'cut' || (depth === 0 && kind !== 'comment' && kind !== 'instruction')) return false;
      if (kind === 'end' && isNamed(start + 2)) depth -= 1;
      if (kind === 'start' && isNamed(start + 1)) tag = searchTagEnd(text, start + 1);
      offset = end;
    }
    return undefined;
  });
}

/** The attributes of a start tag, with values as written. The first of a name counts. */
export function attributesOf(root: SvgRoot): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  // The pattern is sticky, so it reads in one pass and stops at the first text that is not an attribute.
  const next = /\s*([^\s=>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;
  for (let match = next.exec(root.attributes); match !== null; match = next.exec(root.attributes)) {
    const [, name = '', quoted, apostrophed = ''] = match;
    if (!attributes.has(name)) attributes.set(name, quoted ?? apostrophed);
  }
  return attributes;
}

function isAllWhitespace(text: Buffer, from: number, to: number): boolean {
  if (to === -1 || to - from > WHITESPACE_MAX) return false;
  for (let offset = from; offset < to; offset += 1) if (!isWhitespace(text[offset])) return false;
  return true;
}

/** Whether there are only NULs, with which some servers pad files, and whitespace. */
function isAllPadding(text: Buffer, from: number, to: number): boolean {
  for (let offset = from; offset < to; offset += 1) {
    if (text[offset] !== 0 && !isWhitespace(text[offset])) return false;
  }
  return true;
}

/**
 * The text with one byte for each ASCII character. UTF-16, which the byte order mark or the first character shows, is
 * converted. Other encodings already have it so.
 */
async function narrow(bytes: Buffer, yielder: Yielder): Promise<Buffer> {
  const [first, second] = bytes;
  const isLittle = (first === 0xff && second === 0xfe) || (first === 0x3c && second === 0);
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c);
  if (!isLittle && !isBig) return bytes;
  const start = first === 0x3c || second === 0x3c ? 0 : 2;
  const text = Buffer.alloc((bytes.length - start) >> 1);
  const [low, high] = isLittle ? [start, start + 1] : [start + 1, start];
  let at = 0;
  await inSteps(yielder, () => {
    for (const behind = Math.min(at + BYTES_PER_STEP, text.length); at < behind; at += 1) {
      text[at] = bytes[2 * at + high] === 0 ? (bytes[2 * at + low] ?? 0) : 0x3f;
    }
    return at >= text.length ? true : undefined;
  });
  return text;
}

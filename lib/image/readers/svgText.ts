/** The start tag of an SVG document's root element. */
export interface SvgRoot {
  /** As written, with its prefix: `svg`, `svg:svg`. */
  readonly name: string;
  /** What stands between the name and the closing bracket. */
  readonly attributes: string;
  /** The tag has its closing bracket. */
  readonly isClosed: boolean;
  /** `<svg … />`: there is nothing else in the document. */
  readonly isSelfClosed: boolean;
}

/** A prologue (licence comment, Illustrator's entity list) longer than this is not an image's. */
const HEAD_LENGTH = 256 * 1024;
const TAIL_LENGTH = 64 * 1024;
/** The length of a start tag that is still read. */
const TAG_LENGTH = 64 * 1024;

/** The first 256 KiB as text. */
export function svgHead(bytes: Buffer): string {
  return decode(bytes.subarray(0, HEAD_LENGTH), encodingOf(bytes));
}

/** The last 64 KiB as text. */
export function svgTail(bytes: Buffer): string {
  const from = Math.max(0, bytes.length - TAIL_LENGTH);
  // An even offset keeps the two bytes of a UTF-16 unit together.
  return decode(bytes.subarray(from - (from % 2)), encodingOf(bytes));
}

/**
 * Finds the root element behind XML declaration, comments, processing instructions and doctype. Entities are never
 * expanded and nothing is ever loaded. null when the root is another element, or the doctype names another one.
 */
export function findSvgRoot(text: string): SvgRoot | null {
  let offset = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let doctype: string | undefined;
  for (;;) {
    while (isBlank(text, offset)) offset += 1;
    if (text[offset] !== '<') return null;
    if (text.startsWith('<?', offset)) {
      offset = behind(text, '?>', offset + 2);
    } else if (text.startsWith('<!--', offset)) {
      offset = behind(text, '-->', offset + 4);
    } else if (text.startsWith('<!', offset)) {
      // A second doctype is no XML.
      if (doctype !== undefined) return null;
      doctype = /^<!DOCTYPE\s+([^\s[>]{1,100})/i.exec(text.slice(offset, offset + 200))?.[1];
      if (doctype === undefined) return null;
      offset = behindDoctype(text, offset + 2);
    } else {
      break;
    }
    if (offset === -1) return null;
  }
  const name = /^<((?:[\w.-]{1,50}:)?svg)(?=[\s/>]|$)/.exec(text.slice(offset, offset + 60))?.[1];
  if (name === undefined || (doctype !== undefined && doctype !== name)) return null;

  const start = offset + 1 + name.length;
  const end = endOfTag(text, start);
  if (end === -1) return { name, attributes: '', isClosed: false, isSelfClosed: false };
  const isSelfClosed = text[end - 1] === '/';
  return { name, attributes: text.slice(start, isSelfClosed ? end - 1 : end), isClosed: true, isSelfClosed };
}

/** Whether a document ends with the root's end tag, but for blanks, comments and processing instructions. */
export function endsWithTag(tail: string, name: string): boolean {
  let rest = tail;
  for (;;) {
    rest = trimPadding(rest);
    const opening = rest.endsWith('-->') ? '<!--' : rest.endsWith('?>') ? '<?' : undefined;
    if (opening === undefined) break;
    const from = rest.lastIndexOf(opening);
    if (from === -1) return false;
    rest = rest.slice(0, from);
  }
  const from = rest.lastIndexOf('</');
  // The standard allows blanks before the bracket.
  return from !== -1 && rest.endsWith('>') && rest.slice(from + 2, -1).trimEnd() === name;
}

/** The attributes of a start tag with their values as written; the first of a name counts. */
export function attributesOf(root: SvgRoot): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  // Sticky: one pass, which ends at the first thing that is no attribute.
  const next = /\s*([^\s=>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;
  for (let match = next.exec(root.attributes); match !== null; match = next.exec(root.attributes)) {
    const [, name = '', quoted, apostrophed = ''] = match;
    if (!attributes.has(name)) attributes.set(name, quoted ?? apostrophed);
  }
  return attributes;
}

type Encoding = 'latin1' | 'utf16le' | 'utf16be';

/** By byte order mark or first character. All that matters of the other encodings is ASCII, which they share. */
function encodingOf(bytes: Buffer): Encoding {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return 'utf16be';
  return 'latin1';
}

function decode(bytes: Buffer, encoding: Encoding): string {
  if (encoding === 'utf16le') return bytes.toString('utf16le');
  if (encoding === 'latin1') return bytes.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  return Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)))
    .swap16()
    .toString('utf16le');
}

function isBlank(text: string, offset: number): boolean {
  const character = text[offset];
  return character === ' ' || character === '\n' || character === '\r' || character === '\t';
}

/** Without the blanks and NULs at its end. A pattern such as `\0+$` would be quadratic here. */
function trimPadding(text: string): string {
  let end = text.length;
  while (end > 0 && (isBlank(text, end - 1) || text[end - 1] === '\0')) end -= 1;
  return text.slice(0, end);
}

/** Offset behind the next occurrence, or -1. */
function behind(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from);
  return at === -1 ? -1 : at + what.length;
}

/** Offset behind a doctype with its internal subset, whose quotes and comments may hold brackets; or -1. */
function behindDoctype(text: string, from: number): number {
  let depth = 0;
  for (let offset = from; offset < text.length; offset += 1) {
    const character = text[offset];
    if (character === '"' || character === "'") {
      offset = text.indexOf(character, offset + 1);
      if (offset === -1) return -1;
    } else if (text.startsWith('<!--', offset)) {
      offset = behind(text, '-->', offset + 4) - 1;
      if (offset < 0) return -1;
    } else if (character === '[') {
      depth += 1;
    } else if (character === ']') {
      depth -= 1;
    } else if (character === '>' && depth <= 0) {
      return offset + 1;
    }
  }
  return -1;
}

/** Offset of the bracket that closes a start tag: brackets inside quotes do not; or -1. */
function endOfTag(text: string, from: number): number {
  const limit = Math.min(text.length, from + TAG_LENGTH);
  let quote: string | undefined;
  for (let offset = from; offset < limit; offset += 1) {
    const character = text[offset];
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") {
      quote = character;
    } else if (character === '>') {
      return offset;
    }
  }
  return -1;
}

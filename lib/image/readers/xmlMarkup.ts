/**
 * A linear scanner over the markup of an XML document. It is not an XML parser: it expands no entities and loads
 * nothing. It works on bytes, since it only looks for ASCII.
 */

type MarkupKind = 'comment' | 'instruction' | 'characters' | 'doctype' | 'start' | 'end';

/** One piece of markup. `kind` is `more` while its end is not found yet, and `cut` when the bytes lack it. */
export interface Markup {
  readonly kind: MarkupKind | 'more' | 'cut';
  /** Offset of its opening bracket. */
  readonly start: number;
  /** Offset after its closing bracket. For a start tag, whose end may not be needed, after its opening bracket. */
  readonly end: number;
}

/** Bytes that one step of a search reads, in a millisecond or two. */
const WINDOW = 256 * 1024;

const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const EXCLAMATION = 0x21;
const QUESTION = 0x3f;
const SLASH = 0x2f;
const HYPHEN = 0x2d;
const OPENING = 0x5b;
const CLOSING = 0x5d;
const QUOTES = [0x22, 0x27];

/** A kind of markup, the length of its opening, and the bytes before the bracket that closes it. */
interface Piece {
  readonly kind: MarkupKind;
  readonly opening: number;
  readonly closing: readonly number[];
}
const COMMENT: Piece = { kind: 'comment', opening: 4, closing: [HYPHEN, HYPHEN] };
const CHARACTERS: Piece = { kind: 'characters', opening: 9, closing: [CLOSING, CLOSING] };
const INSTRUCTION: Piece = { kind: 'instruction', opening: 2, closing: [QUESTION] };
const END_TAG: Piece = { kind: 'end', opening: 2, closing: [] };

/** A step of a search: the offset after the match, -1 without a match, undefined while the search is not over. */
export type Search = () => number | undefined;

/** A function that returns the next piece of markup; null after the last. After `more`, yield and call it again. */
export function createMarkupReader(text: Buffer, from: number): () => Markup | null {
  let offset = from;
  let start = from;
  let piece: Piece | undefined;
  let doctype: Search | undefined;
  const finish = (kind: MarkupKind, end: number | undefined): Markup => {
    if (end === undefined) return { kind: 'more', start, end: start };
    piece = undefined;
    doctype = undefined;
    offset = end === -1 ? text.length : end;
    return { kind: end === -1 ? 'cut' : kind, start, end: offset };
  };
  return () => {
    if (piece === undefined && doctype === undefined) {
      start = nextBracket(text, offset);
      if (start === -1) return null;
      const found = pieceAt(text, start);
      offset = start + 1;
      if (found === 'start') return { kind: found, start, end: offset };
      if (found === 'doctype') {
        doctype = searchDoctypeEnd(text, start + 2);
      } else {
        piece = found;
        offset = start + found.opening;
      }
    }
    if (piece === undefined) return finish('doctype', doctype?.());
    const limit = Math.min(offset + WINDOW, text.length);
    const first = start + piece.opening;
    for (; offset < limit; offset += 1) {
      if (text[offset] === GREATER_THAN && isClosed(text, first, offset, piece.closing)) {
        return finish(piece.kind, offset + 1);
      }
    }
    return finish(piece.kind, offset >= text.length ? -1 : undefined);
  };
}

/** Offset of the next opening bracket; -1 without one. A native search takes as long as a loop over 32 bytes. */
function nextBracket(text: Buffer, from: number): number {
  const near = Math.min(from + 32, text.length);
  for (let offset = from; offset < near; offset += 1) if (text[offset] === LESS_THAN) return offset;
  return text.indexOf(LESS_THAN, near);
}

function pieceAt(text: Buffer, start: number): Piece | 'start' | 'doctype' {
  const second = text[start + 1];
  if (second === QUESTION) return INSTRUCTION;
  if (second === SLASH) return END_TAG;
  if (second !== EXCLAMATION) return 'start';
  if (text[start + 2] === HYPHEN && text[start + 3] === HYPHEN) return COMMENT;
  return text.toString('latin1', start, start + 9) === '<![CDATA[' ? CHARACTERS : 'doctype';
}

/** Whether the bytes before a bracket are those that close a piece whose content begins at `from`. */
function isClosed(text: Buffer, from: number, bracket: number, closing: readonly number[]): boolean {
  const start = bracket - closing.length;
  if (start < from) return false;
  for (let index = 0; index < closing.length; index += 1) {
    if (text[start + index] !== closing[index]) return false;
  }
  return true;
}

/** A search for the end of a doctype, whose quotes, comments and instructions may contain brackets. */
function searchDoctypeEnd(text: Buffer, from: number): Search {
  let offset = from;
  let depth = 0;
  let quote: number | undefined;
  let inner: { readonly piece: Piece; readonly from: number } | undefined;
  return () => {
    const limit = Math.min(offset + WINDOW, text.length);
    for (; offset < limit; offset += 1) {
      const byte = text[offset] ?? 0;
      if (quote !== undefined) {
        if (byte === quote) quote = undefined;
      } else if (inner !== undefined) {
        if (byte === GREATER_THAN && isClosed(text, inner.from, offset, inner.piece.closing))
          inner = undefined;
      } else if (QUOTES.includes(byte)) {
        quote = byte;
      } else if (byte === OPENING) {
        depth += 1;
      } else if (byte === CLOSING) {
        depth -= 1;
      } else if (byte === GREATER_THAN && depth <= 0) {
        return offset + 1;
      } else if (byte === LESS_THAN) {
        const piece = pieceAt(text, offset);
        if (piece === COMMENT || piece === INSTRUCTION) inner = { piece, from: offset + piece.opening };
      }
    }
    return offset >= text.length ? -1 : undefined;
  };
}

/** A search for the end of a start tag, from an offset after its name. Brackets inside quotes do not close it. */
export function searchTagEnd(text: Buffer, from: number): Search {
  let offset = from;
  let quote: number | undefined;
  return () => {
    const limit = Math.min(offset + WINDOW, text.length);
    for (; offset < limit; offset += 1) {
      const byte = text[offset] ?? 0;
      if (quote !== undefined) {
        if (byte === quote) quote = undefined;
      } else if (byte === GREATER_THAN) {
        return offset + 1;
      } else if (QUOTES.includes(byte)) {
        quote = byte;
      }
    }
    return offset >= text.length ? -1 : undefined;
  };
}

export function isWhitespace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

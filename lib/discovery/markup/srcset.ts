import { isAsciiWhitespace } from '../asciiWhitespace.ts';

/** One image candidate string of a `srcset`. */
export interface SrcsetCandidate {
  /** As written. */
  readonly url: string;
  /** The descriptors as written, separated by single spaces. */
  readonly descriptor?: string;
  /** Number of a `w` descriptor, in pixels. */
  readonly width?: number;
  /** Number of an `x` descriptor. */
  readonly density?: number;
}

/**
 * A valid candidate has at most two descriptors, a `w` and an `h`. The third makes it invalid, so others are ignored.
 */
const DESCRIPTORS_KEPT = 3;
/** Characters of a descriptor at most. No real image needs a number with so many digits. */
const DESCRIPTOR_MAX = 100;
const COMMA = 0x2c;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const WIDTH_OR_HEIGHT = /^[0-9]+$/;
/** The HTML standard's "valid floating-point number": without a leading plus, and with digits after a point. */
const FLOAT = /^-?(?:[0-9]+|[0-9]*\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** All candidates of a `srcset`; see `srcsetCandidates`. */
export function parseSrcset(text: string): SrcsetCandidate[] {
  return [...srcsetCandidates(text)];
}

/**
 * The candidates of a `srcset` by the HTML standard's "parse a srcset attribute" (section 4.8.4.2.2). A candidate is
 * dropped when the standard drops it, or when it has a descriptor of over 100 characters. Linear in the length of
 * `text`. They come one by one, since an attribute may have a million.
 */
export function* srcsetCandidates(text: string): Generator<SrcsetCandidate, void, undefined> {
  let position = 0;
  for (;;) {
    position = skip(text, position, (code) => isAsciiWhitespace(code) || code === COMMA);
    if (position >= text.length) return;
    const end = skip(text, position, (code) => !isAsciiWhitespace(code));
    const urlEnd = withoutTrailingCommas(text, position, end);
    const url = text.slice(position, urlEnd);
    position = end;
    if (urlEnd < end) {
      yield { url };
      continue;
    }
    const split = splitDescriptors(text, skip(text, position, isAsciiWhitespace));
    position = split.position;
    const described = describe(split.descriptors);
    if (described !== null) yield { url, ...described };
  }
}

function skip(text: string, from: number, isSkipped: (code: number) => boolean): number {
  let position = from;
  while (position < text.length && isSkipped(text.charCodeAt(position))) position += 1;
  return position;
}

function withoutTrailingCommas(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && text.charCodeAt(last - 1) === COMMA) last -= 1;
  return last;
}

/**
 * The descriptors from `from` on, and where the next candidate begins: the standard's descriptor tokenizer. Whitespace
 * separates descriptors and a comma ends them, except in parentheses.
 */
function splitDescriptors(text: string, from: number): { descriptors: string[]; position: number } {
  const descriptors: string[] = [];
  let start = from;
  let isInParens = false;
  const finish = (end: number) => {
    if (end > start && descriptors.length < DESCRIPTORS_KEPT) descriptors.push(text.slice(start, end));
    start = end + 1;
  };
  for (let position = from; position < text.length; position += 1) {
    const code = text.charCodeAt(position);
    if (isInParens) {
      if (code === CLOSE_PAREN) isInParens = false;
    } else if (code === OPEN_PAREN) {
      isInParens = true;
    } else if (code === COMMA) {
      finish(position);
      return { descriptors, position: position + 1 };
    } else if (isAsciiWhitespace(code)) {
      finish(position);
    }
  }
  finish(text.length);
  return { descriptors, position: text.length };
}

/** The result of the standard's descriptor parser; null when it sets `error`. */
function describe(descriptors: readonly string[]): Omit<SrcsetCandidate, 'url'> | null {
  let width: number | undefined;
  let density: number | undefined;
  let height: number | undefined;
  for (const descriptor of descriptors) {
    if (descriptor.length > DESCRIPTOR_MAX) return null;
    const kind = descriptor.at(-1);
    const number = descriptor.slice(0, -1);
    if (kind === 'w' && WIDTH_OR_HEIGHT.test(number)) {
      if (width !== undefined || density !== undefined || Number(number) === 0) return null;
      width = Number(number);
    } else if (kind === 'x' && FLOAT.test(number)) {
      if (width !== undefined || density !== undefined || height !== undefined) return null;
      if (Number(number) < 0) return null;
      density = Number(number);
    } else if (kind === 'h' && WIDTH_OR_HEIGHT.test(number)) {
      if (height !== undefined || density !== undefined || Number(number) === 0) return null;
      height = Number(number);
    } else {
      return null;
    }
  }
  if (height !== undefined && width === undefined) return null;
  return {
    ...(descriptors.length > 0 && { descriptor: descriptors.join(' ') }),
    ...(width !== undefined && { width }),
    ...(density !== undefined && { density }),
  };
}

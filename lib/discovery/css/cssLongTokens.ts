import { isAsciiBlank, trimAsciiBlanks } from '../asciiBlanks.ts';

/**
 * The tokenizer builds names, strings and URLs character by character and cannot rest in between: fine for what people
 * write, half a second and hundreds of megabytes for an inline image of ten. So what is very long is taken out before,
 * and addresses are put back after.
 */
export interface ShortenedCss {
  readonly text: string;
  /** Gives a URL back as it was written, its escapes resolved. */
  readonly restore: (url: string) => string;
}

const LONG_CHARS = 4_096;
const TOKENS_PER_STEP = 4_096;
/** Private use characters, which mean nothing in CSS and so change no token's end. */
const MARK = '\uE000';
const MARKED = /\uE000(\d{1,9})\uE000/;

/** Of a text, so that one reading of it takes no longer than a rest may be away. */
const UNESCAPED_CHARS = 1024 * 1024;
/** CSS Syntax section 4.3.7; in a string an escaped line end stands for nothing. */
const ESCAPE = /\\(?:([0-9a-f]{1,6})(?:\r\n|[ \t\n\f\r])?|(?:\r\n|[\n\f\r])|(.)|$)/gisu;

/** Whatever makes an unquoted URL a bad one, which a browser drops. */
const BAD_IN_URL = /[\t\n\f\r "'(]/;

const LINE_FEED = 0x0a;
const FORM_FEED = 0x0c;
const CARRIAGE_RETURN = 0x0d;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const ASTERISK = 0x2a;
const MINUS = 0x2d;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;

/** A `null` is a good place for a rest. */
export function* shortenLongTokens(css: string): Generator<null, ShortenedCss, undefined> {
  if (css.length < LONG_CHARS) return { text: css, restore: (url) => url };
  const taken: string[] = [];
  const kept: string[] = [];
  let keptUntil = 0;
  const shorten = (start: number, end: number, behind = '') => {
    if (end - start < LONG_CHARS) return;
    kept.push(css.slice(keptUntil, start), `${MARK}${taken.length}${MARK}${behind}`);
    taken.push(css.slice(start, end));
    keptUntil = end;
  };

  let count = 0;
  for (let at = 0; at < css.length; ) {
    count += 1;
    if (count % TOKENS_PER_STEP === 0) yield null;
    const code = css.charCodeAt(at);
    if (code === QUOTE || code === APOSTROPHE) {
      const end = endOf(css, at + 1, (other) => other === code || isLineEnd(other));
      shorten(at + 1, end);
      // A line end breaks a string off.
      at = end + 1;
    } else if (code === SLASH && css.charCodeAt(at + 1) === ASTERISK) {
      const end = css.indexOf('*/', at + 2);
      at = end === -1 ? css.length : end + 2;
    } else if (code === BACKSLASH || isNameCharacter(code)) {
      const end = endOf(css, at, (other) => !isNameCharacter(other));
      shorten(at, end);
      const start = startOfUnquotedUrl(css, at, end);
      at = end;
      if (start === null) continue;
      at = endOf(css, start, (other) => other === CLOSE_PAREN);
      if (at - start >= LONG_CHARS) {
        const isBad = BAD_IN_URL.test(trimAsciiBlanks(css.slice(start, at)));
        shorten(start, at, isBad ? '"' : '');
      }
    } else {
      at += 1;
    }
  }
  if (taken.length === 0) return { text: css, restore: (url) => url };
  const text = kept.join('') + css.slice(keptUntil);
  return {
    text,
    restore: (url) => url.replace(MARKED, (mark, index) => asToken(taken[Number(index)] ?? mark)),
  };
}

/** As the tokenizer gives shorter texts: escapes resolved, and U+FFFD for NUL (CSS Syntax section 3.3). */
function asToken(text: string): string {
  if (text.length > UNESCAPED_CHARS) return text;
  const unescaped = !text.includes('\\')
    ? text
    : text.replace(ESCAPE, (_, hex?: string, other?: string) =>
        hex === undefined ? (other ?? '') : codePoint(Number.parseInt(hex, 16)),
      );
  return unescaped.includes('\0') ? unescaped.replaceAll('\0', '\ufffd') : unescaped;
}

/** CSS Syntax section 4.3.7: what is no character becomes U+FFFD. */
function codePoint(value: number): string {
  const isCharacter = value > 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
  return isCharacter ? String.fromCodePoint(value) : '\ufffd';
}

/** Offset behind the bracket of `url(`, the name from `at` to `end`, when no quote follows. */
function startOfUnquotedUrl(css: string, at: number, end: number): number | null {
  if (end - at !== 3 || css.charCodeAt(end) !== OPEN_PAREN) return null;
  if (css.slice(at, end).toLowerCase() !== 'url') return null;
  let start = end + 1;
  while (start < css.length && isAsciiBlank(css.charCodeAt(start))) start += 1;
  const code = css.charCodeAt(start);
  return code === QUOTE || code === APOSTROPHE ? null : start;
}

/** Offset of the first character that ends it and is not escaped. */
function endOf(css: string, from: number, isEnd: (code: number) => boolean): number {
  let at = from;
  for (; at < css.length; at += 1) {
    const code = css.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (isEnd(code)) break;
  }
  return Math.min(at, css.length);
}

function isLineEnd(code: number): boolean {
  return code === LINE_FEED || code === FORM_FEED || code === CARRIAGE_RETURN;
}

function isNameCharacter(code: number): boolean {
  const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  const isDigit = code >= 0x30 && code <= 0x39;
  // NUL stands for U+FFFD (CSS Syntax section 3.3).
  return isLetter || isDigit || code === MINUS || code === UNDERSCORE || code >= 0x80 || code === 0;
}

import { tokenize, tokenTypes } from 'css-tree/tokenizer';
import { isAsciiWhitespace } from '../asciiWhitespace.ts';

type CssCloser = ')' | ']' | '}';

/** The parts of a CSS token (CSS Syntax section 4) that finding images needs. */
export interface CssToken {
  readonly kind:
    | 'ident'
    | 'atKeyword'
    | 'string'
    | 'url'
    | 'function'
    | 'dimension'
    | '('
    | '['
    | '{'
    | CssCloser
    | ':'
    | ';'
    | ','
    | 'bad'
    | 'whitespace'
    | 'other';
  /** The name or text, unescaped; a dimension as written; otherwise empty. */
  readonly value: string;
  /** The kind that closes this bracket or function; null for other tokens. */
  readonly closer: CssCloser | null;
}

export interface CssTokens {
  /** The next token; null at the end. Never throws because of the text. */
  next(): CssToken | null;
  /** Whether the text ends in a comment that it does not close. */
  endsInComment(): boolean;
}

const PLAIN: ReadonlyMap<number | undefined, CssToken> = new Map([
  [tokenTypes.LeftParenthesis, { kind: '(', value: '', closer: ')' }],
  [tokenTypes.LeftSquareBracket, { kind: '[', value: '', closer: ']' }],
  [tokenTypes.LeftCurlyBracket, { kind: '{', value: '', closer: '}' }],
  [tokenTypes.RightParenthesis, plain(')')],
  [tokenTypes.RightSquareBracket, plain(']')],
  [tokenTypes.RightCurlyBracket, plain('}')],
  [tokenTypes.Colon, plain(':')],
  [tokenTypes.Semicolon, plain(';')],
  [tokenTypes.Comma, plain(',')],
  [tokenTypes.BadString, plain('bad')],
  [tokenTypes.BadUrl, plain('bad')],
  [tokenTypes.WhiteSpace, plain('whitespace')],
  [tokenTypes.Comment, plain('whitespace')],
  // The marks `<!--` and `-->`, which CSS skips where it allows them.
  [tokenTypes.CDO, plain('whitespace')],
  [tokenTypes.CDC, plain('whitespace')],
]);
const OTHER = plain('other');

const TOKENS_AT_A_TIME = 512;
const FULL = Symbol('enough tokens for now');
const BYTE_ORDER_MARK = 0xfeff;
const BACKSLASH = 0x5c;
const CLOSE = 0x29;
const LOOK_AHEAD = 64;

/**
 * The tokens of a text, one by one. css-tree's tokenizer cannot pause, but between two tokens its only state is its
 * position. So it is stopped, and later starts again on the rest of the text.
 */
export function createCssTokens(text: string): CssTokens {
  const css = withoutNul(text);
  const endOfUrl = createUrlEnds(css);
  let tokens: CssToken[] = [];
  let next = 0;
  let position = 0;
  let isOpenComment = false;

  const readSome = () => {
    tokens = [];
    next = 0;
    const start = position;
    // This does not copy the text.
    const rest = css.slice(start);
    try {
      tokenize(rest, (type, from, to) => {
        const token = tokenOf(type, rest, from, to);
        tokens.push(token);
        position = start + to;
        if (isMisread(type, token, rest, from, to)) {
          position = endOfUrl(start + from);
          if (type === tokenTypes.Function)
            tokens[tokens.length - 1] = urlTokenOf(css.slice(start + to, position));
          throw FULL;
        }
        isOpenComment = type === tokenTypes.Comment && !isClosedComment(rest, from, to);
        // The tokenizer would skip a byte order mark at which it starts.
        const canStop = css.charCodeAt(position) !== BYTE_ORDER_MARK;
        if (tokens.length >= TOKENS_AT_A_TIME && canStop) throw FULL;
      });
    } catch (error) {
      if (error !== FULL) throw error;
      return;
    }
    position = css.length;
  };

  return {
    next: () => {
      if (next === tokens.length && position < css.length) readSome();
      return tokens[next++] ?? null;
    },
    endsInComment: () => isOpenComment,
  };
}

function tokenOf(type: number, text: string, from: number, to: number): CssToken {
  switch (type) {
    case tokenTypes.Ident:
      return { kind: 'ident', value: unescaped(text.slice(from, to), REPLACEMENT), closer: null };
    case tokenTypes.Function:
      return {
        kind: 'function',
        value: unescaped(text.slice(from, to - 1), REPLACEMENT).toLowerCase(),
        closer: ')',
      };
    case tokenTypes.Url:
      return { kind: 'url', value: unescaped(urlIn(text.slice(from, to)), REPLACEMENT), closer: null };
    case tokenTypes.String:
      return { kind: 'string', value: unescaped(stringIn(text.slice(from, to)), ''), closer: null };
    case tokenTypes.Dimension:
      return { kind: 'dimension', value: text.slice(from, to), closer: null };
    case tokenTypes.AtKeyword:
      return {
        kind: 'atKeyword',
        value: unescaped(text.slice(from + 1, to), REPLACEMENT).toLowerCase(),
        closer: null,
      };
    default:
      return PLAIN.get(type) ?? OTHER;
  }
}

function plain(kind: CssToken['kind']): CssToken {
  return { kind, value: '', closer: null };
}

function isClosedComment(text: string, from: number, to: number): boolean {
  return to - from >= 4 && text.endsWith('*/', to);
}

/** The text inside `url(…)`, with its escapes. At the end of the text the bracket may be missing. */
function urlIn(token: string): string {
  let start = token.indexOf('(') + 1;
  while (start < token.length && isAsciiWhitespace(token.charCodeAt(start))) start += 1;
  let end = token.endsWith(')') && !isEscaped(token, token.length - 1) ? token.length - 1 : token.length;
  while (end > start && isAsciiWhitespace(token.charCodeAt(end - 1)) && !isEscaped(token, end - 1)) end -= 1;
  return token.slice(start, end);
}

/** The text between the quotes, with its escapes. At the end of the text the second quote may be missing. */
function stringIn(token: string): string {
  const last = token.length - 1;
  const isClosed = last > 0 && token[last] === token[0] && !isEscaped(token, last);
  return token.slice(1, isClosed ? last : undefined);
}

/** Whether an odd number of backslashes precedes the character at `index`. */
function isEscaped(text: string, index: number): boolean {
  let start = index;
  while (text.charCodeAt(start - 1) === BACKSLASH) start -= 1;
  return (index - start) % 2 === 1;
}

/**
 * A function that returns the offset after the first unescaped `)` from `start` on, or the text's length without one.
 * Calls must have ascending starts: a result is used again while it is after `start`.
 */
function createUrlEnds(css: string): (start: number) => number {
  let end = 0;
  return (start) => {
    if (end > start) return end;
    end = start;
    // `indexOf` would stop at each escaped bracket, and five million calls take 0.1 s.
    while (end < css.length && css.charCodeAt(end) !== CLOSE) {
      end += css.charCodeAt(end) === BACKSLASH ? 2 : 1;
    }
    end = Math.min(end + 1, css.length);
    return end;
  };
}

/**
 * Whether the tokenizer (css-tree 3.2.1) misreads a URL without quotes. It takes `\75rl(a)`, an escaped `url(a)`, for
 * another function, and reads too far after a bad URL that ends in an escape.
 */
function isMisread(type: number, { value }: CssToken, text: string, from: number, to: number): boolean {
  if (type === tokenTypes.BadUrl) return text.slice(from, to).includes('\\');
  const isHidden = type === tokenTypes.Function && value === 'url' && to - from > 'url('.length;
  return isHidden && !/^[\t\n\f\r ]*["']/.test(text.slice(to, to + LOOK_AHEAD));
}

function urlTokenOf(behindBracket: string): CssToken {
  const text = `url(${behindBracket}`;
  let token = OTHER;
  tokenize(text, (type, from, to) => {
    token = tokenOf(type, text, from, to);
  });
  return token;
}

/**
 * The text with U+FFFD for each NUL (CSS Syntax section 3.3). It works on code units, since a replacement of ten
 * million matches takes a second.
 */
function withoutNul(text: string): string {
  if (!text.includes('\0')) return text;
  const units = new Uint16Array(text.length);
  for (let at = 0; at < units.length; at += 1) units[at] = text.charCodeAt(at) || REPLACEMENT_UNIT;
  return Buffer.from(units.buffer).toString('utf16le');
}

const REPLACEMENT = '\ufffd';
const REPLACEMENT_UNIT = 0xfffd;
/** Longer texts keep their escapes: resolving them would block the event loop for too long. */
const UNESCAPED_CHARS = 1024 * 1024;
/** An escape (CSS Syntax section 4.3.7). In a string an escaped line end is dropped. */
const ESCAPE = /\\(?:([0-9a-f]{1,6})(?:\r\n|[ \t\n\f\r])?|(\r\n|[\n\f\r])|(.)|$)/gisu;

/**
 * The text with its escapes resolved.
 * @param atEnd replaces a backslash at the end
 */
function unescaped(text: string, atEnd: string): string {
  if (text.length > UNESCAPED_CHARS || !text.includes('\\')) return text;
  return text.replace(ESCAPE, (_, hex?: string, lineEnd?: string, other?: string) => {
    if (hex !== undefined) return codePoint(Number.parseInt(hex, 16));
    return lineEnd === undefined ? (other ?? atEnd) : '';
  });
}

/** The character of a code point; U+FFFD when there is no such character (CSS Syntax section 4.3.7). */
function codePoint(value: number): string {
  const isCharacter = value > 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
  return isCharacter ? String.fromCodePoint(value) : REPLACEMENT;
}

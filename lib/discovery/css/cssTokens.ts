import { tokenize, tokenTypes } from 'css-tree/tokenizer';
import { isAsciiBlank } from '../asciiBlanks.ts';

type CssCloser = ')' | ']' | '}';

/** What reading images needs of a CSS token (CSS Syntax section 4). */
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
  /** Unescaped name or text; of a dimension, as written. */
  readonly value: string;
  /** The kind that closes this bracket or function. */
  readonly closer: CssCloser | null;
}

export interface CssTokens {
  /** null at the end. Never throws for what the text holds. */
  next(): CssToken | null;
  /** The last token was a comment that the text does not close. */
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
  // HTML's comment marks, which CSS skips where they are allowed.
  [tokenTypes.CDO, plain('whitespace')],
  [tokenTypes.CDC, plain('whitespace')],
]);
const OTHER = plain('other');

const TOKENS_AT_A_TIME = 512;
const FULL = Symbol('enough tokens for now');
const BYTE_ORDER_MARK = 0xfeff;
const BACKSLASH = 0x5c;
const LOOK_AHEAD = 64;

/**
 * The tokens of a text, one after the other. The tokenizer cannot pause, but between two tokens it knows nothing but
 * where it is: so it is stopped, and begins again with the rest of the text.
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
    // Shares the text; it is no copy.
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
        // The tokenizer would skip one where it begins.
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

/** What stands in `url(…)`, its escapes as written. At the end of the text the bracket may be missing. */
function urlIn(token: string): string {
  let start = token.indexOf('(') + 1;
  while (start < token.length && isAsciiBlank(token.charCodeAt(start))) start += 1;
  let end = token.endsWith(')') && !isEscaped(token, token.length - 1) ? token.length - 1 : token.length;
  while (end > start && isAsciiBlank(token.charCodeAt(end - 1)) && !isEscaped(token, end - 1)) end -= 1;
  return token.slice(start, end);
}

/** What stands between the quotes, its escapes as written. At the end of the text the second one may be missing. */
function stringIn(token: string): string {
  const last = token.length - 1;
  const isClosed = last > 0 && token[last] === token[0] && !isEscaped(token, last);
  return token.slice(1, isClosed ? last : undefined);
}

/** Whether the character at `index` stands behind an odd number of backslashes. */
function isEscaped(text: string, index: number): boolean {
  let start = index;
  while (text.charCodeAt(start - 1) === BACKSLASH) start -= 1;
  return (index - start) % 2 === 1;
}

/** Behind the first bracket from `start` on that closes an address; each search goes on where the last one ended. */
function createUrlEnds(css: string): (start: number) => number {
  let end = 0;
  return (start) => {
    if (end > start) return end;
    let close = css.indexOf(')', start);
    while (close !== -1 && isEscaped(css, close)) close = css.indexOf(')', close + 1);
    end = close === -1 ? css.length : close + 1;
    return end;
  };
}

/**
 * Whether the tokenizer (css-tree 3.2.1) misreads an address without quotes. It takes `\\75rl(a)` for a function of another
 * name, and goes beyond the end of a bad one that ends in an escape.
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

/** CSS Syntax section 3.3. By code units: to replace ten million matches would take a second. */
function withoutNul(text: string): string {
  if (!text.includes('\0')) return text;
  const units = new Uint16Array(text.length);
  for (let at = 0; at < units.length; at += 1) units[at] = text.charCodeAt(at) || REPLACEMENT_UNIT;
  return Buffer.from(units.buffer).toString('utf16le');
}

const REPLACEMENT = '\ufffd';
const REPLACEMENT_UNIT = 0xfffd;
/** Longer texts keep their escapes: to resolve them would hold the event loop for too long. */
const UNESCAPED_CHARS = 1024 * 1024;
/** CSS Syntax section 4.3.7; in a string an escaped line end stands for nothing. */
const ESCAPE = /\\(?:([0-9a-f]{1,6})(?:\r\n|[ \t\n\f\r])?|(\r\n|[\n\f\r])|(.)|$)/gisu;

/** @param atEnd what a backslash at the end of all text stands for */
function unescaped(text: string, atEnd: string): string {
  if (text.length > UNESCAPED_CHARS || !text.includes('\\')) return text;
  return text.replace(ESCAPE, (_, hex?: string, lineEnd?: string, other?: string) => {
    if (hex !== undefined) return codePoint(Number.parseInt(hex, 16));
    return lineEnd === undefined ? (other ?? atEnd) : '';
  });
}

/** CSS Syntax section 4.3.7: what is not a character becomes U+FFFD. */
function codePoint(value: number): string {
  const isCharacter = value > 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
  return isCharacter ? String.fromCodePoint(value) : REPLACEMENT;
}

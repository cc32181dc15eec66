/** Reads the lines of a response's head (RFC 9112 sections 4 and 5) as leniently as browsers do. */
import type { Framing, WebResponse } from './exchange.ts';
import { faultError } from './faults.ts';

export interface ResponseHead {
  readonly status: number;
  readonly lines: WebResponse['lines'];
  readonly framing: Framing;
  /** `open`: it ends with the connection. An interim response has none. */
  readonly body: 'none' | 'sized' | 'chunked' | 'open';
  /**
   * Milliseconds for which the server keeps the connection after the response (Infinity: it does not say); 0: it does
   * not keep it.
   */
  readonly keptMs: number;
}

/** Of one response after the other. */
export interface HeadReader {
  /**
   * Takes a line.
   * @returns the head when the line was its last
   * @throws fault `protocol`
   */
  take(line: string): ResponseHead | undefined;
  /**
   * Takes note of what is there of a line.
   * @throws fault `protocol` for what is no HTTP, whose end may never come
   */
  look(part: string): void;
  /** Every head so far keeps to the grammar, and says once where the body ends. */
  isStrict(): boolean;
}

/** As many bytes before the status line as browsers pass over, such as a byte order mark. */
const STATUS_LINE = /^[\s\S]{0,4}?http(?:\/[\d.]{1,8})?[ \t]+(\d{3})(?!\d)/i;
const STATUS_LINE_START = /^[\s\S]{0,4}?http/i;
const STATUS_LINE_START_LENGTH = 8;
const NAME = /^[\w!#$%&'*+\-.^`|~]+$/;
const LENGTH = /^\d{1,15}$/;
const STRICT_STATUS_LINE = /^HTTP\/1\.[01] \d{3}(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const STRICT_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Transfer codings that change the body. No request asks for them, so none is undone. Others change nothing. */
const COMPRESSIONS: ReadonlySet<string> = new Set(
  ['gzip', 'deflate', 'compress'].flatMap((name) => [name, `x-${name}`]),
);
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

export function createHeadReader(): HeadReader {
  let statusLine: string | undefined;
  let fields = new Map<string, string[]>();
  /** The lines of the last field, which the next line may continue. */
  let last: string[] | undefined;
  let isLookedAt = false;
  let isStrict = true;

  const takeField = (text: string): void => {
    // RFC 9112 section 5.2: a folded line; before the first field it belongs to nothing (section 2.2).
    if (text.startsWith(' ') || text.startsWith('\t')) {
      isStrict = false;
      const before = last?.pop();
      const more = trimmedValue(text);
      if (before !== undefined) last?.push(before === '' ? more : `${before} ${more}`);
      return;
    }
    const colon = text.indexOf(':');
    const given = text.slice(0, Math.max(0, colon));
    const name = withoutWhitespace(given).toLowerCase();
    const value = text.slice(colon + 1);
    const isName = NAME.test(name);
    isStrict &&= isName && name.length === given.length && STRICT_VALUE.test(value);
    last = isName ? (fields.get(name) ?? []) : undefined;
    if (last === undefined) return;
    last.push(trimmedValue(value));
    fields.set(name, last);
  };

  return {
    take(text) {
      if (statusLine === undefined) {
        if (text !== '' && !STATUS_LINE.test(text)) throw faultError('protocol');
        if (text === '') isStrict = false;
        else statusLine = text;
        return undefined;
      }
      if (text !== '') {
        takeField(text);
        return undefined;
      }
      const ended = fields;
      const head = headOf(statusLine, (name) => ended.get(name) ?? []);
      isStrict &&= STRICT_STATUS_LINE.test(statusLine) && isFramedOnce(head.lines);
      statusLine = undefined;
      fields = new Map();
      last = undefined;
      isLookedAt = false;
      return head;
    },
    look(part) {
      if (statusLine !== undefined || isLookedAt || part.length < STATUS_LINE_START_LENGTH) return;
      isLookedAt = true;
      if (!STATUS_LINE_START.test(part)) throw faultError('protocol');
    },
    isStrict: () => isStrict,
  };
}

function headOf(statusLine: string, lines: WebResponse['lines']): ResponseHead {
  const status = Number(STATUS_LINE.exec(statusLine)?.[1] ?? 0);
  // 101 switches to another protocol, which no request asks for.
  if (status < 100 || status === 101) throw faultError('protocol');
  const codings = tokensOf(lines('transfer-encoding'));
  if (codings.some((coding) => COMPRESSIONS.has(coding))) throw faultError('protocol');
  const isChunked = codings.includes('chunked');
  const length = isChunked ? undefined : lengthOf(lines('content-length'));
  const isOpen = !isChunked && length === undefined;
  const isBodiless = status < 200 || BODILESS.has(status) || length === 0;
  return {
    status,
    lines,
    framing: { isDelimited: !isOpen, length: length ?? 0 },
    body: isBodiless ? 'none' : isChunked ? 'chunked' : isOpen ? 'open' : 'sized',
    keptMs: isOpen && !isBodiless ? 0 : keptMsOf(lines, statusLine.startsWith('HTTP/1.1')),
  };
}

function isFramedOnce(lines: WebResponse['lines']): boolean {
  return listOf([...lines('transfer-encoding'), ...lines('content-length')]).length <= 1;
}

/**
 * RFC 9112 section 6.3: the same length may come several times, as a list or as lines.
 * @throws fault `protocol` for anything else that is not one length
 */
function lengthOf(given: readonly string[]): number | undefined {
  const [first, ...others] = listOf(given);
  if (first === undefined) return undefined;
  const isOne = LENGTH.test(first) && others.every((other) => LENGTH.test(other) && +other === +first);
  if (!isOne) throw faultError('protocol');
  return Number(first);
}

/** RFC 9112 section 9.3; Keep-Alive by RFC 2068 section 19.7.1.1. */
function keptMsOf(lines: WebResponse['lines'], isHttp11: boolean): number {
  const options = tokensOf(lines('connection'));
  if (options.includes('close') || (!isHttp11 && !options.includes('keep-alive'))) return 0;
  const seconds = /timeout=(\d{1,9})/.exec(lines('keep-alive').join())?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * 1_000;
}

function listOf(given: readonly string[]): readonly string[] {
  return given.flatMap((each) => each.split(',')).map(withoutWhitespace);
}

function tokensOf(given: readonly string[]): readonly string[] {
  return listOf(given)
    .filter((token) => token !== '')
    .map((token) => token.toLowerCase());
}

/**
 * A field's value without the whitespace around it.
 * @throws fault `protocol` for a NUL or a lone CR within it (RFC 9110 section 5.5: invalid and dangerous)
 */
function trimmedValue(text: string): string {
  const value = withoutWhitespace(text);
  if (value.includes('\0') || value.includes('\r')) throw faultError('protocol');
  return value;
}

/** Without spaces, tabs and CR around it. A pattern would take quadratic time for a long run of whitespace. */
function withoutWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text, start)) start += 1;
  while (end > start && isWhitespace(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

const isWhitespace = (text: string, index: number): boolean => ' \t\r'.includes(text[index] ?? '-');

/**
 * Parses responses of HTTP/1.1 (RFC 9112) as leniently as browsers do. No parser of Node or npm reads a Content-Length
 * that is sent twice, or one beside `Transfer-Encoding: identity`. A response is passed on to no other HTTP software,
 * so two readings of one text cannot be played off against each other; and a connection whose response departs from
 * the grammar is not used again.
 */
import type { Answer, Framing } from './exchange.ts';
import { faultError } from './faults.ts';
import { HEADERS_MAX_BYTES } from './limits.ts';

export interface ResponseEvents {
  /** Called for each interim response (status below 200) and for the real one. */
  head(status: number, lines: Answer['lines'], framing: Framing): void;
  data(piece: Buffer): void;
}

/** Of one response. */
export interface ResponseParser {
  /**
   * Takes the next bytes.
   * @returns whether the response has ended
   * @throws fault `protocol`
   */
  push(bytes: Buffer): boolean;
  /** Whether the response is whole when the server ends the connection here. */
  endsHere(): boolean;
  /**
   * After the end: milliseconds for which the server keeps the connection (Infinity: it does not say); 0 when the
   * connection takes no other request.
   */
  keptMs(): number;
}

const LF = 10;
const NOTHING = Buffer.alloc(0);
/** As many bytes before the status line as browsers pass over, such as a byte order mark. */
const STATUS_LINE = /^[\s\S]{0,4}?http(?:\/[\d.]{1,8})?[ \t]+(\d{3})(?!\d)/i;
const STATUS_LINE_START = /^[\s\S]{0,4}?http/i;
const STATUS_LINE_START_LENGTH = 8;
const NAME = /^[\w!#$%&'*+\-.^`|~]+$/;
const CHUNK_SIZE = /^0*([\da-f]{1,13})[ \t]*(?:;[\s\S]*)?$/i;
const CHUNK_START = /^[\da-f]/i;
const LENGTH = /^\d{1,15}$/;

/** The same by the letter of RFC 9112 sections 4, 5 and 7.1; only then is the connection used again. */
const STRICT_STATUS_LINE = /^HTTP\/1\.[01] \d{3}(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const STRICT_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const STRICT_CHUNK_SIZE = /^[\da-f]+(?:;[\t\x20-\x7e\x80-\xff]*)?$/i;
/** A chunk's size and line end, without an extension. */
const CHUNK_LINE_LENGTH = 16;

/** Transfer codings that change the body. No request asks for them, so none is undone. Others change nothing. */
const COMPRESSIONS: ReadonlySet<string> = new Set(
  ['gzip', 'deflate', 'compress'].flatMap((name) => [name, `x-${name}`]),
);
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

type State = 'head' | 'sized' | 'open' | 'size' | 'chunk' | 'chunkEnd' | 'trailers' | 'done';

export function createResponseParser({ head, data }: ResponseEvents): ResponseParser {
  let state: State = 'head';
  let bytes: Buffer = NOTHING;
  let at = 0;
  let line = '';
  /** Bytes that heads, trailers and extensions of chunks may still have. */
  let room = HEADERS_MAX_BYTES;
  let statusLine: string | undefined;
  let fields = new Map<string, string[]>();
  /** The lines of the last field, which the next line may continue. */
  let last: string[] | undefined;
  /** Bytes to come of the body or the chunk. */
  let left = 0;
  let isStartSeen = false;
  let isStrict = true;
  let keptMs = 0;

  const spend = (count: number): void => {
    room -= count;
    if (room < 0) throw faultError('protocol');
  };

  /** The next line without its end; undefined when it is not all there. */
  const takeLine = (): string | undefined => {
    const found = bytes.indexOf(LF, at);
    const end = found === -1 ? bytes.length : found;
    line += bytes.toString('latin1', at, end);
    at = end + 1;
    if (line.length > room) throw faultError('protocol');
    if (found === -1) return undefined;
    const whole = line;
    line = '';
    if (whole.endsWith('\r')) return whole.slice(0, -1);
    isStrict = false;
    return whole;
  };

  const lines: (of: typeof fields) => Answer['lines'] = (of) => (name) => of.get(name) ?? [];

  const takeField = (text: string): void => {
    // RFC 9112 section 5.2: a folded line; before the first field it belongs to nothing (section 2.2).
    if (text.startsWith(' ') || text.startsWith('\t')) {
      isStrict = false;
      const before = last?.pop();
      if (before !== undefined)
        last?.push(before === '' ? trimmedValue(text) : `${before} ${trimmedValue(text)}`);
      return;
    }
    const colon = text.indexOf(':');
    const given = text.slice(0, Math.max(0, colon));
    const name = withoutBlanks(given).toLowerCase();
    const value = text.slice(colon + 1);
    isStrict &&= name.length === given.length && STRICT_VALUE.test(value);
    last = undefined;
    if (!NAME.test(name)) {
      isStrict = false;
      return;
    }
    last = fields.get(name) ?? [];
    last.push(trimmedValue(value));
    fields.set(name, last);
  };

  const endHead = (first: string): State => {
    const status = Number(STATUS_LINE.exec(first)?.[1] ?? 0);
    // Nobody asked for another protocol (101).
    if (status < 100 || status === 101) throw faultError('protocol');
    isStrict &&= STRICT_STATUS_LINE.test(first);
    const ended = lines(fields);
    statusLine = undefined;
    isStartSeen = false;
    fields = new Map();
    last = undefined;
    if (status < 200) {
      head(status, ended, { isDelimited: true, length: 0 });
      return 'head';
    }
    const codings = tokensOf(ended('transfer-encoding'));
    const isChunked = codings.includes('chunked');
    const length = isChunked ? undefined : lengthOf(ended('content-length'));
    if (codings.some((coding) => COMPRESSIONS.has(coding))) throw faultError('protocol');
    // One thing says where the body ends, and says it once.
    isStrict &&= listOf([...ended('transfer-encoding'), ...ended('content-length')]).length <= 1;
    keptMs = keptMsOf(ended, first.startsWith('HTTP/1.1'));
    head(status, ended, { isDelimited: isChunked || length !== undefined, length: length ?? 0 });
    left = length ?? 0;
    if (BODILESS.has(status) || length === 0) return 'done';
    if (isChunked) return 'size';
    if (length !== undefined) return 'sized';
    keptMs = 0;
    return 'open';
  };

  /** What is no HTTP is known by its first bytes; its end may never come. */
  const checkStart = (): void => {
    if (isStartSeen || line.length < STATUS_LINE_START_LENGTH) return;
    isStartSeen = true;
    if (!STATUS_LINE_START.test(line)) throw faultError('protocol');
  };

  const takeHead = (): void => {
    const text = takeLine();
    if (text === undefined) {
      if (statusLine === undefined) checkStart();
      return;
    }
    spend(text.length + 1);
    if (statusLine !== undefined) {
      if (text === '') state = endHead(statusLine);
      else takeField(text);
    } else if (text === '') isStrict = false;
    else if (STATUS_LINE.test(text)) statusLine = text;
    else throw faultError('protocol');
  };

  const takeData = (next: State): void => {
    const piece = at === 0 && left >= bytes.length ? bytes : bytes.subarray(at, at + left);
    at += piece.length;
    left -= piece.length;
    if (left === 0) state = next;
    data(piece);
  };

  const takeChunkSize = (): void => {
    const text = takeLine();
    if (text === undefined) {
      // Its end may never come.
      if (line.length <= CHUNK_LINE_LENGTH && !CHUNK_START.test(line)) throw faultError('protocol');
      return;
    }
    const size = CHUNK_SIZE.exec(text)?.[1];
    if (size === undefined) throw faultError('protocol');
    isStrict &&= STRICT_CHUNK_SIZE.test(text);
    spend(Math.max(0, text.length - CHUNK_LINE_LENGTH));
    left = Number.parseInt(size, 16);
    state = left === 0 ? 'trailers' : 'chunk';
  };

  const takeChunkEnd = (): void => {
    const text = takeLine();
    if (text === undefined ? line !== '\r' : text !== '') throw faultError('protocol');
    if (text !== undefined) state = 'size';
  };

  const takeTrailer = (): void => {
    const text = takeLine();
    spend(text === undefined ? 0 : text.length + 1);
    if (text === '') state = 'done';
  };

  const takeRest = (): void => {
    data(bytes.subarray(at));
    at = bytes.length;
  };

  const steps: Readonly<Record<Exclude<State, 'done'>, () => void>> = {
    head: takeHead,
    sized: () => takeData('done'),
    open: takeRest,
    size: takeChunkSize,
    chunk: () => takeData('chunkEnd'),
    chunkEnd: takeChunkEnd,
    trailers: takeTrailer,
  };

  return {
    push(given) {
      bytes = given;
      at = 0;
      while (state !== 'done' && at < bytes.length) steps[state]();
      // What nobody asked for.
      if (state === 'done' && at < bytes.length) isStrict = false;
      return state === 'done';
    },
    // RFC 9112 section 8: with its last chunk a body is whole, whatever becomes of the trailers.
    endsHere: () => state === 'open' || state === 'trailers',
    keptMs: () => (isStrict ? keptMs : 0),
  };
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
function keptMsOf(lines: Answer['lines'], isHttp11: boolean): number {
  const options = tokensOf(lines('connection'));
  if (options.includes('close') || (!isHttp11 && !options.includes('keep-alive'))) return 0;
  const seconds = /timeout=(\d{1,9})/.exec(lines('keep-alive').join())?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * 1_000;
}

function listOf(given: readonly string[]): readonly string[] {
  return given.flatMap((each) => each.split(',')).map(withoutBlanks);
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
  const value = withoutBlanks(text);
  if (value.includes('\0') || value.includes('\r')) throw faultError('protocol');
  return value;
}

/** Without spaces, tabs and CR around it. A pattern would take quadratic time for a long run of blanks. */
function withoutBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start += 1;
  while (end > start && isBlank(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

const isBlank = (text: string, index: number): boolean => ' \t\r'.includes(text[index] ?? '-');

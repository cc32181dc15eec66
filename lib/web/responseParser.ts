/**
 * Parses responses of HTTP/1.1 (RFC 9112) as leniently as browsers do. No parser of Node or npm reads a Content-Length
 * that is sent twice, or one beside `Transfer-Encoding: identity`. Being lenient is safe here, since attacks need a
 * second parser that reads the same text differently. No other HTTP software gets the response. A connection whose
 * response departs from the grammar is not used again.
 */
import type { Framing, WebResponse } from './exchange.ts';
import { faultError } from './faults.ts';
import { HEADERS_MAX_BYTES } from './limits.ts';
import { createLineReader } from './lineReader.ts';
import { createHeadReader, type ResponseHead } from './responseHead.ts';

export interface ResponseEvents {
  /** Called for each interim response (status below 200) and for the real one. */
  head(status: number, lines: WebResponse['lines'], framing: Framing): void;
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
  /** After the end: the head's `keptMs`, but 0 when anything departed from the grammar. */
  keptMs(): number;
}

const CHUNK_SIZE = /^0*([\da-f]{1,13})[ \t]*(?:;[\s\S]*)?$/i;
const CHUNK_START = /^[\da-f]/i;
const STRICT_CHUNK_SIZE = /^[\da-f]+(?:;[\t\x20-\x7e\x80-\xff]*)?$/i;
/** A chunk's size and line end, without an extension. */
const CHUNK_LINE_LENGTH = 16;

type State = 'head' | 'sized' | 'open' | 'size' | 'chunk' | 'chunkEnd' | 'trailers' | 'done';
const AFTER_HEAD: Readonly<Record<ResponseHead['body'], State>> = {
  none: 'done',
  sized: 'sized',
  chunked: 'size',
  open: 'open',
};

export function createResponseParser(events: ResponseEvents): ResponseParser {
  const reader = createLineReader(HEADERS_MAX_BYTES);
  const heads = createHeadReader();
  let state: State = 'head';
  /** Bytes to come of the body or the chunk. */
  let left = 0;
  let keptMs = 0;
  let isStrict = true;

  const takeHead = (): void => {
    const text = reader.line();
    if (text === undefined) {
      heads.look(reader.partOfLine());
      return;
    }
    reader.spend(text.length + 1);
    const head = heads.take(text);
    if (head === undefined) return;
    if (head.status >= 200) {
      state = AFTER_HEAD[head.body];
      left = head.framing.length;
      keptMs = head.keptMs;
    }
    events.head(head.status, head.lines, head.framing);
  };

  const takeData = (next: State): void => {
    const piece = reader.bytes(left);
    left -= piece.length;
    if (left === 0) state = next;
    events.data(piece);
  };

  const takeChunkSize = (): void => {
    const text = reader.line();
    const part = text ?? reader.partOfLine();
    // The end of a line that begins otherwise may never come.
    if (part.length <= CHUNK_LINE_LENGTH && !CHUNK_START.test(part)) throw faultError('protocol');
    if (text === undefined) return;
    const size = CHUNK_SIZE.exec(text)?.[1];
    if (size === undefined) throw faultError('protocol');
    isStrict &&= STRICT_CHUNK_SIZE.test(text);
    reader.spend(Math.max(0, text.length - CHUNK_LINE_LENGTH));
    left = Number.parseInt(size, 16);
    state = left === 0 ? 'trailers' : 'chunk';
  };

  const takeChunkEnd = (): void => {
    const text = reader.line();
    if (text === undefined ? reader.partOfLine() !== '\r' : text !== '') throw faultError('protocol');
    if (text !== undefined) state = 'size';
  };

  const takeTrailer = (): void => {
    const text = reader.line();
    reader.spend(text === undefined ? 0 : text.length + 1);
    if (text === '') state = 'done';
  };

  const steps: Readonly<Record<Exclude<State, 'done'>, () => void>> = {
    head: takeHead,
    sized: () => takeData('done'),
    open: () => events.data(reader.bytes(Number.POSITIVE_INFINITY)),
    size: takeChunkSize,
    chunk: () => takeData('chunkEnd'),
    chunkEnd: takeChunkEnd,
    trailers: takeTrailer,
  };

  return {
    push(bytes) {
      reader.feed(bytes);
      while (state !== 'done' && !reader.isAtEnd()) steps[state]();
      // Bytes behind the end belong to no request.
      isStrict &&= state !== 'done' || reader.isAtEnd();
      return state === 'done';
    },
    // RFC 9112 section 8: with its last chunk a body is whole, even if its trailers are cut off.
    endsHere: () => state === 'open' || state === 'trailers',
    keptMs: () => (isStrict && heads.isStrict() && reader.isStrict() ? keptMs : 0),
  };
}

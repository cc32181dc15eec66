/**
 * One HTTP/2 connection (RFC 9113) over a socket that the guard dialled. It serves the one origin that it was dialled
 * for, whatever ORIGIN and ALTSVC frames say.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import type { Socket } from 'node:net';
import { type Connection, createExchange, type Exchange, type Sending } from './exchange.ts';
import { type FaultError, faultError, isFaultError } from './faults.ts';
import { HEADERS_MAX_BYTES, IDLE_MS } from './limits.ts';

export interface Http2Connection extends Connection {
  /** False once the server or a failure lets it take no more requests. */
  isOpen(): boolean;
  /** Streams that the server allows at once; what RFC 9113 section 6.5.2 recommends until it has said so. */
  streamsMax(): number;
}

export interface Http2Events {
  /** The server has said how many streams it allows. */
  readonly onSettings: () => void;
  /** Called once. */
  readonly onClosed: () => void;
}

const FIRST_STREAMS = 100;
/** Fields of one header block; `HEADERS_MAX_BYTES` bounds their bytes. */
const FIELDS_MAX = 1_000;
/** What a stream may send ahead of its reader: at 100 ms a round trip, 10 MB take two seconds. */
const STREAM_WINDOW_BYTES = 512 * 1024;
/** Of all streams together. Node counts it as read at once, so the streams' own windows bound the memory. */
const CONNECTION_WINDOW_BYTES = 32 * 1024 * 1024;
/**
 * What a server may send beside requested headers and bodies, plus a quarter of those: settings, pings, window updates,
 * padding, empty frames, unknown frames. More is a flood.
 */
const OVERHEAD_BYTES = 1024 * 1024;
const OVERHEAD_SHARE = 0.25;
/** For the last words of a connection that is ended. */
const LEAVE_MS = 1_000;

const { NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM } = constants;

/** What happened to the connection, as far as its streams' faults depend on it. */
interface State {
  /** Bytes below TLS since the connection was made. */
  received: number;
  /** Bytes of headers and bodies that were asked for. */
  useful: number;
  responses: number;
  hasSettings: boolean;
  /** Of the last GOAWAY: streams above it were not processed (RFC 9113 section 6.8). */
  lastStream: number;
  error: Error | undefined;
}

/** @param raw the TCP connection below `socket` */
export function createHttp2Connection(
  origin: string,
  { socket, raw }: { readonly socket: Socket; readonly raw: Socket },
  { onSettings, onClosed }: Http2Events,
): Http2Connection {
  const state: State = {
    received: 0,
    useful: 0,
    responses: 0,
    hasSettings: false,
    lastStream: Number.POSITIVE_INFINITY,
    error: undefined,
  };
  const session = connect(origin, {
    createConnection: () => socket,
    settings: {
      enablePush: false,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: HEADERS_MAX_BYTES,
    },
    maxHeaderListPairs: FIELDS_MAX,
    peerMaxConcurrentStreams: FIRST_STREAMS,
  });
  let streams = 0;
  let isRetired = false;
  let idle: NodeJS.Timeout | undefined;

  /** Node waits until the server has taken what was written last; a server that reads nothing never does. */
  const reap = () => setTimeout(() => socket.destroy(), LEAVE_MS).unref();
  const leave = (error?: FaultError, code?: number): void => {
    session.destroy(error, code);
    reap();
  };
  const rest = (): void => {
    if (isRetired) {
      leave();
      return;
    }
    session.unref();
    idle = setTimeout(() => leave(), IDLE_MS).unref();
  };
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
  session.on('remoteSettings', () => {
    state.hasSettings = true;
    onSettings();
  });
  session.on('goaway', (_, lastStream) => {
    state.lastStream = lastStream;
  });
  session.on('error', (error) => {
    state.error = error;
  });
  // Node goes on waiting; what came before the end is read first.
  socket.once('end', () => setImmediate(() => leave()));
  session.once('close', () => {
    clearTimeout(idle);
    onClosed();
    socket.destroy();
  });
  raw.on('data', (chunk) => {
    state.received += chunk.length;
    if (state.received > OVERHEAD_BYTES + state.useful * (1 + OVERHEAD_SHARE) && !session.destroyed) {
      leave(faultError('protocol'), NGHTTP2_ENHANCE_YOUR_CALM);
    }
  });
  rest();

  return {
    isOpen: () => !isRetired && !session.closed && !session.destroyed,
    streamsMax: () => session.remoteSettings?.maxConcurrentStreams ?? FIRST_STREAMS,
    send: (sending) =>
      new Promise((resolve, reject) => {
        clearTimeout(idle);
        session.ref();
        streams += 1;
        const exchange = createExchange(sending, { resolve, reject });
        const before = state.received;
        carry(session, sending, exchange, state, () => {
          streams -= 1;
          // Nothing came all the while: the connection may be dead, and no other request has to find out.
          if (sending.signal.aborted && state.received === before) isRetired = true;
          if (session.destroyed) reap();
          else if (streams === 0) rest();
        });
      }),
    destroy: () => leave(faultError('aborted')),
  };
}

/** @param onClosed called once, when the stream is no more */
function carry(
  session: ClientHttp2Session,
  { url, headers }: Sending,
  exchange: Exchange,
  state: State,
  onClosed: () => void,
): void {
  const isFirst = state.responses === 0;
  let stream: ClientHttp2Stream;
  try {
    stream = session.request(
      {
        ':method': 'GET',
        ':scheme': url.protocol.slice(0, -1),
        ':authority': url.host,
        ':path': url.pathname + url.search,
        ...headers,
      },
      { endStream: true },
    );
  } catch (error) {
    // The server has ended it meanwhile.
    exchange.fail(faultError('connect', { cause: error, again: 'anew' }));
    onClosed();
    return;
  }
  let failure: Error | undefined;
  /** END_STREAM has come. Node ends a stream that was reset with NO_ERROR in the same way, but closes it first. */
  let isWhole = false;

  const push = stream.push.bind(stream);
  stream.push = (chunk, encoding) => {
    if (chunk !== null) state.useful += chunk.length;
    else if (!stream.closed) {
      isWhole = true;
      // All of it is here, and must be out of the stream before the connection may end.
      if (exchange.seen() === 'body') stream.resume();
    }
    return push(chunk, encoding);
  };
  exchange.start({
    pause: () => {
      if (!isWhole) stream.pause();
    },
    resume: () => void stream.resume(),
    abort: () => {
      // What is on its way when the server learns of it was asked for.
      state.useful += STREAM_WINDOW_BYTES;
      if (!stream.closed) stream.close(NGHTTP2_CANCEL);
      // A server that reads nothing does not keep the stream.
      stream.destroy();
    },
  });
  const readHead = (fields: IncomingHttpStatusHeader, pairs: readonly string[]): void => {
    const bytes = pairs.reduce((sum, text) => sum + text.length, 0);
    state.useful += bytes;
    // Node holds a server to the limit only once it has agreed to it.
    if (bytes > HEADERS_MAX_BYTES) exchange.refuse(faultError('protocol'));
    else {
      const lines = linesOf(pairs);
      // nghttp2 takes one length only, and no body that has another.
      const framing = { isDelimited: true, length: Number(lines('content-length')[0] ?? 0) };
      exchange.head(Number(fields[':status']), lines, framing);
    }
  };
  stream.on('headers', (fields, _flags, pairs: unknown) => readHead(fields, pairs as string[]));
  stream.on('response', (fields, _flags, pairs: unknown) => {
    state.responses += 1;
    readHead(fields, pairs as string[]);
    // Not before: nothing of the body is read until its head is.
    stream.on('data', exchange.data);
  });
  stream.on('end', () => {
    if (isWhole) exchange.end();
  });
  stream.on('error', (error) => {
    failure = error;
  });
  stream.once('close', () => {
    exchange.fail(faultOf(stream, exchange.seen(), { ...state, isFirst, failure }));
    onClosed();
  });
}

/** @param pairs name, value, name, value… */
function linesOf(pairs: readonly string[]): (name: string) => readonly string[] {
  const lines = new Map<string, string[]>();
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    const [name = '', value = ''] = [pairs[index], pairs[index + 1]];
    const others = lines.get(name);
    if (others === undefined) lines.set(name, [value]);
    else others.push(value);
  }
  return (name) => lines.get(name) ?? [];
}

/** The fault of a stream that ended before its response, by how far the response had come. */
function faultOf(
  { id, rstCode }: ClientHttp2Stream,
  seen: ReturnType<Exchange['seen']>,
  state: State & { readonly isFirst: boolean; readonly failure: Error | undefined },
): FaultError {
  const cause = state.error ?? state.failure;
  if (isFaultError(cause) && cause.fault === 'aborted') return cause;
  if (seen === 'body') return isFaultError(cause) ? cause : faultError('truncated', { cause });
  // RFC 9113 section 8.7: nothing of it was processed.
  const isUnprocessed = rstCode === NGHTTP2_REFUSED_STREAM || id === undefined || id > state.lastStream;
  if (isUnprocessed) return faultError('connect', { cause, again: 'anew' });
  const isCut = cause !== undefined && !isHttp2Error(cause);
  const isPlain = cause === undefined && (rstCode === NGHTTP2_NO_ERROR || rstCode === NGHTTP2_CANCEL);
  if (!isCut && !isPlain) {
    return faultError('protocol', { cause: cause ?? new Error(`HTTP/2 error ${rstCode}`), again: 'http1' });
  }
  if (!state.hasSettings) return faultError('connect', { cause, again: 'http1' });
  return faultError('connect', { cause, ...(!state.isFirst && { again: 'anew' }) });
}

/** Of the protocol, not of the connection below it. */
function isHttp2Error(error: Error): boolean {
  return isFaultError(error) || ('code' in error && String(error.code).startsWith('ERR_HTTP2'));
}

/** One HTTP/1.1 connection (RFC 9112) over a socket that the guard dialled. */
import type { Socket } from 'node:net';
import { type Connection, createExchange, type Exchange, type Sending } from './exchange.ts';
import { type FaultError, faultError, isFaultError } from './faults.ts';
import { IDLE_MS } from './limits.ts';
import { createResponseParser, type ResponseParser } from './responseParser.ts';

export interface Http1Connection extends Connection {
  /** It has sent a request. */
  isReused(): boolean;
}

export interface Http1Events {
  /** A response has come whole, and the connection takes another request. */
  readonly onFree: () => void;
  /** Called once. */
  readonly onClosed: () => void;
}

/** The server closes what it keeps at the time it says; a request must be there before. */
const KEPT_MARGIN_MS = 1_000;
/** What the text of a request may hold, so that nothing given can end a line. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

interface Running {
  readonly exchange: Exchange;
  readonly parser: ResponseParser;
}

/** It serves one request at a time. */
export function createHttp1Connection(socket: Socket, { onFree, onClosed }: Http1Events): Http1Connection {
  /** Requests so far. */
  let requests = 0;
  let isClosed = false;
  let running: Running | undefined;
  let idle: NodeJS.Timeout | undefined;

  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    clearTimeout(idle);
    onClosed();
    socket.destroy();
  };
  const rest = (ms: number): void => {
    socket.resume();
    socket.unref();
    idle = setTimeout(close, ms).unref();
  };
  const fail = (fault: (exchange: Exchange) => FaultError): void => {
    const exchange = running?.exchange;
    running = undefined;
    close();
    exchange?.fail(fault(exchange));
  };
  const finish = ({ exchange, parser }: Running): void => {
    running = undefined;
    const ms = Math.min(IDLE_MS, parser.keptMs() - KEPT_MARGIN_MS);
    if (ms > 0 && socket.writable) {
      rest(ms);
      onFree();
    } else close();
    exchange.end();
  };
  const failCut = (cause?: Error): void => fail((exchange) => cutFault(exchange, requests > 1, cause));

  socket.on('data', (bytes) => {
    // Bytes without a request.
    if (running === undefined) return close();
    const current = running;
    current.exchange.begin();
    try {
      if (current.parser.push(bytes) && running === current) finish(current);
    } catch (error) {
      if (!isFaultError(error)) throw error;
      fail(() => error);
    }
  });
  socket.on('end', () => {
    if (running?.parser.endsHere() !== true) return failCut();
    const { exchange } = running;
    running = undefined;
    close();
    exchange.end();
  });
  socket.on('error', failCut);
  socket.once('close', () => failCut());
  rest(IDLE_MS);

  return {
    isReused: () => requests > 0,
    send: (sending) =>
      new Promise((resolve, reject) => {
        const text = requestText(sending);
        clearTimeout(idle);
        socket.ref();
        requests += 1;
        // Before the next request is let in, the connection is in its pool again, or closed.
        const onOver = (): void => queueMicrotask(sending.onOver);
        const exchange = createExchange({ ...sending, onOver }, { resolve, reject });
        const own: Running = { exchange, parser: createResponseParser(exchange) };
        if (isClosed) {
          exchange.fail(cutFault(exchange, requests > 1));
          return;
        }
        running = own;
        exchange.start({
          pause: () => {
            if (running === own) socket.pause();
          },
          resume: () => {
            if (running === own) socket.resume();
          },
          abort: () => {
            if (running !== own) return;
            running = undefined;
            close();
          },
        });
        if (!isClosed) socket.write(text, 'latin1');
      }),
    destroy: () => fail(() => faultError('aborted')),
  };
}

function requestText({ url, headers }: Sending): string {
  const fields = Object.entries({ host: url.host, connection: 'keep-alive', ...headers });
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    ...fields.map(([name, value]) => `${name}: ${value}`),
  ];
  const isSendable = lines.every((line) => SENDABLE.test(line));
  if (!isSendable) throw new TypeError('A request cannot hold control characters.');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Of a connection that ended before its response, by how far that had come. */
function cutFault(exchange: Exchange, isReused: boolean, cause?: Error): FaultError {
  const seen = exchange.seen();
  if (seen === 'body') return faultError('truncated', { cause });
  if (seen === 'head') return faultError('protocol', { cause });
  // The server closed a kept connection as it was used again (RFC 9112 section 9.3.1): it read no request.
  return faultError('connect', { cause, ...(isReused && { again: 'anew' }) });
}

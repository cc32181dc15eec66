/** One HTTP/1.1 connection over a socket that the guard dialled. The only file that knows undici. */
import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import { type Connection, createExchange, type Exchange } from './exchange.ts';
import { type FaultError, faultError, isFaultError } from './faults.ts';
import { HEADERS_MAX_BYTES, IDLE_MS } from './limits.ts';

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

/** It serves one request at a time. */
export function createHttp1Connection(
  origin: string,
  socket: Socket,
  { onFree, onClosed }: Http1Events,
): Http1Connection {
  let isTaken = false;
  let isReused = false;
  const client = new Client(origin, {
    connect: (_, callback) => {
      // undici would dial again, and does not understand a callback that comes before this returns.
      const isFirst = !isTaken;
      isTaken = true;
      queueMicrotask(() => (isFirst ? callback(null, socket) : callback(faultError('connect'), null)));
    },
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: HEADERS_MAX_BYTES,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    // The caller's one deadline covers these, and unlike them it also ends a drip.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  socket.once('close', () => {
    onClosed();
    void client.destroy();
  });

  return {
    isReused: () => isReused,
    send: (sending) =>
      new Promise((resolve, reject) => {
        const { url, headers } = sending;
        const onOver = (): void => {
          // Before the next request is let in: undici has by then closed what the server will not keep open.
          queueMicrotask(() => {
            if (!socket.destroyed) onFree();
            sending.onOver();
          });
        };
        const exchange = createExchange({ ...sending, onOver }, { resolve, reject }, { isFramed: false });
        const options = { path: url.pathname + url.search, method: 'GET', headers } as const;
        client.dispatch(options, createHandler(exchange, isReused));
        isReused = true;
      }),
    destroy: () => void client.destroy(faultError('aborted')).finally(() => socket.destroy()),
  };
}

function createHandler(exchange: Exchange, isReused: boolean): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller) =>
      exchange.start({
        pause: () => controller.pause(),
        resume: () => controller.resume(),
        abort: () => controller.abort(faultError('aborted')),
      }),
    onResponseStarted: () => exchange.begin(),
    onResponseStart: (_, status, headers) =>
      exchange.head(status, (name) => {
        const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
        return typeof value === 'string' ? [value] : (value ?? []);
      }),
    onResponseData: (_, chunk) => exchange.data(chunk),
    onResponseEnd: () => exchange.end(),
    onResponseError: (_, error) => exchange.fail(faultOf(error, exchange.seen(), isReused)),
  };
}

/** What undici reports, by how far the response had come. */
function faultOf(error: Error, seen: ReturnType<Exchange['seen']>, isReused: boolean): FaultError {
  const code = 'code' in error ? error.code : undefined;
  if (isFaultError(error) && error.fault !== 'connect') return error;
  const facts = { cause: error };
  if (error.name === 'HTTPParserError') {
    // It carries the bytes that could not be parsed; a log wants nothing of an upstream's body.
    Reflect.deleteProperty(error, 'data');
    const isEarlyEnd = seen === 'body' && error.message.includes('Invalid EOF state');
    return faultError(isEarlyEnd ? 'truncated' : 'protocol', facts);
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return faultError('protocol', facts);
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return faultError('aborted', facts);
  if (seen === 'body') return faultError('truncated', facts);
  if (seen === 'head') return faultError('protocol', facts);
  // The server closed a kept connection as it was used again (RFC 9112 section 9.3.1): it read no request.
  return faultError('connect', { ...facts, ...(isReused && { again: 'anew' }) });
}

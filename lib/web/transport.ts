/** One HTTP/1.1 exchange over kept-alive connections. The only file that knows undici. */
import { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import { type FaultError, faultError, isFaultError } from './faults.ts';
import type { GuardedDial } from './guard/guardedDial.ts';

export interface Answer {
  readonly status: number;
  /** The lines of one field, its name in lower case; bytes beyond ASCII as Latin-1. */
  lines(name: string): readonly string[];
  /** The lines joined by a comma (RFC 9110 section 5.3); undefined when there is none. */
  header(name: string): string | undefined;
  /** As on the wire but for chunks; its errors are fault errors. */
  readonly body: Readable;
  /** Lets go of the rest of the body: a body that is all there costs nothing, any other costs the connection. */
  discard(): void;
}

export interface Transport {
  /**
   * Sends a GET. Rejects with a fault error, or with the signal's reason.
   * @param onOver told once, when the connection serves this request no longer, however long the answer is read
   */
  get(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    onOver: () => void,
  ): Promise<Answer>;
  close(): Promise<void>;
}

/** Real sites send policies and cookies of some KiB; a browser stops at 256 KiB. */
const HEADERS_MAX_BYTES = 64 * 1024;
/** Interim answers (100 to 199) before the real one. One or two are usual. */
const INTERIM_MAX = 16;
const BUFFERED_BYTES = 64 * 1024;
/** A socket without work is closed after this time, whatever longer time the server offers. */
const IDLE_MS = 4_000;

export function createTransport(guard: GuardedDial, connectionsPerHost: number): Transport {
  const agent = new Agent({
    connect: guard.dial,
    connections: connectionsPerHost,
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: HEADERS_MAX_BYTES,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    // The caller's one deadline covers these, and unlike them it also ends a drip.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  return {
    get: (url, headers, signal, onOver) =>
      new Promise((resolve, reject) => {
        // The end may have come between the connection and its use.
        if (signal.aborted) {
          onOver();
          reject(signal.reason);
          return;
        }
        const options = {
          origin: url.origin,
          path: url.pathname + url.search,
          method: 'GET',
          headers,
        } as const;
        agent.dispatch(options, createExchange({ signal, onOver, resolve, reject }));
      }),
    async close() {
      guard.close();
      await agent.destroy();
    },
  };
}

interface ExchangeParts {
  readonly signal: AbortSignal;
  readonly onOver: () => void;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

function createExchange({ signal, onOver, resolve, reject }: ExchangeParts): Dispatcher.DispatchHandler {
  let controller: Dispatcher.DispatchController | undefined;
  let body: Readable | undefined;
  let interims = 0;
  let hasStarted = false;
  let isOver = false;

  // A request that still waits for its connection has no controller yet; `onRequestStart` then ends it.
  const abort = (reason: Error): void => {
    if (controller !== undefined) controller.abort(reason);
    else fail(reason);
  };
  const onAbort = (): void => abort(signal.reason);
  signal.addEventListener('abort', onAbort);

  const finish = (): boolean => {
    signal.removeEventListener('abort', onAbort);
    const isFirst = !isOver;
    isOver = true;
    return isFirst;
  };
  const fail = (error: Error): void => {
    if (!finish()) return;
    const fault = transportFault(error, body !== undefined ? 'body' : hasStarted ? 'head' : 'none');
    if (body === undefined) reject(fault);
    else body.destroy(fault);
  };

  return {
    onRequestStart(given) {
      controller = given;
      if (isOver) given.abort(faultError('aborted'));
    },
    onResponseStarted() {
      hasStarted = true;
    },
    onResponseStart(given, status, headers) {
      if (status < 200) {
        interims += 1;
        if (interims > INTERIM_MAX) given.abort(faultError('protocol'));
        return;
      }
      body = new Readable({
        highWaterMark: BUFFERED_BYTES,
        read: () => given.resume(),
        destroy(error, done) {
          if (!isOver) given.abort(error ?? faultError('aborted'));
          done(error);
        },
      });
      // The reader learns of an error by reading; nobody may be reading any more.
      body.on('error', () => {});
      resolve(createAnswer(status, headers, body));
    },
    onResponseData(given, chunk) {
      if (body?.push(chunk) === false) given.pause();
    },
    onResponseEnd() {
      onOver();
      finish();
      body?.push(null);
    },
    onResponseError(_, error) {
      onOver();
      fail(error);
    },
  };
}

function createAnswer(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Readable,
): Answer {
  const lines = (name: string): readonly string[] => {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    return typeof value === 'string' ? [value] : (value ?? []);
  };
  return {
    status,
    lines,
    header: (name) => (lines(name).length > 0 ? lines(name).join(', ') : undefined),
    body,
    discard: () => void body.destroy(),
  };
}

/** What undici reports, by how far the answer had come. */
function transportFault(error: Error, seen: 'none' | 'head' | 'body'): FaultError {
  if (isFaultError(error)) return error;
  const code = 'code' in error ? error.code : undefined;
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
  return faultError(seen === 'head' ? 'protocol' : 'connect', facts);
}

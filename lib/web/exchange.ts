/** One request and its response, whatever the version of HTTP: limits, faults, and the end of both. */
import { Readable } from 'node:stream';
import { type FaultError, faultError } from './faults.ts';

/** Where a body ends: RFC 9112 section 6.3, RFC 9113 section 8.1. */
export interface Framing {
  /** The transport says where the body ends; otherwise it ends with the connection, which may be too early. */
  readonly isDelimited: boolean;
  /** Content-Length in bytes, as encoded; 0 when it is not said. */
  readonly length: number;
}

export interface WebResponse {
  readonly status: number;
  /** The lines of one field, its name in lower case; bytes beyond ASCII as Latin-1. */
  lines(name: string): readonly string[];
  /** The lines joined by a comma (RFC 9110 section 5.3); undefined without such a field. */
  header(name: string): string | undefined;
  /** The bytes as sent, without the framing of chunks and frames. Its errors are fault errors. */
  readonly body: Readable;
  readonly framing: Framing;
  /** Lets go of the rest of the body. Over HTTP/1.1 a body that is not all there costs the connection. */
  discard(): void;
}

/** What a connection sends. */
export interface Sending {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called once with a response's status, when its head is there. */
  readonly onHead?: (status: number) => void;
  /** Called once after a response, when the connection serves this request no longer. */
  readonly onOver: () => void;
}

/** A connection to one origin. */
export interface Connection {
  /**
   * Sends a GET.
   * @throws fault error, or the signal's reason; the connection then serves the request no longer
   */
  send(sending: Sending): Promise<WebResponse>;
  /** Ends it, and what it serves, with fault `aborted`. */
  destroy(): void;
}

/** How an exchange acts on its connection. */
interface Handle {
  pause(): void;
  resume(): void;
  /** Gives the request up; the exchange hears nothing of it any more. */
  abort(): void;
}

/** What a connection reports about an exchange. Calls after its end do nothing. */
export interface Exchange {
  /** How far the response has come. */
  seen(): 'none' | 'head' | 'body';
  /** The connection took the request. */
  start(handle: Handle): void;
  /** The first byte of a response has arrived. */
  begin(): void;
  head(status: number, lines: WebResponse['lines'], framing: Framing): void;
  data(chunk: Buffer): void;
  end(): void;
  /** The connection serves the request no longer. */
  fail(fault: FaultError): void;
  /** What has come is not to be read any further. */
  refuse(fault: FaultError): void;
}

/** Interim responses (100 to 199) before the real one. One or two are usual. */
const INTERIM_MAX = 16;
const BUFFERED_BYTES = 64 * 1024;

/** @param settle of the promise of the response */
export function createExchange(
  { signal, onHead, onOver }: Sending,
  settle: { resolve(response: WebResponse): void; reject(reason: unknown): void },
): Exchange {
  let handle: Handle | undefined;
  let body: Readable | undefined;
  let interims = 0;
  let hasBegun = false;
  let isOver = false;

  const onAbort = (): void => refuse(signal.reason);
  /** True the first time. */
  const finish = (): boolean => {
    signal.removeEventListener('abort', onAbort);
    const isFirst = !isOver;
    isOver = true;
    return isFirst;
  };
  const fail = (reason: Error): void => {
    if (!finish()) return;
    if (body === undefined) settle.reject(reason);
    else {
      onOver();
      body.destroy(reason);
    }
  };
  const refuse = (reason: Error): void => {
    if (isOver) return;
    // First: a connection that reports at once must find the exchange as it was.
    const aborted = handle;
    fail(reason);
    aborted?.abort();
  };
  signal.addEventListener('abort', onAbort);

  return {
    seen: () => (body !== undefined ? 'body' : hasBegun ? 'head' : 'none'),
    start(given) {
      handle = given;
      if (isOver) given.abort();
      else if (signal.aborted) onAbort();
    },
    begin() {
      hasBegun = true;
    },
    head(status, lines, framing) {
      if (isOver) return;
      hasBegun = true;
      if (status < 200) {
        interims += 1;
        if (interims > INTERIM_MAX) refuse(faultError('protocol'));
        return;
      }
      body = new Readable({
        highWaterMark: BUFFERED_BYTES,
        read: () => handle?.resume(),
        destroy(error, done) {
          // Most bodies are read to their end, and an error costs more than reading a small one.
          if (!isOver) refuse(error ?? faultError('aborted'));
          done(error);
        },
      });
      onHead?.(status);
      // The reader learns of an error by reading, and may have stopped: an error without a listener ends the process.
      body.on('error', () => {});
      settle.resolve(createResponse(status, lines, body, framing));
    },
    data(chunk) {
      if (!isOver && body?.push(chunk) === false) handle?.pause();
    },
    end() {
      if (!finish()) return;
      onOver();
      body?.push(null);
    },
    fail,
    refuse,
  };
}

function createResponse(
  status: number,
  lines: WebResponse['lines'],
  body: Readable,
  framing: Framing,
): WebResponse {
  return {
    status,
    lines,
    header: (name) => (lines(name).length > 0 ? lines(name).join(', ') : undefined),
    body,
    framing,
    discard: () => void body.destroy(),
  };
}

/** The faults of reading from the web: one public sentence each, and the error that carries one to the boundary. */
import type { TlsFault, WebFault } from '../domain/model.ts';
import type { WebResult } from '../domain/ports.ts';

/** Public text. It never says which address, and for `forbidden` not even which rule. */
const DETAILS: Readonly<Record<WebFault, string>> = {
  forbidden:
    'The address, name or port is not one that this service fetches from; its operator may allow a host with FETCH_ALLOW_HOSTS.',
  dns: 'The name of the server could not be resolved.',
  connect: 'No connection to the server could be made, or it was closed without an answer.',
  tls: 'No secure connection could be made: the TLS handshake failed.',
  protocol: 'The server did not answer with well-formed HTTP.',
  encoding: 'The body is encoded in a way that is not supported, or its encoding is damaged.',
  redirects: 'The server redirects too often, or to a URL that is not followed.',
  status: 'The server answered with a status that brings no content.',
  timeout: 'The resource did not arrive in time.',
  tooLarge: 'The resource is larger than the limit.',
  truncated: 'The body ended before it was complete.',
  limit: 'The limit on the bytes of one request is reached.',
  aborted: 'The reading was given up.',
};

const TLS_DETAILS: Readonly<Record<TlsFault, string>> = {
  certificate:
    'The certificate of the server is not trusted: it has expired, is for another name, or an unknown authority signed it.',
  version: 'The server offers no version of TLS, or no cipher, that is still safe.',
  protocol: 'The server does not speak TLS at this port, or neither HTTP/1.1 nor HTTP/2 over it.',
};

export interface FaultError extends Error {
  readonly fault: WebFault;
  readonly status?: number;
  readonly tls?: TlsFault;
  readonly isRefusal?: boolean;
  readonly again?: 'anew' | 'http1';
}

export interface FaultFacts {
  readonly status?: number;
  readonly tls?: TlsFault;
  /** With `connect`: no address took the connection, so that another attempt would dial all of them again. */
  readonly isRefusal?: boolean;
  /** The request may be sent once more at once: over another connection, or over one of HTTP/1.1. */
  readonly again?: 'anew' | 'http1';
  /** For the log alone. */
  readonly cause?: unknown;
}

/** An error with the fault's public sentence as its message. */
export function faultError(fault: WebFault, { cause, ...facts }: FaultFacts = {}): FaultError {
  const { status, tls } = facts;
  const ofStatus = status === undefined ? undefined : `The server answered with status ${status}.`;
  const detail = ofStatus ?? (tls === undefined ? DETAILS[fault] : TLS_DETAILS[tls]);
  return Object.assign(new Error(detail, { cause }), { fault, ...facts });
}

export function isFaultError(error: unknown): error is FaultError {
  return error instanceof Error && 'fault' in error;
}

export function failure({ fault, message, status, tls, cause }: FaultError): WebResult & { kind: 'failed' } {
  return {
    kind: 'failed',
    fault,
    detail: message,
    ...(status !== undefined && { status }),
    ...(tls !== undefined && { tls }),
    ...(cause !== undefined && { cause }),
  };
}

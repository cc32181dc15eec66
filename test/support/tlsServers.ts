/** Servers whose TLS fails in one way each, on a free port of loopback. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createAuthority, selfSigned } from '../lib/web/selfSigned.ts';
import './nodeErrors.ts';

export interface FailingTls {
  readonly name: string;
  /** To be trusted; absent: none. */
  readonly ca?: string;
  readonly server: Server;
}

const DAY_MS = 86_400_000;

/** A certificate, and what a client trusts. */
function presenting(name: string, options: TlsOptions, ca?: string): FailingTls {
  const server = createTlsServer(options, (socket) => {
    socket.on('error', () => undefined);
    socket.resume();
  });
  server.on('tlsClientError', () => undefined);
  return { name, server, ...(ca !== undefined && { ca }) };
}

/** Answers the first bytes by these, or by nothing, and hangs up. */
function replying(name: string, bytes: Buffer | 'reset'): FailingTls {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => (bytes === 'reset' ? socket.resetAndDestroy() : socket.end(bytes)));
  });
  return { name, server };
}

/** The fatal alert of TLS with this number (RFC 8446 section 6). */
export const alerting = (alert: number): FailingTls =>
  replying(`alert ${alert}`, Buffer.from([21, 3, 3, 0, 2, 2, alert]));

/** Each kind, made when it is asked for. */
export function certificateFaults(): Readonly<
  Record<'untrusted' | 'otherName' | 'expired' | 'notYetValid' | 'clientAlone' | 'byLeaf', () => FailingTls>
> {
  const now = Date.now();
  const own =
    (name: string, hostname: string, at: number, isTrusted = true) =>
    () => {
      const identity = selfSigned(hostname, new Date(at));
      return presenting(name, identity, isTrusted ? identity.cert : undefined);
    };
  const authority = createAuthority(new Date());
  return {
    untrusted: own('vouches for itself', 'localhost', now, false),
    otherName: own('is for another name', 'other.test', now),
    expired: own('has expired', 'localhost', now - 30 * DAY_MS),
    notYetValid: own('is of tomorrow', 'localhost', now + 30 * DAY_MS),
    clientAlone: () => presenting('is for clients', authority.issueForClient('localhost'), authority.cert),
    byLeaf: () => presenting('is signed by no authority', authority.issueByLeaf('localhost'), authority.cert),
  };
}

/** Servers that want a certificate of their client. */
export function wantingClients(maxVersion: 'TLSv1.2' | 'TLSv1.3'): FailingTls {
  const identity = selfSigned('localhost', new Date());
  const options = { ...identity, requestCert: true, rejectUnauthorized: true, maxVersion };
  return presenting(`wants a certificate of its client in ${maxVersion}`, options, identity.cert);
}

export const oldVersion = (): FailingTls => {
  const identity = selfSigned('localhost', new Date());
  const options: TlsOptions = {
    ...identity,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'ALL@SECLEVEL=0',
  };
  return presenting('speaks TLS 1.1 alone', options, identity.cert);
};

export const resetting = (): FailingTls => replying('resets', 'reset');
export const hangingUp = (): FailingTls => replying('hangs up', Buffer.alloc(0));
export const plain = (): FailingTls =>
  replying('speaks HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));

/**
 * Tells an end that the server made (a FIN, over TLS a close_notify) from a connection that was cut. A body without a
 * declared length ends with its connection (RFC 9112 section 6.3). Node takes two cuts for such an end: over TLS a FIN
 * without close_notify, in HTTP/2 an ECONNRESET behind a GOAWAY. Here both reach the reader as errors.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';

/** The code of a connection that was cut. */
export const CUT = 'ERR_CONNECTION_CUT';

/** Must be added before any other listener of `error`: the others see another code than ECONNRESET. */
export function renameReset(error: NodeJS.ErrnoException): void {
  if (error.code === 'ECONNRESET') error.code = CUT;
}

export type SecureOptions = Pick<ConnectionOptions, 'servername' | 'ALPNProtocols' | 'session'> & {
  readonly host: string;
};

/**
 * A TLS client over a connected socket. It ends after a close_notify alone (RFC 8446 section 6.1): whatever the socket
 * does then, and whatever it did before, is no news.
 */
export function connectSecurely(raw: Socket, options: SecureOptions): TLSSocket {
  let isNotified = false;
  let isSettled = false;
  let cut: Error | null = null;
  /** Only once TLS has taken all that had arrived: behind a paused reader the close_notify is still among it. */
  const settle = (): void => {
    if (cut === null || isSettled || wire.readableLength > 0) return;
    isSettled = true;
    if (isNotified) wire.push(null);
    else wire.destroy(cut);
  };
  const finish = (error: Error): void => {
    cut ??= error;
    settle();
  };
  const wire = new Duplex({
    read: () => void raw.resume(),
    // What can no longer be written is known by the end or the error of `raw`, behind what arrived before it.
    write: (chunk, _encoding, done) => void raw.write(chunk, () => done()),
    final: (done) => void raw.end(done),
    destroy(error, done) {
      raw.destroy();
      done(error);
    },
  });
  raw.on('data', (chunk) => {
    if (!wire.push(chunk)) raw.pause();
  });
  raw.on('end', () => finish(Object.assign(new Error('TLS ended without close_notify'), { code: CUT })));
  raw.on('error', finish);
  raw.on('close', () => {
    if (cut === null) wire.destroy();
  });

  const socket = connectTls({
    ...options,
    socket: wire,
    // Said aloud, so that no environment variable turns the check of certificates off.
    rejectUnauthorized: true,
  });
  // TLS reads what is passed on to it at once, so that what it was told is known in the next turn.
  wire.on('data', () => {
    if (cut !== null) setImmediate(settle);
  });
  // Node pushes null at a close_notify at once; `end` comes only when everything before it has been read.
  const push = socket.push.bind(socket);
  socket.push = (chunk, encoding) => {
    isNotified ||= chunk === null;
    return push(chunk, encoding);
  };
  // Those of `socket` would not reach the one that keeps the process alive.
  socket.ref = () => {
    raw.ref();
    return socket;
  };
  socket.unref = () => {
    raw.unref();
    return socket;
  };
  return socket;
}

/** An HTTP/2 server for tests that were written for `startRawServer`: what they write as HTTP/1.1 is sent as frames. */
import {
  constants,
  createSecureServer,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { Writable } from 'node:stream';
import { PUBLIC_ADDRESS, type RawServer, type Respond } from './rawServer.ts';
import type { SelfSigned } from './selfSigned.ts';

/** `Connection: close` becomes GOAWAY. */
export async function startHttp2Front(respond: Respond, identity: SelfSigned): Promise<RawServer> {
  const sessions = new Set<ServerHttp2Session>();
  const heads: string[] = [];
  const watchers = new Set<() => void>();
  let accepted = 0;

  const server = createSecureServer(identity);
  server.on('session', (session) => {
    accepted += 1;
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => {
      sessions.delete(session);
      if (sessions.size === 0) for (const watcher of watchers) watcher();
    });
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const { ':method': method, ':path': path, ':authority': host, ':scheme': _, ...fields } = headers;
    const lines = Object.entries({ host, ...fields }).map(([name, value]) => `${name}: ${value}`);
    heads.push(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}`);
    respond(socketOf(stream), heads.at(-1) ?? '', heads.length - 1);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, PUBLIC_ADDRESS, resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    heads,
    accepted: () => accepted,
    open: () => sessions.size,
    idle: () =>
      new Promise((resolve) => {
        if (sessions.size === 0) resolve();
        else watchers.add(resolve);
      }),
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Takes the text of HTTP/1.1 responses; of a socket it has what tests write to. */
function socketOf(stream: ServerHttp2Stream): Socket {
  let pending: Buffer = Buffer.alloc(0);
  let left: number | undefined;
  let isClosing = false;

  const sendHead = (text: string): void => {
    const [statusLine = '', ...lines] = text.split('\r\n');
    const status = Number(statusLine.split(' ')[1]);
    const fields: Record<string, string[]> = {};
    for (const line of lines) {
      const at = line.indexOf(':');
      const name = line.slice(0, at).toLowerCase();
      fields[name] = [...(fields[name] ?? []), line.slice(at + 1).trim()];
    }
    isClosing ||= fields.connection?.[0] === 'close';
    for (const name of ['connection', 'transfer-encoding']) delete fields[name];
    const out = Object.fromEntries(
      Object.entries(fields).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
    ) as OutgoingHttpHeaders;
    if (status < 200) {
      stream.additionalHeaders({ ':status': status, ...out });
      return;
    }
    left = Number(fields['content-length']?.[0] ?? Number.POSITIVE_INFINITY);
    stream.respond({ ':status': status, ...out });
  };
  const finish = (piece?: Buffer): void => {
    const { session } = stream;
    stream.end(piece);
    if (isClosing) session?.close();
  };
  const socket = new Writable({
    write(chunk: Buffer, _encoding, done) {
      pending = Buffer.concat([pending, chunk]);
      for (let end = pending.indexOf('\r\n\r\n'); left === undefined && end !== -1; ) {
        const head = pending.subarray(0, end).toString('latin1');
        pending = pending.subarray(end + 4);
        sendHead(head);
        end = pending.indexOf('\r\n\r\n');
      }
      if (left === undefined || stream.destroyed) return done();
      const piece = pending.subarray(0, left);
      pending = Buffer.alloc(0);
      left -= piece.length;
      if (left > 0) return void stream.write(piece, () => done());
      finish(piece);
      done();
    },
    final(done) {
      if (left !== 0) finish();
      done();
    },
    destroy(error, done) {
      if (left !== 0) stream.close(constants.NGHTTP2_CANCEL);
      done(error);
    },
  });
  stream.on('close', () => socket.destroy());
  return Object.assign(socket, { resetAndDestroy: () => stream.session?.destroy() }) as unknown as Socket;
}

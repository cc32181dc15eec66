/** A proxy before a working store that closes connections unannounced, at the worst moment for a client. */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SelfSigned } from '../lib/web/selfSigned.ts';
import './nodeErrors.ts';

export type Closing =
  /** Reset at the next request on the connection, which the client has kept in its pool. */
  | 'whenUsedAgain'
  /** Never closed, but the next request gets no response: a firewall on the way has dropped the connection. */
  | 'silentWhenUsedAgain'
  /** Ended (FIN) right after the response, while the client puts the connection back into its pool. */
  | 'afterAnswer'
  /** Ended within the response: in its header, before its body and within its body, in turn. */
  | 'withinAnswer';

export interface ClosingStore {
  readonly endpoint: string;
  /** Responses after or within which a connection was closed, such as `412 PUT`. */
  readonly closed: readonly string[];
  /** Requests that arrived on a closed connection and were ignored, such as `GET /bucket/key?query`. */
  readonly ignored: readonly string[];
  close(): Promise<void>;
}

export interface ClosingStoreParts {
  /** Whether to close the connection of this response. Default: all are closed. */
  readonly applies?: (request: IncomingMessage, status: number) => boolean;
  /** For HTTPS. */
  readonly certificate?: SelfSigned;
}

/** @param target endpoint of the working store, which must not check the signed host */
export async function startClosingStore(
  target: string,
  closing: Closing,
  { applies = () => true, certificate }: ClosingStoreParts = {},
): Promise<ClosingStore> {
  const closed: string[] = [];
  const ignored: string[] = [];
  const dead = new WeakSet<Socket>();
  let cuts = 0;

  const respond = async (incoming: IncomingMessage, response: ServerResponse) => {
    const { socket, method = '', url = '' } = incoming;
    if (dead.has(socket)) {
      ignored.push(`${method} ${url}`);
      if (closing !== 'silentWhenUsedAgain') reset(socket);
      return;
    }
    const { status, headers, body } = await passOn(incoming, await readAll(incoming), target);
    const isClosed = applies(incoming, status);
    if (isClosed) closed.push(`${status} ${method}`);
    if (!isClosed || closing !== 'withinAnswer') {
      response.writeHead(status, headers);
      response.end(body, () => {
        if (!isClosed) return;
        dead.add(socket);
        if (closing === 'afterAnswer') socket.end();
      });
      return;
    }
    dead.add(socket);
    cuts += 1;
    // FIN and RST in turn, both after the data have been sent.
    const end = Math.floor(cuts / 3) % 2 === 0 ? () => socket.end() : () => setImmediate(reset, socket);
    socket.write(partOf(headOf(status, headers, body), body, cuts), end);
  };

  const listener = (incoming: IncomingMessage, response: ServerResponse) =>
    // The target, or the client, may go away meanwhile.
    void respond(incoming, response).catch(() => response.destroy());
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: certificate === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    closed,
    ignored,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A filter that accepts the first, third and so on of equal requests, so that a repeated request gets through. */
export function everyOther(): (request: IncomingMessage) => boolean {
  const seen = new Map<string, number>();
  return ({ method, url, headers }) => {
    const condition = `${headers['if-match']} ${headers['if-none-match']} ${headers['content-length']}`;
    const count = (seen.get(`${method} ${url} ${condition}`) ?? 0) + 1;
    seen.set(`${method} ${url} ${condition}`, count);
    return count % 2 === 1;
  };
}

function partOf(head: string, body: Buffer, turn: number): Buffer {
  if (turn % 3 === 0) return Buffer.from(head.slice(0, head.length / 2));
  // Without a body, an end after the header would be the end of the response.
  if (body.length === 0) return Buffer.from(head.slice(0, -2));
  const half = Buffer.concat([Buffer.from(head), body.subarray(0, body.length / 2)]);
  return turn % 3 === 1 ? Buffer.from(head) : half;
}

function headOf(status: number, headers: IncomingMessage['headers'], body: Buffer): string {
  const lines = Object.entries({ ...headers, 'content-length': String(body.length) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join('')}\r\n`;
}

function reset(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

async function passOn({ method, url, headers }: IncomingMessage, body: Buffer, target: string) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(new URL(url ?? '/', target), { ...(method && { method }), headers }, resolve)
      .on('error', reject)
      .end(body);
  });
  // These fields belong to the other connection.
  const { connection, 'keep-alive': keepAlive, 'transfer-encoding': encoding, ...others } = response.headers;
  return { status: response.statusCode ?? 502, headers: others, body: await readAll(response) };
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

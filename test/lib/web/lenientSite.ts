/** A site whose responses are exactly the bytes that a test gives, over TCP or over TLS. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { WebRequest, WebResult } from '../../../lib/domain/ports.ts';
import { PUBLIC_ADDRESS, pathOf } from './rawServer.ts';
import type { SelfSigned } from './selfSigned.ts';
import { createTestWeb } from './testWeb.ts';

export interface LenientSite extends AsyncDisposable {
  read(path: string, request?: Partial<WebRequest>): Promise<WebResult>;
  /** The heads of the requests, in order of arrival. */
  readonly heads: readonly string[];
  connections(): number;
}

/**
 * @param respond the bytes for a path
 * @param identity where it is given, the site speaks TLS
 */
export async function startLenientSite(
  respond: (path: string, socket: Socket) => string | Buffer,
  identity?: SelfSigned,
): Promise<LenientSite> {
  const sockets = new Set<Socket>();
  const heads: string[] = [];
  let connections = 0;
  const serve = (socket: Socket): void => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        heads.push(head);
        text = text.slice(end + 4);
        const bytes = respond(pathOf(head), socket);
        socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
      }
    });
  };
  const server = identity === undefined ? createServer(serve) : createTlsServer({ ...identity }, serve);
  await new Promise<void>((resolve) => server.listen(0, PUBLIC_ADDRESS, resolve));
  const { port } = server.address() as AddressInfo;
  const web = createTestWeb({ ports: [port] });
  const scheme = identity === undefined ? 'http' : 'https';
  return {
    read: (path, request) => web.read(`${scheme}://good.test:${port}${path}`, request),
    heads,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      await web[Symbol.asyncDispose]();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

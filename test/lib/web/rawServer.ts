/** A server that says exactly what a test tells it to, on loopback. */
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Called once for every whole request head. */
export type Respond = (socket: Socket, head: string, index: number) => void;

export interface RawServer extends AsyncDisposable {
  readonly port: number;
  /** The request heads, in order of arrival. */
  readonly heads: readonly string[];
  accepted(): number;
  /** Connections that are open now. */
  open(): number;
  /** Resolves when no connection is open. */
  idle(): Promise<void>;
}

/** Stands for the public web: the tests' policy calls this address public. */
export const PUBLIC_ADDRESS = '127.0.0.2';
export const PRIVATE_ADDRESS = '127.0.0.1';

export async function startRawServer(
  respond: Respond,
  host = PUBLIC_ADDRESS,
  { port = 0, onConnection = () => {} }: { port?: number; onConnection?: (socket: Socket) => void } = {},
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const heads: string[] = [];
  const watchers = new Set<() => void>();
  let accepted = 0;

  const server = createServer({ noDelay: true }, (socket) => {
    accepted += 1;
    sockets.add(socket);
    let text = '';
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) for (const watcher of watchers) watcher();
    });
    onConnection(socket);
    socket.on('data', (data) => {
      text += data.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        heads.push(head);
        respond(socket, head, heads.length - 1);
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    heads,
    accepted: () => accepted,
    open: () => sockets.size,
    idle: () =>
      new Promise((resolve) => {
        if (sockets.size === 0) resolve();
        else watchers.add(resolve);
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Two servers at the same port: which of them is met is a matter of the address alone. */
export async function startTwins(
  onPublic: Respond,
  onPrivate: Respond,
  startPublic: (respond: Respond) => Promise<RawServer> = startRawServer,
): Promise<readonly [RawServer, RawServer]> {
  for (let attempt = 0; ; attempt += 1) {
    const visible = await startPublic(onPublic);
    try {
      return [visible, await startRawServer(onPrivate, PRIVATE_ADDRESS, { port: visible.port })];
    } catch (error) {
      await visible[Symbol.asyncDispose]();
      if (attempt === 9) throw error;
    }
  }
}

/** A whole answer with Content-Length. */
export function answer(
  status: number,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): Buffer {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ 'Content-Length': String(bytes.length), ...headers }).map(
    ([k, v]) => `${k}: ${v}`,
  );
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status} X\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
    bytes,
  ]);
}

/** A head without Content-Length unless it is given. */
export function head(status: number, headers: Record<string, string> = {}): string {
  return `HTTP/1.1 ${status} X\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
}

/** The path of a request head. */
export function pathOf(requestHead: string): string {
  return requestHead.split(' ')[1] ?? '';
}

/** One header of a request head, or undefined. */
export function headerOf(requestHead: string, name: string): string | undefined {
  const line = requestHead.split('\r\n').find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

/** Writes `piece` again and again, as fast as the reader takes it, until the connection ends. */
export function pour(socket: Socket, piece: Buffer | string): void {
  const more = (): void => {
    for (let i = 0; i < 64; i += 1) if (socket.destroyed || !socket.write(piece)) return;
    setImmediate(more);
  };
  socket.on('drain', more);
  more();
}

/** Writes `piece`, or the next of several, every `ms` until the connection ends. */
export function drip(socket: Socket, piece: string | readonly string[], ms: number): void {
  let turn = 0;
  const timer = setInterval(() => {
    socket.write(typeof piece === 'string' ? piece : (piece[turn] ?? ''));
    turn += 1;
  }, ms);
  socket.on('close', () => clearInterval(timer));
}

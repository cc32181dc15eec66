/** An HTTP/2 server that sends exactly the frames that a test tells it to, on loopback (RFC 9113 section 4). */
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { PUBLIC_ADDRESS } from './rawServer.ts';
import type { SelfSigned } from './selfSigned.ts';

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
  altsvc: 10,
  origin: 12,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;

export function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload as string);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head.set([type, flags], 3);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** Fields without compression (RFC 7541 section 6.2.2: literal, never the same again). */
export function block(fields: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, 'latin1');
    const length: number[] = [];
    if (bytes.length < 127) length.push(bytes.length);
    else {
      length.push(127);
      let rest = bytes.length - 127;
      for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
      length.push(rest);
    }
    return Buffer.concat([Buffer.from(length), bytes]);
  };
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

export type Fields = Readonly<Record<string, string>>;

const BLOCK_BYTES = 16_384;

/** A response's head, in as many frames as it needs. */
export function headers(stream: number, status: number, fields: Fields = {}, flags = 0): Buffer {
  return headersOf(stream, [[':status', String(status)], ...Object.entries(fields)], flags);
}

export function headersOf(stream: number, fields: readonly (readonly [string, string])[], flags = 0): Buffer {
  const bytes = block(fields);
  const pieces: Buffer[] = [];
  for (let start = 0; start === 0 || start < bytes.length; start += BLOCK_BYTES) {
    const isLast = start + BLOCK_BYTES >= bytes.length;
    const end = isLast ? END_HEADERS : 0;
    const piece = bytes.subarray(start, start + BLOCK_BYTES);
    pieces.push(
      start === 0
        ? frame(FRAME.headers, flags | end, stream, piece)
        : frame(FRAME.continuation, end, stream, piece),
    );
  }
  return Buffer.concat(pieces);
}

export function data(stream: number, bytes: Buffer | string, flags = 0): Buffer {
  return frame(FRAME.data, flags, stream, bytes);
}

export function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
}

export const reset = (stream: number, code: number): Buffer =>
  frame(FRAME.rstStream, 0, stream, uint32(code));
export const goaway = (last: number, code: number): Buffer => frame(FRAME.goaway, 0, 0, uint32(last, code));
export const settings = (...pairs: readonly (readonly [number, number])[]): Buffer =>
  frame(
    FRAME.settings,
    0,
    0,
    Buffer.concat(
      pairs.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id & 255]), uint32(value)])),
    ),
  );

/** A whole response. */
export const whole = (stream: number, body: Buffer | string, fields: Fields = {}, status = 200): Buffer =>
  Buffer.concat([headers(stream, status, fields), data(stream, body, END_STREAM)]);

export interface Http2Peer {
  readonly socket: TLSSocket;
  /** Below the encryption. */
  readonly raw: Socket;
  /** Of this connection among all, from 0 on. */
  readonly connection: number;
}

/** Called for every request. `index`: of the request among all, from 0 on. */
export type RespondHttp2 = (peer: Http2Peer, stream: number, index: number) => void;

export interface RawHttp2Server extends AsyncDisposable {
  readonly port: number;
  /** ALPN of every connection so far. */
  readonly versions: readonly string[];
  requests(): number;
  /** Frames of the client, by type. */
  readonly frames: readonly (readonly [type: number, stream: number, payload: Buffer])[];
  /** Resolves when no connection is open. */
  idle(): Promise<void>;
}

export interface RawHttp2Options {
  readonly versions?: readonly string[];
  /** Sent first; its own SETTINGS frame unless it is said otherwise. */
  readonly greeting?: Buffer;
  /** Answers requests of HTTP/1.1. */
  readonly onHttp1?: (socket: TLSSocket) => void;
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export async function startRawHttp2Server(
  identity: SelfSigned,
  respond: RespondHttp2,
  { versions = ['h2'], greeting = settings(), onHttp1 }: RawHttp2Options = {},
): Promise<RawHttp2Server> {
  const open = new Set<Socket>();
  const watchers = new Set<() => void>();
  const seen: string[] = [];
  const frames: (readonly [number, number, Buffer])[] = [];
  let requests = 0;

  const speak = (socket: TLSSocket, raw: Socket): void => {
    const connection = seen.length;
    seen.push(String(socket.alpnProtocol));
    socket.on('error', () => {});
    if (socket.alpnProtocol !== 'h2') {
      socket.on('data', () => onHttp1?.(socket));
      return;
    }
    socket.write(greeting);
    let pending = Buffer.alloc(0);
    let isGreeted = false;
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      if (!isGreeted && pending.length >= PREFACE.length) {
        isGreeted = true;
        pending = pending.subarray(PREFACE.length);
      }
      while (isGreeted && pending.length >= 9 && pending.length >= 9 + pending.readUIntBE(0, 3)) {
        const length = pending.readUIntBE(0, 3);
        const [type = 0, flags = 0] = [pending[3], pending[4]];
        const stream = pending.readUInt32BE(5) & 0x7f_ff_ff_ff;
        frames.push([type, stream, Buffer.from(pending.subarray(9, 9 + length))]);
        pending = pending.subarray(9 + length);
        if (type === FRAME.settings && flags === 0) socket.write(frame(FRAME.settings, 1, 0));
        if (type === FRAME.headers) respond({ socket, raw, connection }, stream, requests++);
      }
    });
  };

  // Plain below TLS, so that a test can end a connection without close_notify.
  const raws: Socket[] = [];
  const secure = createServer({ ...identity, ALPNProtocols: [...versions] }, (socket) => {
    const { remotePort } = socket;
    const raw = raws.find((each) => each.remotePort === remotePort);
    if (raw !== undefined) speak(socket, raw);
  });
  secure.on('tlsClientError', () => {});
  const server = createTcpServer({ noDelay: true }, (raw) => {
    raws.push(raw);
    open.add(raw);
    raw.on('error', () => {});
    raw.on('close', () => {
      open.delete(raw);
      if (open.size === 0) for (const watcher of watchers) watcher();
    });
    secure.emit('connection', raw);
  });
  await new Promise<void>((resolve) => server.listen(0, PUBLIC_ADDRESS, resolve));

  return {
    port: (server.address() as AddressInfo).port,
    versions: seen,
    requests: () => requests,
    frames,
    idle: () =>
      new Promise((resolve) => {
        if (open.size === 0) resolve();
        else watchers.add(resolve);
      }),
    async [Symbol.asyncDispose]() {
      for (const raw of open) raw.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Writes `pieceOf(turn)` again and again, as fast as the client takes it, until the connection ends. */
export function pourFrames({ socket }: Http2Peer, pieceOf: (turn: number) => Buffer): void {
  let turn = 0;
  const more = (): void => {
    for (let i = 0; i < 64; i += 1) if (socket.destroyed || !socket.write(pieceOf(turn++))) return;
    setImmediate(more);
  };
  socket.on('drain', more);
  more();
}

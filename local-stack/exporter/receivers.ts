/** Where lines come from: UDP datagrams, TCP connections, standard input. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { explainListening } from './faults.ts';
import { judgeOpening } from './foreignProtocol.ts';
import type { Intake } from './intake.ts';
import { createLineSplitter } from './lineSplitter.ts';
import { createPlaces } from './places.ts';
import type { Tally } from './tally.ts';

export interface Receiver {
  readonly port: number;
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly maxLineBytes: number;
  readonly intake: Intake;
  /** Told when a receiver that stood can no longer receive. */
  readonly onFault: (error: Error) => void;
}

/** Asked for, so that bursts wait instead of being lost; the kernel gives at most `net.core.rmem_max`. */
const UDP_BUFFER_BYTES = 8 * 1024 * 1024;

/** A datagram holds one document or several lines of them. Rejects with one sentence when it cannot listen. */
export async function receiveUdp(options: ListenOptions): Promise<Receiver & { bufferBytes(): number }> {
  const { host, port, maxLineBytes, intake, onFault } = options;
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const splitter = createLineSplitter(maxLineBytes, intake('udp'));
  socket.on('message', (datagram) => {
    splitter.push(datagram);
    splitter.end();
  });
  try {
    socket.bind({ port, address: host });
    await once(socket, 'listening');
  } catch (error) {
    throw explainListening(error, { what: 'UDP', host, port, flag: '--udp-port' });
  }
  try {
    socket.setRecvBufferSize(UDP_BUFFER_BYTES);
  } catch {
    // It stays as the system has it; the metric shows what it is.
  }
  socket.on('error', onFault);
  return {
    port: socket.address().port,
    bufferBytes: () => socket.getRecvBufferSize(),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** A sender that ended no line for so long loses its place to the next one when all are taken. */
const IDLE_MS = 10_000;
const NEWLINE = 0x0a;

/**
 * Documents end with a newline, at most `maxConnections` senders at once. One more takes the place of the sender that
 * was silent longest. It is refused when all were heard of in the last ten seconds: replacing them would lose lines. A
 * sender that begins with HTTP, TLS or another binary protocol is disconnected before a line of it counts. Web pages
 * can send such requests to any port of this machine.
 * Rejects like `receiveUdp`.
 */
export async function receiveTcp(
  options: ListenOptions & {
    readonly maxConnections: number;
    readonly tally: Tally;
    /** Milliseconds, never going back. */
    readonly clock: () => number;
  },
): Promise<Receiver> {
  const { host, port, maxLineBytes, intake, onFault, maxConnections, tally, clock } = options;
  const places = createPlaces<Socket>({ count: maxConnections, keptMs: IDLE_MS, clock });
  // A sender that is gone without a word gives its place back when the system notices.
  const server = createServer({ keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) => {
    // A reset says no more than an end does: what came is counted, and 'close' follows.
    socket.on('error', () => {});
    if (!places.makeRoom(() => tally.connectionEvicted())) {
      tally.connectionRefused();
      socket.destroy();
      return;
    }
    const splitter = createLineSplitter(maxLineBytes, intake('tcp'));
    places.hear(socket);
    tally.connectionOpened();
    /** The first bytes, until it is clear that lines follow; null from then on. */
    let opening: Buffer | null = Buffer.alloc(0);
    const takeLines = (chunk: Buffer) => {
      splitter.push(chunk);
      // Not every byte: who drips them keeps a place for nothing.
      if (chunk.includes(NEWLINE)) places.hear(socket);
    };
    const open = (chunk: Buffer, before: Buffer) => {
      opening = Buffer.concat([before, chunk]);
      const verdict = judgeOpening(opening);
      if (verdict === 'foreign') {
        tally.connectionForeign();
        socket.removeListener('data', take).destroy();
      } else if (verdict === 'lines') {
        takeLines(opening);
        opening = null;
      }
    };
    const take = (chunk: Buffer) => (opening === null ? takeLines(chunk) : open(chunk, opening));
    socket.on('data', take);
    socket.on('close', () => {
      if (opening !== null && judgeOpening(opening) === 'undecided') splitter.push(opening);
      splitter.end();
      places.leave(socket);
      tally.connectionClosed();
    });
  });
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw explainListening(error, { what: 'TCP', host, port, flag: '--tcp-port' });
  }
  server.on('error', onFault);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of places.holders()) socket.destroy();
      await closed;
    },
  };
}

/** Resolves at the end of the input. An input that breaks off has ended. */
export async function receiveStream(input: Readable, maxLineBytes: number, intake: Intake): Promise<void> {
  const splitter = createLineSplitter(maxLineBytes, intake('stdin'));
  try {
    for await (const chunk of input) splitter.push(chunk);
  } catch {
    // The last piece is judged below.
  }
  splitter.end();
}

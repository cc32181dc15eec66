/** Sends texts as UDP datagrams. A missing receiver costs the sender nothing. */
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

export interface Receiver {
  readonly hostname: string;
  readonly port: number;
}

export interface DatagramSender {
  /** Never throws and never waits. What cannot be delivered is gone; what is too large for a datagram is reported. */
  send(text: string): void;
}

/** What tests replace. */
export interface DatagramParts {
  readonly resolve?: (hostname: string) => Promise<Address>;
  readonly open?: (family: number) => Socket;
  /** Milliseconds that only go forward. */
  readonly elapsed?: () => number;
  /** Takes the size of a text that no datagram holds. */
  readonly reportTooLarge?: (bytes: number) => void;
}

interface Address {
  readonly address: string;
  readonly family: number;
}

/** A container that was created again has another address. Until the next look-up the known one is used. */
const ASK_AGAIN_MS = 10_000;
/** A look-up without an answer holds one of the two threads that resolve the names of the whole process. */
const ASK_AGAIN_IN_VAIN_MS = 30_000;
/** What one datagram of UDP over IPv4 holds (RFC 768, RFC 791): the system refuses more. */
const DATAGRAM_MAX_BYTES = 65_507;
/** Texts that wait for the first look-up. */
const WAITING_MAX = 1_000;

/**
 * A sender with one socket for each address family and one look-up at a time, however much is sent. A receiver that is
 * gone, or whose name does not resolve, must not use up the descriptors and look-ups that the service needs.
 */
export function createDatagramSender(
  { hostname, port }: Receiver,
  {
    resolve = lookup,
    open = openSocket,
    elapsed = () => performance.now(),
    reportTooLarge = logTooLarge,
  }: DatagramParts = {},
): DatagramSender {
  const literal = isIP(hostname);
  const sockets = new Map<number, Socket>();
  let known: Address | null = literal === 0 ? null : { address: hostname, family: literal };
  let waiting: string[] = [];
  let isAsking = false;
  let askAt = literal === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;

  const socketOf = (family: number): Socket => {
    const socket = sockets.get(family) ?? open(family);
    sockets.set(family, socket);
    return socket;
  };
  const deliver = (text: string, { address, family }: Address) => {
    socketOf(family).send(text, port, address, ignore);
  };
  const ask = async () => {
    isAsking = true;
    const found = await resolve(hostname).catch(() => null);
    isAsking = false;
    askAt = elapsed() + (found === null ? ASK_AGAIN_IN_VAIN_MS : ASK_AGAIN_MS);
    known = found ?? known;
    const waited = waiting;
    waiting = [];
    if (known !== null) for (const text of waited) deliver(text, known);
  };

  return {
    send(text) {
      const bytes = Buffer.byteLength(text);
      if (bytes > DATAGRAM_MAX_BYTES) return reportTooLarge(bytes);
      if (!isAsking && elapsed() >= askAt) void ask();
      if (known !== null) deliver(text, known);
      else if (isAsking && waiting.length < WAITING_MAX) waiting.push(text);
    },
  };
}

function openSocket(family: number): Socket {
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  socket.on('error', ignore);
  // The process may end while the socket is open.
  return socket.unref();
}

function logTooLarge(bytes: number): void {
  const message = 'metrics were not sent: a datagram holds 65,507 bytes';
  console.error(JSON.stringify({ level: 'warn', message, bytes }));
}

/** UDP does not report whether a datagram arrived. */
const ignore = () => {};

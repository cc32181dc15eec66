/**
 * Connections by origin: HTTP/2 where the server offers it (ALPN), else HTTP/1.1. A connection is used for the origin
 * that it was dialled and judged for, and for no other.
 */
import type { WebFault } from '../domain/model.ts';
import type { Connection, Sending, WebResponse } from './exchange.ts';
import { type FaultError, faultError, isFaultError } from './faults.ts';
import type { Dialled, DialTarget, GuardedDial } from './guard/guardedDial.ts';
import { createHostWidth, type HostWidth } from './hostWidth.ts';
import { createHttp1Connection, type Http1Connection } from './http1.ts';
import { createHttp2Connection, type Http2Connection } from './http2.ts';

export interface Transport {
  /**
   * Sends a GET once. `onOver` is called once, when no connection serves the request any longer, however long its
   * body is read.
   * @param again what the fault of an attempt before asks for
   * @throws fault error, or the signal's reason
   */
  get(sending: Sending, again: FaultError['again']): Promise<WebResponse>;
  /** Requests that the origin may get at once. */
  widthOf(origin: string): number;
  /** All requests to the origin share one connection. */
  isShared(origin: string): boolean;
  close(): Promise<void>;
}

export interface TransportParts {
  readonly guard: GuardedDial;
  readonly connectionsPerHost: number;
  readonly streamsPerHost: number;
  /** The origin may get more requests at once than before. */
  readonly onWider: (origin: string) => void;
  /** Milliseconds that only go forward. */
  readonly elapsed: () => number;
}

/** Connections that an origin gets before it has answered. Browsers make six. */
const FIRST_CONNECTIONS = 8;
/** So long an origin is known to have no HTTP/2, or none that works. */
const VERSION_KEPT_MS = 10 * 60_000;
/** Origins whose version and width are remembered. */
const ORIGINS_MAX = 1_000;
/** HTTP/2 connections of one origin, of which all but one are coming to their end. */
const SESSIONS_MAX = 4;
/** What a server has to say to HTTP/1.1 that does not speak it. */
const TRIAL_FAULTS: ReadonlySet<WebFault> = new Set(['tls', 'protocol', 'connect']);

interface Origin {
  readonly name: string;
  readonly target: DialTarget;
  /** HTTP/1.1 connections without work; the one that was used last is taken first. */
  readonly idle: Http1Connection[];
  /** Newest first. */
  readonly sessions: Http2Connection[];
  /** The one dial for all until it is known that the origin has no HTTP/2; resolves to undefined then. */
  dialling: Promise<Http2Connection | undefined> | undefined;
  isHttp2: boolean;
  /** No HTTP/2 is offered until then. */
  http1Until: number;
  /** Its HTTP/2 is broken, and it has not answered over HTTP/1.1 yet: it may have none. */
  isTrial: boolean;
  requests: number;
  width: HostWidth;
}

export function createTransport(parts: TransportParts): Transport {
  const { guard, connectionsPerHost, streamsPerHost, onWider, elapsed } = parts;
  const origins = new Map<string, Origin>();
  const open = new Set<Connection>();

  const narrow = () =>
    createHostWidth({ first: Math.min(FIRST_CONNECTIONS, connectionsPerHost), most: connectionsPerHost });

  const originOf = ({ origin: name, hostname, protocol, port }: URL): Origin => {
    const origin = origins.get(name) ?? {
      name,
      target: { hostname: hostname.replace(/^\[|\]$/g, ''), protocol, port },
      idle: [],
      sessions: [],
      dialling: undefined,
      isHttp2: false,
      http1Until: protocol === 'https:' ? 0 : Number.POSITIVE_INFINITY,
      isTrial: false,
      requests: 0,
      width: narrow(),
    };
    // The last one is the one that was used last.
    origins.delete(name);
    origins.set(name, origin);
    if (origins.size > ORIGINS_MAX) forgetOne();
    return origin;
  };

  const forgetOne = (): void => {
    for (const { name, requests, idle, sessions } of origins.values()) {
      if (requests > 0 || idle.length > 0 || sessions.length > 0) continue;
      origins.delete(name);
      return;
    }
  };

  const addHttp1 = (origin: Origin, { socket }: Dialled): Http1Connection => {
    const connection: Http1Connection = createHttp1Connection(socket, {
      onFree: () => void origin.idle.push(connection),
      onClosed: () => {
        open.delete(connection);
        remove(origin.idle, connection);
      },
    });
    open.add(connection);
    return connection;
  };

  const addHttp2 = (origin: Origin, dialled: Dialled): Http2Connection => {
    const connection = createHttp2Connection(origin.name, dialled, {
      onSettings: () => onWider(origin.name),
      onClosed: () => {
        open.delete(connection);
        remove(origin.sessions, connection);
      },
    });
    open.add(connection);
    origin.sessions.unshift(connection);
    origin.sessions[SESSIONS_MAX]?.destroy();
    if (!origin.isHttp2) {
      origin.isHttp2 = true;
      origin.width = createHostWidth({ first: streamsPerHost, most: streamsPerHost });
      onWider(origin.name);
    }
    return connection;
  };

  const setHttp1 = (origin: Origin): void => {
    origin.http1Until = elapsed() + VERSION_KEPT_MS;
    if (!origin.isHttp2) return;
    origin.isHttp2 = false;
    origin.width = narrow();
  };

  /** Learns the version, for all that wait for it. */
  const dialBoth = async (origin: Origin): Promise<Http2Connection | undefined> => {
    const dialled = await guard.dial({ ...origin.target, versions: ['h2', 'http/1.1'] });
    if (dialled.version === 'h2') return addHttp2(origin, dialled);
    setHttp1(origin);
    origin.idle.push(addHttp1(origin, dialled));
    return undefined;
  };

  const connectionFor = async (origin: Origin, again: FaultError['again']): Promise<Connection> => {
    while (elapsed() >= origin.http1Until) {
      const session = origin.sessions.find((each) => each.isOpen());
      if (session !== undefined) return session;
      origin.dialling ??= dialBoth(origin).finally(() => {
        origin.dialling = undefined;
      });
      const made = await origin.dialling;
      if (made !== undefined) return made;
    }
    // Where one kept connection was dead, the others most likely are.
    const kept = origin.idle.findLast(({ isReused }) => again !== 'anew' || !isReused());
    if (kept === undefined)
      return addHttp1(origin, await guard.dial({ ...origin.target, versions: ['http/1.1'] }));
    remove(origin.idle, kept);
    return kept;
  };

  const send = async (origin: Origin, sending: Sending, again: FaultError['again']): Promise<WebResponse> => {
    const isHttp1 = elapsed() < origin.http1Until;
    try {
      const connection = await connectionFor(origin, again);
      const { width } = origin;
      const isFull = origin.requests >= width.now();
      const since = elapsed();
      let seen = { status: 0, headMs: 0 };
      const onHead = (status: number): void => {
        seen = { status, headMs: elapsed() - since };
      };
      const onOver = (): void => {
        width.note({ ...seen, bodyMs: elapsed() - since - seen.headMs, isFull });
        sending.onOver();
      };
      const response = await connection.send({ ...sending, onHead, onOver });
      if (isHttp1) origin.isTrial = false;
      return response;
    } catch (error) {
      if (!isFaultError(error)) throw error;
      if (isHttp1 && origin.isTrial && TRIAL_FAULTS.has(error.fault)) {
        origin.http1Until = 0;
        throw faultError(error.fault, { cause: error.cause, again: 'anew' });
      }
      // Before the permit is given on: it is one of HTTP/1.1 now.
      if (error.again === 'http1' && elapsed() >= origin.http1Until) {
        setHttp1(origin);
        origin.isTrial = true;
      }
      throw error;
    }
  };

  return {
    get(sending, again) {
      const { url, signal, onOver } = sending;
      const origin = originOf(url);
      origin.requests += 1;
      const release = (): void => {
        origin.requests -= 1;
        onOver();
      };
      const sent = send(origin, { ...sending, onOver: release }, again);
      // A dial goes on behind a request that was given up, and holds its permit.
      sent.catch(release);
      return orAborted(sent, signal);
    },
    widthOf(name) {
      const origin = origins.get(name);
      if (origin === undefined) return Math.min(FIRST_CONNECTIONS, connectionsPerHost);
      const streams = origin.isHttp2 ? origin.sessions[0]?.streamsMax() : undefined;
      return Math.max(1, Math.min(origin.width.now(), streams ?? Number.POSITIVE_INFINITY));
    },
    isShared: (name) => origins.get(name)?.isHttp2 === true,
    async close() {
      guard.close();
      for (const connection of open) connection.destroy();
    },
  };
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index !== -1) list.splice(index, 1);
}

/** The promise's outcome, or the signal's reason if that comes first. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/**
 * Makes every socket of the web room, and judges its address there. A name is judged in the look-up whose result is
 * dialled, an IP literal (which Node never looks up) before dialling. The connected socket is judged once more. So a
 * name that resolves differently the next time (rebinding) changes nothing: only judged addresses are dialled, and a
 * kept-alive socket stays with its address.
 */
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { type FaultError, faultError, isFaultError } from '../faults.ts';
import { tlsFaultOf } from '../tlsFaults.ts';
import { effectivePort, type HostPolicy, type Reach } from './hostPolicy.ts';
import { CUT, connectSecurely, renameReset } from './orderlyEnd.ts';
import type { IsOwnEndpoint } from './ownEndpoints.ts';
import type { Resolve, ResolvedAddress } from './resolve.ts';
import { createTlsSessions } from './tlsSessions.ts';

/** Parts of an origin, an IPv6 host without brackets. */
export interface DialTarget {
  readonly hostname: string;
  readonly protocol: string;
  /** Empty for the protocol's own. */
  readonly port: string;
  /** What https offers by ALPN (RFC 7301); absent: HTTP/1.1 alone. */
  readonly versions?: readonly string[];
}

export interface Dialled {
  /** Connected, for https authenticated. */
  readonly socket: Socket;
  /** The TCP connection below TLS; without TLS the socket itself. */
  readonly raw: Socket;
  /** What the server chose by ALPN; undefined: nothing. */
  readonly version?: string;
}

export interface GuardedDial {
  /** @throws fault error */
  dial(target: DialTarget): Promise<Dialled>;
  /** Ends every dial that is under way. */
  close(): void;
}

export interface DialParts {
  readonly policy: HostPolicy;
  readonly resolve: Resolve;
  readonly isOwnEndpoint: IsOwnEndpoint;
  /** From the first question to DNS to the end of the TLS handshake. */
  readonly connectTimeoutMs: number;
}

/** Time for one of several addresses before the next one is tried (RFC 8305 section 5 asks for 100 ms to 2 s). */
const ATTEMPT_TIMEOUT_MS = 500;
/** Addresses of one name that are dialled; a browser gives up after about as many. */
const ADDRESSES_MAX = 8;

export function createGuardedDial(parts: DialParts): GuardedDial {
  const { policy, connectTimeoutMs } = parts;
  const dialling = new Set<Socket>();
  const sessions = createTlsSessions();

  const start = (
    target: DialTarget,
    reach: Reach,
    { resolve, reject }: Pick<PromiseWithResolvers<Dialled>, 'resolve' | 'reject'>,
  ): void => {
    const isSecure = target.protocol === 'https:';
    const options = {
      host: target.hostname,
      port: effectivePort(target.protocol, target.port),
      lookup: createGuardedLookup(parts, reach, effectivePort(target.protocol, target.port)),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT_MS,
      noDelay: true,
    };
    const socket = connectTcp(options);
    dialling.add(socket);
    let progress: Progress = 'none';
    const timer = setTimeout(() => socket.destroy(faultError('timeout')), connectTimeoutMs);

    const settle = (act: () => void): void => {
      if (!dialling.delete(socket)) return;
      clearTimeout(timer);
      act();
    };
    const fail = (error: Error): void => {
      settle(() => reject(dialFault(error, progress)));
      renameReset(error);
    };
    // Stays for the socket's life: an error after the hand-over has its own listeners, but none may be uncaught.
    socket.on('error', fail);
    socket.once('close', () => settle(() => reject(faultError('connect'))));
    socket.once('connect', () => {
      progress = isSecure ? 'handshake' : 'connected';
      const { remoteAddress } = socket;
      // Undefined when the peer has reset the connection already.
      if (remoteAddress === undefined || !policy.mayDial(remoteAddress, reach)) {
        socket.destroy(faultError(remoteAddress === undefined ? 'connect' : 'forbidden'));
      } else if (isSecure) {
        // RFC 6066 section 3: a name without root dot, and no IP literals.
        const { hostname: host, versions: ALPNProtocols = ['http/1.1'] } = target;
        const name = isIP(host) === 0 ? { servername: host.replace(/\.$/, '') } : {};
        // Node checks no name against the certificate of a resumed session: one serves its own host and port alone.
        const key = `${host} ${options.port}`;
        const session = sessions.get(key);
        const secure = connectSecurely(socket, { host, ALPNProtocols, ...name, ...(session && { session }) });
        // Node tells of it only after the certificate was checked.
        secure.on('session', (given) => sessions.keep(key, given));
        secure.on('error', (error) => {
          fail(error);
          // After a fatal alert Node leaves the connection as it is.
          secure.destroy();
        });
        secure.once('secureConnect', () => {
          const { alpnProtocol: version } = secure;
          settle(() => resolve({ socket: secure, raw: socket, ...(version && { version }) }));
        });
      } else settle(() => resolve({ socket, raw: socket }));
    });
  };

  return {
    async dial(target) {
      try {
        const reach = await reachOf(parts, target);
        return await new Promise((resolve, reject) => start(target, reach, { resolve, reject }));
      } catch (error) {
        throw dialFault(error as Error, 'none');
      }
    },
    close() {
      for (const socket of dialling) socket.destroy(faultError('aborted'));
    },
  };
}

/** What the target may reach. Rejects with `forbidden`; for an IP literal this is the judgement of the address too. */
async function reachOf(parts: DialParts, { hostname, protocol, port: given }: DialTarget): Promise<Reach> {
  const port = effectivePort(protocol, given);
  const family = isIP(hostname);
  const reach = parts.policy.reachOf(family === 6 ? `[${hostname}]` : hostname, port);
  if (reach === null) throw faultError('forbidden');
  if (family !== 0) await judged(parts, [{ address: hostname, family }], reach, port);
  return reach;
}

/** A lookup for `net.connect` that only ever hands out addresses within `reach`, in both forms of its callback. */
export function createGuardedLookup(parts: DialParts, reach: Reach, port: number): LookupFunction {
  return (hostname, options, callback) => {
    resolveWithRetry(parts.resolve, hostname)
      .then((addresses) => judged(parts, addresses, reach, port))
      .then((addresses) => {
        const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0);
        const usable = family === 0 ? addresses : addresses.filter((one) => one.family === family);
        const [first] = usable;
        if (first === undefined) throw faultError('dns');
        return { usable, first };
      })
      .then(
        ({ usable, first }) =>
          options.all === true ? callback(null, [...usable]) : callback(null, first.address, first.family),
        (error: Error) => callback(lookupFault(error), ''),
      );
  };
}

/** A server that failed just now: getaddrinfo(3)'s own word for it, and c-ares'. */
const TRY_AGAIN: ReadonlySet<unknown> = new Set(['EAI_AGAIN', 'ESERVFAIL']);
/** No server answered: c-ares gave up, or was cancelled. */
const SILENCE: ReadonlySet<unknown> = new Set(['ETIMEOUT', 'ECANCELLED']);

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

async function resolveWithRetry(resolve: Resolve, hostname: string): Promise<readonly ResolvedAddress[]> {
  try {
    return await resolve(hostname);
  } catch (error) {
    if (!TRY_AGAIN.has(codeOf(error))) throw error;
    return resolve(hostname);
  }
}

/**
 * At most eight of the addresses that may be dialled, each once. The families alternate, so that neither crowds out the
 * other. Forbidden addresses are left out. Rejects with `dns` when the name has no address, with `forbidden` when it
 * has only forbidden ones.
 */
async function judged(
  { policy, isOwnEndpoint }: DialParts,
  addresses: readonly ResolvedAddress[],
  reach: Reach,
  port: number,
): Promise<readonly ResolvedAddress[]> {
  if (addresses.length === 0) throw faultError('dns');
  const usable: ResolvedAddress[] = [];
  for (const { address, family } of byTurns(addresses)) {
    if (usable.length === ADDRESSES_MAX) break;
    if (usable.some((one) => one.address === address)) continue;
    if (isIP(address) !== family || !policy.mayDial(address, reach)) continue;
    if (await isOwnEndpoint(address, port)) continue;
    usable.push({ address, family });
  }
  if (usable.length === 0) throw faultError('forbidden');
  return usable;
}

/** The first family's first address, the other's first, and so on. */
function byTurns(addresses: readonly ResolvedAddress[]): readonly ResolvedAddress[] {
  const families = Map.groupBy(addresses, ({ family }) => family);
  return addresses.flatMap((_, index) => [...families.values()].flatMap((those) => those[index] ?? []));
}

function lookupFault(error: Error): FaultError {
  if (isFaultError(error)) return error;
  return faultError(SILENCE.has(codeOf(error)) ? 'timeout' : 'dns', { cause: error });
}

/** How far a dial has come: no address connected, TCP connected, or in the TLS handshake. */
type Progress = 'none' | 'connected' | 'handshake';

function dialFault(error: Error, progress: Progress): FaultError {
  if (isFaultError(error)) return error;
  const code = codeOf(error);
  // All addresses silent: Node gives the attempts up one by one and reports them together.
  if (code === 'ETIMEDOUT') return faultError('timeout', { cause: error });
  // A reset may come before the connection is known to be there.
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === CUT)
    return faultError('connect', { cause: error });
  if (progress === 'handshake') {
    const tls = tlsFaultOf(code);
    return faultError('tls', { cause: error, ...(tls && { tls }) });
  }
  return faultError('connect', { cause: error, isRefusal: progress === 'none' });
}

/** Which addresses a name has. */
import { lookup } from 'node:dns/promises';
import { createAskDns } from './askDns.ts';
import { createHostsFile, type LookInHostsFile } from './hostsFile.ts';
import type { Resolve, ResolvedAddress } from './resolve.ts';

export interface ResolveOptions {
  /** Names that the operator gave: those of the allow list and of the own endpoints. */
  readonly ownNames: readonly string[];
  /** Milliseconds for a name that is asked of the name servers; the system has its own times. */
  readonly patienceMs: number;
  /** What tests replace. */
  readonly askSystem?: Resolve;
  readonly askDns?: Resolve;
  readonly lookInHostsFile?: LookInHostsFile;
}

/**
 * The operator's names are asked of the system (getaddrinfo), so that those of a container network, of a search domain
 * and `localhost` work. All others are looked for in the hosts file and then asked of the name servers by this process
 * itself: getaddrinfo blocks one of libuv's threads until a server answers or its own ten seconds or more are over, of
 * the four threads it gets two, and the store's and Redis' names are resolved there too. Two names that nobody answers
 * would stop everybody.
 *
 * Calls for a name that is being asked for share its answer; one whose patience is not over when that of the first
 * asker is asks itself. Nothing is kept: the next call asks again. How many are asked for at once is bounded by the
 * connections that a call may open.
 *
 * Rejects with getaddrinfo's codes (ENOTFOUND, EAI_AGAIN) for the operator's names, with those of `createAskDns` for all
 * others.
 */
export function createResolve({
  ownNames,
  patienceMs,
  askSystem = (hostname) => lookup(hostname, { all: true }),
  askDns = createAskDns({ patienceMs }),
  lookInHostsFile = createHostsFile(),
}: ResolveOptions): Resolve {
  const own = new Set(ownNames);
  const shared = new Map<string, Promise<readonly ResolvedAddress[]>>();

  const ask: Resolve = async (hostname) => {
    if (own.has(hostname)) return askSystem(hostname);
    const listed = await lookInHostsFile(hostname);
    return listed.length > 0 ? listed : askDns(hostname);
  };

  const askShared: Resolve = (hostname) => {
    const asked = shared.get(hostname) ?? ask(hostname).finally(() => shared.delete(hostname));
    shared.set(hostname, asked);
    return asked;
  };

  return async (hostname) => {
    const isFirst = !shared.has(hostname);
    try {
      return await askShared(hostname);
    } catch (error) {
      if (isFirst || (error as NodeJS.ErrnoException).code !== 'ECANCELLED') throw error;
      return askShared(hostname);
    }
  };
}

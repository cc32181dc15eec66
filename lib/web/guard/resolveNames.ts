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
 * The system (getaddrinfo) resolves the operator's names, so that names of a container network or search domain and
 * `localhost` work. For all other names this process reads the hosts file and then asks the name servers itself.
 * getaddrinfo would block one of libuv's threads until a server answers, or for ten seconds and more. It may use two
 * of the four threads, and resolves the store's and Redis' names there too. So two names without an answer would stop
 * the whole service.
 *
 * Calls for a name that is being resolved share the result. When the first call's patience ends, a call with more
 * patience asks again itself. Nothing is cached. The connections that a call may open bound its look-ups.
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

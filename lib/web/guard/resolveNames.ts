/** The system's resolver, as a promise, kept from taking the whole thread pool. */
import { lookup } from 'node:dns/promises';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Every address of a name, in the order to try them. Rejects with a `code` such as ENOTFOUND or EAI_AGAIN. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export interface ResolveOptions {
  /** A name that waited longer for its turn is not asked for: its caller has gone. */
  readonly patienceMs: number;
  readonly ask?: Resolve;
}

/**
 * getaddrinfo blocks a thread of libuv's pool (four by default) until the name server answers or its own time is
 * over. Names of a hostile page may never be answered; one thread always stays free for everybody else.
 */
const LOOKUPS_AT_ONCE = 3;

/**
 * getaddrinfo, so that /etc/hosts and a container network's names work. At most three names are asked for at once;
 * calls for a name that is being asked for share its answer. Nothing is kept: the next call asks again.
 */
export function createResolve({ patienceMs, ask = askSystem }: ResolveOptions): Resolve {
  const shared = new Map<string, Promise<readonly ResolvedAddress[]>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  const askInTurn: Resolve = async (hostname) => {
    const since = performance.now();
    if (running >= LOOKUPS_AT_ONCE) await new Promise<void>((start) => waiting.push(start));
    else running += 1;
    try {
      if (performance.now() - since > patienceMs) {
        throw Object.assign(new Error('No turn to ask for the name in time'), { code: 'ETIMEOUT' });
      }
      return await ask(hostname);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };

  return (hostname) => {
    const asked = shared.get(hostname) ?? askInTurn(hostname).finally(() => shared.delete(hostname));
    shared.set(hostname, asked);
    return asked;
  };
}

function askSystem(hostname: string): Promise<readonly ResolvedAddress[]> {
  return lookup(hostname, { all: true });
}

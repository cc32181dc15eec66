/** Asks the name servers of the system over the network. */
import { Resolver } from 'node:dns/promises';
import type { Resolve, ResolvedAddress } from './resolveNames.ts';

export interface AskDnsOptions {
  /** A name that takes longer is given up. */
  readonly patienceMs: number;
  /** `address:port` each; absent means those of the system. */
  readonly servers?: readonly string[];
}

/** For the first attempt; each further one has twice the time of the one before. */
const ATTEMPT_MS = 1_000;
const ATTEMPTS = 3;
/** Once a name has addresses of one family: some servers never answer for the other (RFC 8305 section 3). */
const OTHER_FAMILY_MS = 300;

/** The IPv4 addresses of a name and then the others: where IPv6 leads nowhere, nobody waits for it first. */
export function createAskDns({ patienceMs, servers }: AskDnsOptions): Resolve {
  return async (hostname) => {
    // One of its own for every name: it knows the servers of now, and is given up without the others.
    const resolver = new Resolver({ timeout: ATTEMPT_MS, tries: ATTEMPTS });
    if (servers !== undefined) resolver.setServers(servers);
    const giveUpIn = (ms: number) => setTimeout(() => resolver.cancel(), ms);
    const timers = [giveUpIn(patienceMs)];

    const failures: NodeJS.ErrnoException[] = [];

    const find = async (family: number, asking: Promise<string[]>): Promise<readonly ResolvedAddress[]> => {
      try {
        const addresses = await asking;
        timers.push(giveUpIn(OTHER_FAMILY_MS));
        return addresses.map((address) => ({ address, family }));
      } catch (error) {
        failures.push(error as NodeJS.ErrnoException);
        return [];
      }
    };
    const both = [find(4, resolver.resolve4(hostname)), find(6, resolver.resolve6(hostname))];
    const found = (await Promise.all(both)).flat();
    for (const timer of timers) clearTimeout(timer);
    // No data of one family says less than whatever became of the other.
    if (found.length === 0) throw failures.find(({ code }) => code !== 'ENODATA') ?? failures[0];
    return found;
  };
}

/** Asks the name servers of the system over the network. */
import { Resolver } from 'node:dns/promises';
import type { Resolve, ResolvedAddress } from './resolve.ts';

export interface AskDnsOptions {
  /** Milliseconds; a name that takes longer is given up. */
  readonly patienceMs: number;
  /** `address:port` each; absent means those of the system. */
  readonly servers?: readonly string[];
}

/** For the first attempt; each further one has twice the time of the one before. */
const ATTEMPT_MS = 1_000;
const ATTEMPTS = 3;
/**
 * How long a name that has addresses of one family is still asked for the other: some servers never answer for one of
 * them. With IPv4 addresses little is lost; with IPv6 ones alone, where IPv6 leads nowhere, everything: an answer that
 * got lost has time to come once more. RFC 8305 section 3 has 50 ms for the first, since its connections race.
 */
const AFTER_IPV4_MS = 300;
const AFTER_IPV6_MS = ATTEMPT_MS + 300;
/** What a server says that cannot or will not tell. c-ares goes on to the next one only when a server is silent. */
const REFUSALS: ReadonlySet<unknown> = new Set(['ESERVFAIL', 'EREFUSED', 'ENOTIMP']);

/**
 * The IPv4 addresses of a name and then the others: where IPv6 leads nowhere, nobody waits for it first. Rejects with
 * ENOTFOUND or ENODATA when it has none, with what the last server said when none of them can tell (ESERVFAIL,
 * EREFUSED, ENOTIMP), with ETIMEOUT when none answers, and with ECANCELLED when the patience is over.
 */
export function createAskDns({ patienceMs, servers }: AskDnsOptions): Resolve {
  return (hostname) => {
    const end = performance.now() + patienceMs;
    const askFrom = async (those: Servers): Promise<readonly ResolvedAddress[]> => {
      try {
        return await askServers(those, hostname, end - performance.now());
      } catch (error) {
        const others = listed(those).slice(1);
        if (others.length > 0 && REFUSALS.has((error as NodeJS.ErrnoException).code)) return askFrom(others);
        throw error;
      }
    };
    return askFrom(servers ?? SYSTEM);
  };
}

/** The servers of the system, as its own file names them. */
const SYSTEM = 'system';
type Servers = readonly string[] | typeof SYSTEM;

/** A link-local address among them has lost its zone id (`fe80::1%eth0`): Node neither gives nor takes one. */
function listed(servers: Servers): readonly string[] {
  return servers === SYSTEM ? new Resolver().getServers() : servers;
}

/** The first of them that answers, whatever it says. */
async function askServers(
  servers: Servers,
  hostname: string,
  patienceMs: number,
): Promise<readonly ResolvedAddress[]> {
  // One of its own for every name: it is given up without the others.
  const resolver = new Resolver({ timeout: ATTEMPT_MS, tries: ATTEMPTS });
  // A new resolver has the system's servers with their zone ids, which a list would lose.
  if (servers !== SYSTEM) resolver.setServers(servers);
  const giveUpIn = (ms: number) => setTimeout(() => resolver.cancel(), ms);
  const timers = [giveUpIn(patienceMs)];
  const failures: NodeJS.ErrnoException[] = [];

  const find = async (
    family: number,
    asking: Promise<string[]>,
    otherFamilyMs: number,
  ): Promise<readonly ResolvedAddress[]> => {
    try {
      const addresses = await asking;
      // c-ares follows a loop of CNAMEs to a success without an address.
      if (addresses.length === 0) throw noData();
      timers.push(giveUpIn(otherFamilyMs));
      return addresses.map((address) => ({ address, family }));
    } catch (error) {
      failures.push(error as NodeJS.ErrnoException);
      return [];
    }
  };
  const both = await Promise.all([
    find(4, resolver.resolve4(hostname), AFTER_IPV4_MS),
    find(6, resolver.resolve6(hostname), AFTER_IPV6_MS),
  ]);
  const found = both.flat();
  for (const timer of timers) clearTimeout(timer);
  // No data of one family says less than whatever became of the other.
  if (found.length === 0) throw failures.find(({ code }) => code !== 'ENODATA') ?? failures[0];
  return found;
}

const noData = (): NodeJS.ErrnoException =>
  Object.assign(new Error('The name has no address'), { code: 'ENODATA' });

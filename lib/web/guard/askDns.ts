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
 * How long the query for one family goes on after the other family has answered: some servers never answer one of them.
 * A name with IPv4 addresses loses little without the others. A name with IPv6 addresses alone is lost on a network
 * without IPv6, so a lost response gets the time to come again. RFC 8305 section 3 waits 50 ms, since its connections
 * race.
 */
const AFTER_IPV4_MS = 300;
const AFTER_IPV6_MS = ATTEMPT_MS + 300;
/** Responses of a server that cannot or will not resolve the name. c-ares tries the next server only after silence. */
const REFUSALS: ReadonlySet<unknown> = new Set(['ESERVFAIL', 'EREFUSED', 'ENOTIMP']);

/**
 * Resolves a name to its IPv4 addresses and then the IPv6 ones, so that a network without IPv6 delays no dial. Rejects
 * with the codes of c-ares:
 *
 * - ENOTFOUND or ENODATA when the name has no address,
 * - ESERVFAIL, EREFUSED or ENOTIMP, as the last server said, when every server refuses,
 * - ETIMEOUT when no server responds,
 * - ECANCELLED when the patience is over.
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
  // One resolver for each name, since cancelling a resolver cancels all its queries.
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
  // "No data" of one family says less than the other family's failure.
  if (found.length === 0) throw failures.find(({ code }) => code !== 'ENODATA') ?? failures[0];
  return found;
}

const noData = (): NodeJS.ErrnoException =>
  Object.assign(new Error('The name has no address'), { code: 'ENODATA' });

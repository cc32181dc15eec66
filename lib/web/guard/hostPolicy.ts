/** Which hosts and ports may be asked for at all, before any name is resolved, and what each may reach. */
import { isIP } from 'node:net';
import type { FetchConfig } from '../../config.ts';
import { type AddressClass, addressClass } from './addressPolicy.ts';

/** The classes of address that a target may reach. */
export type Reach = ReadonlySet<AddressClass>;

export interface HostPolicy {
  /**
   * What `hostname` (as the URL parser spells it) at `port` may reach; null when it is refused, whatever it resolves
   * to.
   */
  reachOf(hostname: string, port: number): Reach | null;
  mayDial(address: string, reach: Reach): boolean;
}

const PUBLIC: Reach = new Set(['public']);
const ALLOWED: Reach = new Set(['public', 'private']);
const LOOPBACK: Reach = new Set(['loopback']);

/** Names that never belong to the public web; resolving them would ask the local network about them. */
const LOCAL_NAMES = [
  'localhost', // RFC 6761
  'local', // RFC 6762: mDNS
  'internal', // reserved by ICANN in 2024 for private use
  'home.arpa', // RFC 8375
  'intranet', // RFC 6762 appendix G, and the four that follow
  'private',
  'corp',
  'home',
  'lan',
  'localdomain', // a widespread resolver default
];

/**
 * The rule of `FETCH_PORTS`, `FETCH_ALLOW_HOSTS` and the own endpoints.
 * `classify` exists for tests on loopback; production always judges by the address table.
 */
export function createHostPolicy(
  config: FetchConfig,
  classify: (address: string) => AddressClass = addressClass,
): HostPolicy {
  const own = new Set(
    config.ownEndpoints.map(({ hostname, port }) => target(withoutRootDot(hostname), port)),
  );
  const allowed = new Map<string, Reach>();
  for (const { hostname, port } of config.allowHosts) {
    const isLoopback = hostname === 'localhost' || addressClass(bare(hostname)) === 'loopback';
    if (isLoopback && !config.isLoopbackAllowed) continue;
    allowed.set(target(hostname, port), isLoopback ? LOOPBACK : ALLOWED);
  }

  return {
    reachOf(hostname, port) {
      if (own.has(target(withoutRootDot(hostname), port))) return null;
      const reach = allowed.get(target(hostname, port));
      if (reach !== undefined) return reach;
      if (!config.ports.includes(port)) return null;
      const address = bare(hostname);
      if (isIP(address) !== 0) return classify(address) === 'public' ? PUBLIC : null;
      return isLocalName(hostname) ? null : PUBLIC;
    },
    mayDial: (address, reach) => reach.has(classify(address)),
  };
}

/** The port that a URL of `protocol` means when it names none. */
export function effectivePort(protocol: string, port: string): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/** A URL's IPv6 host without its brackets; any other host as it is. */
export function bare(hostname: string): string {
  return hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;
}

/** Local by its last labels, or a single label, which only a search domain or the local network can complete. */
function isLocalName(hostname: string): boolean {
  const name = withoutRootDot(hostname.toLowerCase());
  return !name.includes('.') || LOCAL_NAMES.some((local) => name === local || name.endsWith(`.${local}`));
}

function withoutRootDot(hostname: string): string {
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
}

function target(hostname: string, port: number): string {
  return `${hostname.toLowerCase()}:${port}`;
}

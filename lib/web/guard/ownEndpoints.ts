/** Keeps the store and the cache out of reach also under another name. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { AllowedHost } from '../../config.ts';
import { addressBytes, addressClass } from './addressPolicy.ts';
import { bare } from './hostPolicy.ts';
import type { Resolve } from './resolve.ts';

/** Whether an address and port is where one of the own endpoints listens; true also when that cannot be found out. */
export type IsOwnEndpoint = (address: string, port: number) => Promise<boolean>;

export interface OwnEndpointParts {
  readonly resolve: Resolve;
  /** Milliseconds that only go forward. */
  readonly elapsed: () => number;
  /** The addresses of this machine. */
  readonly machine?: () => readonly string[];
}

/** A container's address changes only when the container is created again. */
const KEPT_MS = 30_000;
/** Who listens on one address of a machine may listen on all of them. */
const HERE = 'here';

interface Kept {
  readonly since: number;
  readonly addresses: Promise<readonly string[]>;
}

/**
 * A check whether an address is an endpoint of this service: its store, its Redis. It matters in two cases. A name that
 * the allow list opens to private addresses may resolve to the store, and this machine may have a public address. Some
 * endpoints share a public address with other sites (a CDN, a cloud's S3): these are refused by name alone.
 */
export function createOwnEndpoints(
  endpoints: readonly AllowedHost[],
  { resolve, elapsed, machine = machineAddresses }: OwnEndpointParts,
): IsOwnEndpoint {
  const kept = new Map<AllowedHost, Kept>();

  const addressesOf = (endpoint: AllowedHost): Promise<readonly string[]> => {
    const known = kept.get(endpoint);
    if (known !== undefined && elapsed() - known.since < KEPT_MS) return known.addresses;
    const addresses = resolve(bare(endpoint.hostname)).then((found) => found.map(({ address }) => address));
    kept.set(endpoint, { since: elapsed(), addresses });
    addresses.catch(() => kept.delete(endpoint));
    return addresses;
  };

  return async (address, port) => {
    const atPort = endpoints.filter((endpoint) => endpoint.port === port);
    if (atPort.length === 0) return false;
    const here = new Set(machine().map(spelt));
    const spotOf = (of: string) => (isHere(of, here) ? HERE : spelt(of));
    const spot = spotOf(address);
    const isShared = spot !== HERE && addressClass(address) === 'public';

    for (const endpoint of atPort) {
      const literal = bare(endpoint.hostname);
      if (isIP(literal) !== 0) {
        if (spotOf(literal) === spot) return true;
      } else if (!isShared) {
        const addresses = await addressesOf(endpoint).catch(() => null);
        if (addresses === null || addresses.some((one) => spotOf(one) === spot)) return true;
      }
    }
    return false;
  };
}

function machineAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
}

/** Loopback, the unspecified address (which Linux dials as loopback), or an address of this machine. */
function isHere(address: string, here: ReadonlySet<string>): boolean {
  const text = spelt(address);
  return addressClass(address) === 'loopback' || UNSPECIFIED.has(text) || here.has(text);
}

/** One spelling for one address: its bytes, IPv4 for a mapped address. Other text stays as it is. */
function spelt(address: string): string {
  const bytes = addressBytes(address);
  if (bytes === null) return address;
  const text = bytes.join('.');
  return text.startsWith(MAPPED) ? text.slice(MAPPED.length) : text;
}

const MAPPED = '0.0.0.0.0.0.0.0.0.0.255.255.';
const UNSPECIFIED = new Set(['0.0.0.0', '::'].map(spelt));

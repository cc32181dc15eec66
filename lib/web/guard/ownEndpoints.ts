/** Keeps the store and the cache out of reach also under another name. */
import type { AllowedHost } from '../../config.ts';
import { addressBytes, addressClass } from './addressPolicy.ts';
import { bare } from './hostPolicy.ts';
import type { Resolve } from './resolveNames.ts';

/** Whether an address and port is where one of the own endpoints listens; true also when that cannot be found out. */
export type IsOwnEndpoint = (address: string, port: number) => Promise<boolean>;

/** A container's address changes only when it is made anew. */
const KEPT_MS = 30_000;

interface Kept {
  readonly since: number;
  readonly spots: Promise<ReadonlySet<string>>;
}

/**
 * Needed only where an entry of the allow list opens private addresses: a name on it may resolve to the store. An own
 * endpoint at a public address is refused by its name alone, since others share such addresses (a CDN, a cloud's S3).
 */
export function createOwnEndpoints(
  endpoints: readonly AllowedHost[],
  resolve: Resolve,
  elapsed: () => number,
): IsOwnEndpoint {
  const kept = new Map<AllowedHost, Kept>();

  const spotsOf = (endpoint: AllowedHost): Promise<ReadonlySet<string>> => {
    const known = kept.get(endpoint);
    if (known !== undefined && elapsed() - known.since < KEPT_MS) return known.spots;
    const spots = resolve(bare(endpoint.hostname)).then(
      (addresses) => new Set(addresses.map(({ address }) => spotOf(address))),
    );
    kept.set(endpoint, { since: elapsed(), spots });
    spots.catch(() => kept.delete(endpoint));
    return spots;
  };

  return async (address, port) => {
    if (addressClass(address) === 'public') return false;
    const spot = spotOf(address);
    for (const endpoint of endpoints) {
      if (endpoint.port !== port) continue;
      const spots = await spotsOf(endpoint).catch(() => undefined);
      if (spots?.has(spot) ?? true) return true;
    }
    return false;
  };
}

/** One spelling for one listener: an endpoint on any loopback address may be bound to all of them. */
function spotOf(address: string): string {
  if (addressClass(address) === 'loopback') return 'loopback';
  const bytes = addressBytes(address);
  if (bytes === null) return address;
  const isMapped =
    bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff && !bytes.subarray(0, 10).some(Boolean);
  return (isMapped ? bytes.subarray(12) : bytes).join('.');
}

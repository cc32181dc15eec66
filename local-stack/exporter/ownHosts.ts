/** By which names a client may call this server: a web page whose name was rebound to this machine has another. */
import { isIP } from 'node:net';

/** The name that docker-compose.yml and Prometheus' configuration give it. */
const NAMES = ['localhost', '127.0.0.1', '[::1]', 'emf-exporter'];

/** Returns a function that says whether a `Host` field names this server. A request of HTTP/1.0 may have none. */
export function createHostCheck(listening: string, allowed: Iterable<string>) {
  const names = new Set([...NAMES, bracketed(listening), ...allowed].map((name) => name.toLowerCase()));
  return (host: string | undefined, localAddress: string | undefined): boolean => {
    if (host === undefined) return true;
    const name = host
      .replace(/:\d{1,5}$/, '')
      .replace(/\.$/, '')
      .toLowerCase();
    // An address that the connection itself came to cannot have been rebound.
    return names.has(name) || (localAddress !== undefined && name === bracketed(plain(localAddress)));
  };
}

/** Without the prefix of an IPv4 address on a socket of IPv6. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/, '');

const bracketed = (host: string) => (isIP(host) === 6 ? `[${host}]` : host);

/** By which names a client may call this server: a web page whose name was rebound to this machine has another. */
import { isIP } from 'node:net';

/** The name that docker-compose.yml and Prometheus' configuration give it. */
const NAMES = ['localhost', '127.0.0.1', '[::1]', 'emf-exporter'];

/** Returns a function that says whether a `Host` field names this server. A request of HTTP/1.0 may have none. */
export function createHostCheck(listening: string, allowed: Iterable<string>) {
  const names = new Set([...NAMES, bracketed(listening), ...allowed].map((name) => name.toLowerCase()));
  const isOnAllAddresses = listening === '0.0.0.0' || listening === '::';
  return (host: string | undefined): boolean => {
    if (host === undefined) return true;
    const name = host
      .replace(/:\d{1,5}$/, '')
      .replace(/\.$/, '')
      .toLowerCase();
    // It has addresses that it does not know, such as those of a container's host. Rebinding needs a name.
    return names.has(name) || (isOnAllAddresses && isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0);
  };
}

const bracketed = (host: string) => (isIP(host) === 6 ? `[${host}]` : host);

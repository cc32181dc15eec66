/** Names that no name server is asked for. */
import dns from 'node:dns';
import { jest } from '@jest/globals';

/** The names of this domain lead to this machine, until the function returned is called. */
export function namesLeadHere(domain: string): () => void {
  const usual = dns.lookup;
  const lookup = (name: string, options: dns.LookupOptions, done: (...args: unknown[]) => void) => {
    if (name !== domain && !name.endsWith(`.${domain}`)) return usual(name, options, done);
    if (options.all) return done(null, [{ address: '127.0.0.1', family: 4 }]);
    return done(null, '127.0.0.1', 4);
  };
  const spy = jest.spyOn(dns, 'lookup').mockImplementation(lookup as unknown as typeof dns.lookup);
  return () => spy.mockRestore();
}

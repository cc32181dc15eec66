/** Starts sites over TLS, each in another process, and makes the settings of a function that trusts them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selfSigned } from '../test/lib/web/selfSigned.ts';
import { startServer } from './child.ts';
import { SITE } from './world.ts';

export const HTTP_VERSIONS = ['HTTP/2', 'HTTP/1.1'] as const;
export type HttpVersion = (typeof HTTP_VERSIONS)[number];

export interface TlsSites {
  /** Starts one more, and resolves with its origin. */
  start(version: HttpVersion): Promise<string>;
  /** Of a function that may read all that were started. */
  env(): Record<string, string>;
}

export async function createTlsSites(folder: string, parts: AsyncDisposableStack): Promise<TlsSites> {
  const identity = selfSigned('localhost', new Date());
  const [key, cert] = [join(folder, 'site.key'), join(folder, 'site.crt')] as const;
  await Promise.all([writeFile(key, identity.key, { mode: 0o600 }), writeFile(cert, identity.cert)]);
  const hosts: string[] = [];
  return {
    async start(version) {
      const site = await startServer(SITE, [version, key, cert]);
      parts.defer(() => site.close());
      hosts.push(`localhost:${site.port}`);
      return `https://localhost:${site.port}`;
    },
    env: () => ({ FETCH_ALLOW_HOSTS: hosts.join(','), NODE_EXTRA_CA_CERTS: cert }),
  };
}

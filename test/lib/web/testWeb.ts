/** The web room on loopback: 127.0.0.2 stands for a public address, every other address is judged by the real table. */
import type { FetchConfig } from '../../../lib/config.ts';
import type { WebRequest, WebResult } from '../../../lib/domain/ports.ts';
import { createWeb, type WebParts } from '../../../lib/web/createWeb.ts';
import { addressClass } from '../../../lib/web/guard/addressPolicy.ts';
import type { Resolve } from '../../../lib/web/guard/resolve.ts';
import { PRIVATE_ADDRESS, PUBLIC_ADDRESS } from './rawServer.ts';

export interface TestWeb extends AsyncDisposable {
  readonly web: ReturnType<typeof createWeb>;
  read(url: string, request?: Partial<WebRequest>): Promise<WebResult>;
}

export const CONFIG: FetchConfig = {
  allowHosts: [],
  isLoopbackAllowed: true,
  ownEndpoints: [],
  ports: [80, 443],
  redirectsMax: 5,
  // Where a test waits for one of these to be over, it has its own.
  connectTimeoutMs: 30_000,
  pageTimeoutMs: 60_000,
  imageTimeoutMs: 60_000,
  connectionsPerHost: 8,
  streamsPerHost: 100,
  connectionsMax: 32,
};

const ADDRESSES: Readonly<Record<string, string>> = {
  'good.test': PUBLIC_ADDRESS,
  'other.test': PUBLIC_ADDRESS,
  'evil.test': PRIVATE_ADDRESS,
};

export const resolveTestName: Resolve = async (hostname) => {
  const address = ADDRESSES[hostname];
  if (address === undefined)
    throw Object.assign(new Error(`No such name: ${hostname}`), { code: 'ENOTFOUND' });
  return [{ address, family: 4 }];
};

export const classifyTestAddress: NonNullable<WebParts['classify']> = (address) =>
  address === PUBLIC_ADDRESS ? 'public' : addressClass(address);

export function createTestWeb(config: Partial<FetchConfig>, parts: WebParts = {}): TestWeb {
  const web = createWeb(
    { ...CONFIG, ...config },
    { resolve: resolveTestName, classify: classifyTestAddress, ...parts },
  );
  return {
    web,
    read: (url, request = {}) =>
      web.read({
        url: new URL(url),
        kind: 'page',
        maxBytes: 1024 * 1024,
        signal: new AbortController().signal,
        ...request,
      }),
    [Symbol.asyncDispose]: () => web.close(),
  };
}

/** The fault of a failed reading, or the kind of any other result. */
export function faultOf(result: WebResult): string {
  return result.kind === 'failed' ? result.fault : result.kind;
}

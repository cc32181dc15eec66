/**
 * The embedded store under another address: below a path, with the bucket in the host name, or over TLS. It checks each
 * signature against the request as sent. So it refuses a client that signs a different address than it calls.
 */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthenticator } from '../../local-stack/embedded/authenticate.ts';
import { LOCAL_KEYS } from '../../local-stack/embedded/localKeys.ts';
import type { SelfSigned } from '../lib/web/selfSigned.ts';
import './nodeErrors.ts';
import { signedHeaders } from './signedFetch.ts';

export interface AddressedStore {
  readonly port: number;
  /** Every request, as `GET host/path?query`. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export interface Addressing {
  /** The path of a resource on the target; null for an address that this store does not have. */
  readonly toTarget: (hostname: string, path: string) => string | null;
  /** For HTTPS. */
  readonly certificate?: SelfSigned;
}

/** Header fields that the target needs. */
const PASSED_ON = ['content-type', 'content-disposition', 'content-md5', 'if-match', 'if-none-match'];

/** @param target endpoint of the embedded store with its default keys */
export async function startAddressedStore(
  target: string,
  { toTarget, certificate }: Addressing,
): Promise<AddressedStore> {
  const requests: string[] = [];
  const authenticate = createAuthenticator(LOCAL_KEYS);

  const respond = async (incoming: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = incoming;
    const body = Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>));
    requests.push(`${method} ${headers.host}${url}`);
    const refusal = await authenticate({ method, target: url, headers });
    const { pathname, searchParams } = new URL(url, 'http://any');
    const path = toTarget(String(headers.host).replace(/:\d+$/, ''), pathname);
    if (refusal !== null || path === null) {
      const code = refusal?.code ?? 'NoSuchBucket';
      response.writeHead(refusal === null ? 404 : 403, { 'content-type': 'application/xml' });
      response.end(`<Error><Code>${code}</Code></Error>`);
      return;
    }
    // The target has another address, so it needs another signature.
    for (const name of [...searchParams.keys()]) if (name.startsWith('X-Amz-')) searchParams.delete(name);
    const place = new URL(`${path}?${searchParams}`, target);
    const kept = PASSED_ON.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, String(value)] as const];
    });
    const signed = await signedHeaders(place.href, { method, headers: Object.fromEntries(kept), body });
    const passed = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { method, headers: { ...signed, 'content-length': body.length } };
      httpRequest(place, options, resolve).on('error', reject).end(body);
    });
    response.writeHead(passed.statusCode ?? 502, passed.headers);
    passed.pipe(response);
  };

  const listener = (incoming: IncomingMessage, response: ServerResponse) =>
    void respond(incoming, response).catch(() => response.destroy());
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A proxy before a store that keeps what it has read, as far as it is told to. */
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import './nodeErrors.ts';

export interface Caching {
  /** Of which reads the response is kept: of objects, of what is not there, of listings. */
  readonly keeps: 'objects' | 'misses' | 'listings';
  /** Which writes make it forget what it keeps of their object. */
  readonly forgets: 'none' | 'unconditional' | 'conditional';
}

interface Kept {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** @param target endpoint of a store that goes by the Host it is sent */
export async function startCachingProxy(target: string, { keeps, forgets }: Caching) {
  const kept = new Map<string, Kept>();
  const isKept = (path: string, { status }: Kept) => {
    if (path.includes('list-type=')) return keeps === 'listings' && status === 200;
    return keeps === (status === 404 ? 'misses' : 'objects') && [200, 404].includes(status);
  };
  const server = createServer(async (incoming, response) => {
    try {
      const body = Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>));
      const { method = '', url = '', headers } = incoming;
      const isConditional = headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;
      if (method === 'PUT' && forgets === (isConditional ? 'conditional' : 'unconditional')) {
        kept.delete(url.split('?')[0] ?? '');
      }
      const key = url.includes('list-type=') ? url : (url.split('?')[0] ?? '');
      const result =
        (method === 'GET' && kept.get(key)) || (await pass(new URL(url, target), method, headers, body));
      if (method === 'GET' && isKept(url, result)) kept.set(key, result);
      response.writeHead(result.status, result.headers);
      response.end(result.body);
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pass(url: URL, method: string, headers: IncomingHttpHeaders, body: Buffer): Promise<Kept> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { method, headers }, async (response) => {
      const pieces = await Array.fromAsync(response as AsyncIterable<Buffer>);
      resolve({
        status: response.statusCode ?? 502,
        headers: response.headers,
        body: Buffer.concat(pieces),
      });
    })
      .on('error', reject)
      .end(body);
  });
}

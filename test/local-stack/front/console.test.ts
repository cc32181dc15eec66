/** The site with the console: the API on its own origin, and what browsers are told. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { USER_AGENT } from '../../../lib/web/requestHeaders.ts';
import { consoleHeaders } from '../../../local-stack/front/consoleHeaders.ts';
import { type Site, startSite } from '../../../local-stack/front/site.ts';

const ROOT = join(import.meta.dirname, '../../..');
const STORE = 'http://127.0.0.1:9000';

const seen: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }[] = [];
const api = createServer(async (incoming, response) => {
  let body = '';
  for await (const piece of incoming) body += piece;
  seen.push({
    headers: incoming.headers,
    body,
    ...(incoming.method && { method: incoming.method }),
    ...(incoming.url && { url: incoming.url }),
  });
  if (incoming.url === '/cut') {
    response.writeHead(200, { 'content-length': '100' });
    response.write('some');
    setImmediate(() => response.destroy());
    return;
  }
  response.writeHead(201, {
    'content-type': 'application/json',
    location: '/images?url=a',
    connection: 'x-own',
    'x-own': 'of this connection',
    'x-request-id': 'one',
  });
  response.end('{"fine":true}');
});

let site: Site;

beforeAll(async () => {
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  site = await startSite({
    folder: join(ROOT, 'static'),
    host: '127.0.0.1',
    port: 0,
    console: { api: urlOf(api), storeOrigin: STORE },
  });
});
afterAll(async () => {
  await site.close();
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
});

function urlOf(server: typeof api): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

const get = (path: string, init?: RequestInit) =>
  fetch(`${site.url}${path}`, { redirect: 'manual', ...init });

describe('the API below /api/', () => {
  it('gets the call as it was made, and its answer comes back as it was given', async () => {
    const response = await get('/api/images?url=a%20b', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Odd': 'yes' },
      body: '{"url":"x"}',
    });
    const last = seen.at(-1);
    expect(last).toMatchObject({ method: 'POST', url: '/images?url=a%20b', body: '{"url":"x"}' });
    expect(last?.headers).toMatchObject({ 'content-type': 'application/json', 'x-odd': 'yes' });
    expect([response.status, await response.json()]).toEqual([201, { fine: true }]);
    expect(response.headers.get('x-request-id')).toBe('one');
  });

  it('has its Location moved along with it', async () => {
    const response = await get('/api/images');
    expect(response.headers.get('location')).toBe('/api/images?url=a');
    await response.text();
  });

  it('is told nothing that is of the browser’s connection alone, nor is the browser of the other', async () => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(`${site.url}/api/images`, {
        headers: { connection: 'close, x-hop', 'x-hop': '1', te: 'trailers', 'x-kept': '2' },
      })
        .once('response', resolve)
        .once('error', reject)
        .end();
    });
    response.resume();
    expect(seen.at(-1)?.headers).toMatchObject({ 'x-kept': '2' });
    expect(seen.at(-1)?.headers).not.toMatchObject({ 'x-hop': '1' });
    expect(seen.at(-1)?.headers.te).toBeUndefined();
    expect(response.headers['x-own']).toBeUndefined();
  });

  it('U47 is refused to the service itself, so that no page leads it back to its own API', async () => {
    const before = seen.length;
    const response = await get('/api/images?url=a', { headers: { 'User-Agent': USER_AGENT } });
    expect([response.status, seen.length]).toEqual([403, before]);
    expect((await get('/sample/', { headers: { 'User-Agent': USER_AGENT } })).status).toBe(200);
  });

  it('is a 502 in plain words when it is away', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const away = urlOf(closed);
    await new Promise((resolve) => closed.close(resolve));
    const other = await startSite({
      folder: join(ROOT, 'static'),
      host: '127.0.0.1',
      port: 0,
      console: { api: away, storeOrigin: STORE },
    });
    try {
      const response = await fetch(`${other.url}/api/images`);
      expect([response.status, await response.text()]).toEqual([502, 'The API cannot be reached.\n']);
      expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    } finally {
      await other.close();
    }
  });

  it('breaks off where the answer breaks off', async () => {
    const response = await get('/api/cut');
    await expect(response.text()).rejects.toThrow();
  });

  it('is not asked for a target that no client may send', async () => {
    const before = seen.length;
    const text = await new Promise<string>((resolve, reject) => {
      let said = '';
      const socket = connect(Number(new URL(site.url).port), '127.0.0.1', () => {
        socket.write(
          Buffer.from('GET /api/\xe9 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 'latin1'),
        );
      });
      socket.on('data', (piece) => {
        said += piece;
      });
      socket.once('close', () => resolve(said));
      socket.once('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen).toHaveLength(before);
    expect((await get('/console/')).status).toBe(200);
  });
});

describe('the console', () => {
  it('is where the root leads to', async () => {
    const response = await get('/');
    expect([response.status, response.headers.get('location')]).toEqual([302, '/console/']);
  });

  it.each(['/console/', '/console/console.js', '/console/console.css', '/console/icon.svg'])(
    'has its policy on %s, with the store’s exact origin',
    async (path) => {
      const { status, headers } = await get(path);
      expect(status).toBe(200);
      for (const [name, value] of Object.entries(consoleHeaders(STORE))) {
        expect([name, headers.get(name)]).toEqual([name, value]);
      }
      expect(headers.get('content-security-policy')).toContain(`img-src 'self' ${STORE};`);
    },
  );

  it('leaves the sample pages without it, since they have styles of their own', async () => {
    expect((await get('/sample/')).headers.get('content-security-policy')).toBeNull();
  });

  it('is told where the service finds the sample pages', async () => {
    expect(await (await get('/console/site.json')).json()).toEqual({ sampleBase: `${site.url}/sample/` });
  });

  it('is under the same policy in Nginx of the stack', () => {
    const conf = readFileSync(join(ROOT, 'local-stack/nginx/nginx.conf'), 'utf8');
    const block = /location \/console\/ \{([^}]*)\}/.exec(conf)?.[1] ?? '';
    const said = [...block.matchAll(/add_header (\S+) (?:"([^"]*)"|(\S+)) always;/g)];
    const headers = Object.fromEntries(said.map(([, name, quoted, bare]) => [name, quoted ?? bare]));
    expect(headers).toEqual({
      ...consoleHeaders('$store_origin'),
      'Cache-Control': 'no-cache',
      'X-Content-Type-Options': 'nosniff',
    });
  });
});

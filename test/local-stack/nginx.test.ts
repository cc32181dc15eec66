/** The stack's Nginx under its own configuration: who reaches the API through it, and what it serves. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bodyTooLarge } from '../../lib/http/bodyLimit.ts';
import { problemResponse } from '../../lib/http/responses.ts';
import { USER_AGENT } from '../../lib/web/requestHeaders.ts';
import { type ChildService, startChild } from '../../local-stack/embedded/childService.ts';
import { findNginx } from '../support/services.ts';
import { freePorts } from '../support/startApp.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Of what is asked for here; each system keeps its own list somewhere else. */
const MIME_TYPES = 'types { text/html html; text/css css; application/javascript js; image/png png; }\n';
/** Header fields of a response that is not a page. */
const SAFE = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};
const program = findNginx();

describe('Nginx of the stack', () => {
  if (program === null) {
    it('is left out only where REQUIRE_SERVICES does not ask for it', () => {
      expect(process.env.REQUIRE_SERVICES).not.toBe('1');
    });
    return;
  }

  const asked: string[] = [];
  /** What the API's guard looks at, of the last call. */
  let guarded: readonly (string | undefined)[] = [];
  const api = createServer((incoming, response) => {
    const { host, origin, 'sec-fetch-site': site } = incoming.headers;
    guarded = [host, origin, String(site)];
    asked.push(`${incoming.method} ${incoming.url}`);
    const own = { 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'self'" };
    response
      .writeHead(201, { location: '/images?url=a', ...(incoming.url === '/own-headers' && own) })
      .end('{}');
  });
  let folder = '';
  let port = 0;
  let nginx: ChildService;

  interface Reply {
    readonly status: number;
    readonly location: string | undefined;
    readonly headers: IncomingMessage['headers'];
    readonly body: string;
  }
  const send = async (
    path: string,
    host: string,
    method = 'GET',
    sent: Readonly<Record<string, string>> = {},
    content = '',
  ): Promise<Reply> => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, method, headers: { ...sent, host }, agent: false };
      request(options).once('response', resolve).once('error', reject).end(content);
    });
    let body = '';
    for await (const piece of response.setEncoding('utf8')) body += piece;
    const { statusCode = 0, headers } = response;
    return { status: statusCode, location: headers.location, headers, body };
  };

  /** What start.sh writes down before it starts Nginx, which here is no more than a name. */
  const writeStartFiles = async () => {
    const script = await readFile(join(ROOT, 'local-stack/nginx/start.sh'), 'utf8');
    const text = `nginx() { :; }\n${script.replaceAll('/tmp/', `${folder}/`).replace('exec nginx', 'nginx')}`;
    const env = {
      ...process.env,
      STORE_ORIGIN: 'http://127.0.0.1:1',
      ALLOWED_HOSTS: 'machine.lan, Other.test',
    };
    await promisify(execFile)('sh', ['-c', text], { env });
  };

  beforeAll(async () => {
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    folder = await mkdtemp(join(tmpdir(), 'nginx-'));
    [port = 0] = await freePorts(1);
    const { port: apiPort } = api.address() as AddressInfo;
    const conf = await readFile(join(ROOT, 'local-stack/nginx/nginx.conf'), 'utf8');
    // The shipped file, with paths and ports of this machine. Each replaced text must be in it.
    const here: readonly (readonly [string, string])[] = [
      ['listen 80 default_server;', `listen 127.0.0.1:${port} default_server;`],
      ['listen 80;', `listen 127.0.0.1:${port};`],
      ['/dev/stdout', '/tmp/access.log'],
      ['/tmp/', `${folder}/`],
      ['root /srv/site;', `root ${join(ROOT, 'static')};`],
      ['alias /srv/site/', `alias ${join(ROOT, 'static')}/`],
      ['set $app app:8080;', `set $app 127.0.0.1:${apiPort};`],
    ];
    // One process, which is gone when it is killed.
    let text = `master_process off;\n${conf}`;
    for (const [there, mine] of here) {
      expect(text).toContain(there);
      text = text.replaceAll(there, mine);
    }
    await writeFile(join(folder, 'nginx.conf'), text);
    await writeStartFiles();
    await writeFile(join(folder, 'mime.types'), MIME_TYPES);
    nginx = startChild(program, ['-p', folder, '-c', join(folder, 'nginx.conf')], folder);
    const isUp = () =>
      send('/healthz', 'localhost').then(
        () => true,
        () => false,
      );
    const end = performance.now() + 20_000;
    while (!(await isUp())) {
      if (performance.now() > end) throw new Error(`Nginx does not answer: ${nginx.output()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  afterAll(async () => {
    await nginx?.close();
    api.closeAllConnections();
    await new Promise((resolve) => api.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    'localhost',
    'LOCALHOST',
    'localhost.',
    'localhost:8081',
    '127.0.0.1:8081',
    '[::1]:8081',
    '192.168.1.5',
    'machine.lan',
    'machine.lan:8081',
    'other.test',
  ])('leads a caller who knows it as %s to the API', async (host) => {
    const before = asked.length;
    const { status, location } = await send('/api/images?url=b', host, 'POST');
    expect([status, location]).toEqual([201, '/api/images?url=a']);
    expect(asked.slice(before)).toEqual(['POST /images?url=b']);
  });

  it("leaves to the API's guard what it looks at", async () => {
    const sent = { origin: 'http://localhost:8081', 'sec-fetch-site': 'same-origin' };
    await send('/api/images', 'localhost:8081', 'POST', sent);
    expect(guarded).toEqual(['localhost:8081', 'http://localhost:8081', 'same-origin']);
  });

  it.each([{}, { 'transfer-encoding': 'chunked' }])(
    'takes bodies to 16 KiB for the API, and answers a larger one in its words: %j',
    async (sent) => {
      const before = asked.length;
      const most = await send('/api/images', 'localhost', 'POST', sent, 'x'.repeat(16_384));
      expect([most.status, asked.length]).toEqual([201, before + 1]);
      const over = await send('/api/images', 'localhost', 'POST', sent, 'x'.repeat(16_385));
      expect([over.status, asked.length]).toEqual([413, before + 1]);
      const problem = problemResponse(bodyTooLarge());
      expect(over.headers['content-type']).toBe(problem.headers['content-type']);
      expect(JSON.parse(over.body)).toEqual(JSON.parse(problem.body));
    },
  );

  it.each([
    ['nginx', '/api/images?url=b'],
    ['NGINX', '/api/images?url=b'],
    ['nginx:80', '/api/images'],
    ['nginx.', '/api/'],
    ['nginx', '/%61pi/images'],
    ['nginx', '//api/images'],
    ['nginx', '/sample/../api/images'],
    ['localhost', 'http://nginx/api/images'],
  ])('U47 leads nobody who knows it as %s to the API by %s', async (host, path) => {
    const before = asked.length;
    expect((await send(path, host)).status).toBe(403);
    expect(asked.length).toBe(before);
  });

  it.each([
    ['machine.lan', '/api/images?url=b'],
    ['172.18.0.3', '/%61pi/images'],
    ['localhost', '/sample/../api/images'],
  ])('U47 leads the service itself to nothing but the site, as %s by %s', async (host, path) => {
    const own = { 'user-agent': USER_AGENT };
    const before = asked.length;
    expect((await send(path, host, 'GET', own)).status).toBe(403);
    expect(asked.length).toBe(before);
    expect((await send('/sample/', host, 'GET', own)).status).toBe(200);
    expect((await send('/api/images', host, 'GET', { 'user-agent': `curl, not ${USER_AGENT}` })).status).toBe(
      201,
    );
  });

  const strangers = ['evil.example', 'evil.example:8081', 'localhost.evil.example', '127.0.0.1.evil.example'];
  it.each([...strangers, 'nginx-1', 'xnginx', 'machine.lan.evil.example', '1.2.3', '_'])(
    'answers whoever calls it "%s" with 421, whatever is asked',
    async (host) => {
      const before = asked.length;
      for (const [path, method] of [
        ['/api/images?url=b', 'POST'],
        ['/console/', 'GET'],
        ['/sample/', 'GET'],
        ['/sample/changing/next', 'POST'],
        ['/healthz', 'GET'],
        ['/nothing', 'HEAD'],
      ] as const) {
        const reply = await send(path, host, method);
        expect([path, reply.status]).toEqual([path, 421]);
        expect(reply.headers).toMatchObject({ 'content-type': 'application/problem+json', ...SAFE });
        if (method === 'HEAD') continue;
        expect(JSON.parse(reply.body)).toMatchObject({ status: 421, code: 'HOST_UNKNOWN' });
      }
      expect(asked.length).toBe(before);
    },
  );

  it.each([
    ['a page that is not there', 'GET', '/nothing', 404],
    ['a console that is not there', 'GET', '/console/nothing', 404],
    ['what made the site', 'GET', '/sample/makeExpected.ts', 404],
    ['a method that is not taken', 'POST', '/sample/', 405],
    ['a method of the changing page', 'GET', '/sample/changing/next', 405],
    ['a path that leads out', 'GET', '/../etc/passwd', 400],
    ['a page that asks the API', 'GET', '/api/images', 403],
    ['a body that is too large', 'POST', '/api/images', 413],
  ] as const)('says nosniff with %s', async (_, method, path, status) => {
    const sent = status === 413 ? { 'content-length': String(2 ** 21) } : {};
    const reply = await send(path, status === 403 ? 'nginx' : 'localhost', method, sent);
    expect(reply.status).toBe(status);
    // A request that Nginx cannot parse has no server yet whose headers it could send.
    if (status !== 400) expect(reply.headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
    if (status === 403) expect(reply.headers).toMatchObject(SAFE);
    if (path.startsWith('/console/'))
      expect(reply.headers['content-security-policy']).toContain("img-src 'self'");
  });

  it('says so once where the API says it', async () => {
    const reply = await send('/api/images', 'localhost');
    expect(reply.headers).toMatchObject(SAFE);
    const own = await send('/api/own-headers', 'localhost');
    expect(own.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'self'",
    });
  });

  it('serves the sample pages by that name, and the console by any', async () => {
    const sample = await send('/sample/', 'nginx');
    expect([sample.status, sample.body.includes('<img ')]).toEqual([200, true]);
    expect((await send('/console/', 'localhost')).status).toBe(200);
    expect((await send('/', 'localhost')).location).toBe('/console/');
    expect((await send('/console/site.json', 'localhost')).body).toContain('http://nginx/sample/');
  });

  it('shows the other version of the page that changes with every POST', async () => {
    const shown = async () => (await send('/sample/changing/', 'nginx')).body;
    const first = await shown();
    expect((await send('/sample/changing/next', 'localhost')).status).toBe(405);
    expect((await send('/sample/changing/next', 'localhost', 'POST')).body).toBe('{"version":"v2"}\n');
    const second = await shown();
    expect(second).not.toBe(first);
    expect((await send('/sample/changing/next', 'localhost', 'POST')).body).toBe('{"version":"v1"}\n');
    expect(await shown()).toBe(first);
  });
});

/** The stack's Nginx under its own configuration: who reaches the API through it, and what it serves. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { problemAnswer } from '../../lib/api/answers.ts';
import { bodyTooLarge } from '../../lib/api/bodyLimit.ts';
import { USER_AGENT } from '../../lib/web/requestHeaders.ts';
import { type ChildService, startChild } from '../../local-stack/embedded/childService.ts';
import { findNginx } from '../support/services.ts';
import { freePorts } from '../support/startApp.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Of what is asked for here; each system keeps its own list somewhere else. */
const MIME_TYPES = 'types { text/html html; text/css css; application/javascript js; image/png png; }\n';
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
  const api = createServer((incoming, answer) => {
    const { host, origin, 'sec-fetch-site': site } = incoming.headers;
    guarded = [host, origin, String(site)];
    asked.push(`${incoming.method} ${incoming.url}`);
    answer.writeHead(201, { location: '/images?url=a' }).end('{}');
  });
  let folder = '';
  let port = 0;
  let nginx: ChildService;

  interface Reply {
    readonly status: number;
    readonly location: string | undefined;
    readonly type: string | undefined;
    readonly body: string;
  }
  const send = async (
    path: string,
    host: string,
    method = 'GET',
    sent: Readonly<Record<string, string>> = {},
    content = '',
  ): Promise<Reply> => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, method, headers: { ...sent, host }, agent: false };
      request(options).once('response', resolve).once('error', reject).end(content);
    });
    let body = '';
    for await (const piece of answer.setEncoding('utf8')) body += piece;
    const { location, 'content-type': type } = answer.headers;
    return { status: answer.statusCode ?? 0, location, type, body };
  };

  beforeAll(async () => {
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    folder = await mkdtemp(join(tmpdir(), 'nginx-'));
    [port = 0] = await freePorts(1);
    const { port: apiPort } = api.address() as AddressInfo;
    const conf = await readFile(join(ROOT, 'local-stack/nginx/nginx.conf'), 'utf8');
    // As it stands, but for where things are on this machine; what is replaced must be there.
    const here: readonly (readonly [string, string])[] = [
      ['listen 80 default_server;', `listen 127.0.0.1:${port} default_server;`],
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
    await writeFile(join(folder, 'store-origin.conf'), 'set $store_origin "http://127.0.0.1:1";\n');
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

  it.each(['localhost', 'localhost:8081', '127.0.0.1:8081', 'machine.lan'])(
    'leads a caller who knows it as %s to the API',
    async (host) => {
      const before = asked.length;
      const { status, location } = await send('/api/images?url=b', host, 'POST');
      expect([status, location]).toEqual([201, '/api/images?url=a']);
      expect(asked.slice(before)).toEqual(['POST /images?url=b']);
    },
  );

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
      const problem = problemAnswer(bodyTooLarge());
      expect(over.type).toBe(problem.headers['content-type']);
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
    ['nginx-1', '/api/images?url=b'],
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

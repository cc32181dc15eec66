/** R: redirects, through the whole service, of the page and of its images. R17, from https to http, is in tls.test.ts. */
import { describe, expect, it } from '@jest/globals';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import { answer, headerOf, head as headOf, pathOf, pour, type Respond } from '../../lib/web/rawServer.ts';
import { pngOf } from '../../support/pictures.ts';
import {
  type HostileService,
  startHostileService,
  VERSIONS,
  type Version,
} from './support/hostileService.ts';

interface Line {
  readonly url: string;
  readonly code: string;
}
const HTML = { 'Content-Type': 'text/html' };
const to = (location: string, status = 302) => answer(status, { Location: location });

/** What each path of the public site answers; every other path is a picture. The port is known once it listens. */
async function serve(
  version: Version,
  paths: (port: number) => Readonly<Record<string, Buffer | Respond>>,
): Promise<HostileService> {
  const service: HostileService = await startHostileService({
    version,
    respond: (socket, head, index) => {
      const own =
        paths(service.site.port)[pathOf(head)] ?? answer(200, { 'Content-Type': 'image/png' }, pngOf(4));
      if (typeof own === 'function') own(socket, head, index);
      else socket.write(own);
    },
  });
  return service;
}

/** The code and reason of `/page` as a page, and of `/i.png` as the image of another one, both answered alike. */
async function bothWays(version: Version, respond: (port: number) => Buffer) {
  await using service = await serve(version, (port) => ({
    '/page': respond(port),
    '/i.png': respond(port),
    '/with': answer(200, HTML, '<img src="/i.png">'),
  }));
  const { code, body } = await service.post(service.url('/page'));
  const { reason } = body;
  service.expectNothing();
  const asked = service.site.heads.length;
  const image = await service.post(service.url('/with'));
  expect(image.code).toBe('OK');
  expect([service.inside.accepted(), service.store.objects.size]).toEqual([0, 0]);
  const [line] = image.body.skipped as readonly Line[];
  return {
    page: reason === undefined ? code : `${code} ${reason}`,
    image: line?.code,
    asked,
    heads: service.site.heads,
  };
}

describe.each(VERSIONS)('R: a redirect over %s', (version) => {
  it.each([
    ['R01 to loopback', (port: number) => `http://127.0.0.1:${port}/`],
    ['R01 to metadata', () => 'http://169.254.169.254/latest/meta-data/'],
    ['R01 to a private address', () => 'http://10.0.0.1/'],
    ['R01 to localhost', (port: number) => `http://LOCALHOST.:${port}/`],
    ['R01 to a single label', (port: number) => `http://redis:${port}/`],
    ['R02 to a name with a private address', (port: number) => `http://evil.test:${port}/`],
    ['R03 to a decimal address', (port: number) => `http://2130706433:${port}/`],
    ['R03 to a hexadecimal address', (port: number) => `http://0x7f.1:${port}/`],
    ['R03 to an octal address', (port: number) => `http://0177.0.0.1:${port}/`],
    ['R03 to a short address', (port: number) => `http://127.1:${port}/`],
    ['R03 to a mapped address', (port: number) => `http://[::ffff:127.0.0.1]:${port}/`],
    ['R03 to a compatible address', (port: number) => `http://[::127.0.0.1]:${port}/`],
    ['R03 to NAT64', (port: number) => `http://[64:ff9b::7f00:1]:${port}/`],
    ['R03 to an address in wide digits', (port: number) => `http://１２７.0.0.1:${port}/`],
    ['R05 without scheme', (port: number) => `//evil.test:${port}/`],
    ['R05 without scheme, in backslashes', (port: number) => `\\\\127.0.0.1:${port}\\`],
    ['R05 without scheme, in three slashes', (port: number) => `///127.0.0.1:${port}/`],
    ['R05 with a tab inside', (port: number) => `//127.\t0.0.1:${port}/`],
    ['R07 to port 6379', () => 'http://good.test:6379/'],
    ['R07 to port 9000', () => '//good.test:9000/'],
    ['R07 to port 0', () => 'http://good.test:0/'],
    ['R07 to https at port 22', () => 'https://good.test:22/'],
  ])('%s is forbidden', async (_row, target) => {
    const bytes = (port: number) =>
      Buffer.from(`HTTP/1.1 302 X\r\nLocation: ${target(port)}\r\nContent-Length: 0\r\n\r\n`);
    expect(await bothWays(version, bytes)).toMatchObject({
      page: 'ADDRESS_FORBIDDEN',
      image: 'ADDRESS_FORBIDDEN',
      asked: 1,
    });
  });

  it.each([
    ['R04 to file:', 'file:///etc/passwd', 'redirects'],
    ['R04 to gopher:', 'gopher://good.test/', 'redirects'],
    ['R04 to data:', 'data:text/html,<p>', 'redirects'],
    ['R04 to javascript:', 'javascript:1', 'redirects'],
    ['R06 with a user name', 'http://user@good.test/', 'redirects'],
    ['R06 with a password', 'http://:secret@good.test/', 'redirects'],
    ['R06 with another host before the @', 'http://good.test@127.0.0.1/', 'redirects'],
    ['R11 with an empty Location', '', 'protocol'],
    ['R11 with a blank Location', '   ', 'protocol'],
    ['R11 to a host that does not parse', 'http://[', 'protocol'],
    ['R11 to a port that does not parse', 'http://good.test:65536/', 'protocol'],
    ['R11 with a zone id', 'http://[fe80::1%25lo]/', 'protocol'],
  ])('%s is not followed', async (_row, location, reason) => {
    expect(await bothWays(version, () => to(location))).toMatchObject({
      page: `PAGE_UNREACHABLE ${reason}`,
      image: 'IMAGE_UNREACHABLE',
      asked: 1,
    });
  });

  const damaged = [
    ['R16 with a bare CR in its Location', 'Location: /a\rX: b'],
    ['R16 with NUL in its Location', 'Location: /a\0b'],
  ] as const;
  it.each([
    ['R11 without Location', 'X: y'],
    // Node's server of HTTP/2 sends neither; with frames: test/lib/web/http2.test.ts.
    ...(version === 'HTTP/2'
      ? []
      : [['R11 with two Locations', 'Location: /a\r\nLocation: /b'] as const, ...damaged]),
  ])('%s is no HTTP', async (_row, lines) => {
    const bytes = Buffer.from(`HTTP/1.1 302 X\r\n${lines}\r\nContent-Length: 0\r\n\r\n`);
    expect(await bothWays(version, () => bytes)).toMatchObject({
      page: 'PAGE_UNREACHABLE protocol',
      image: 'IMAGE_UNREACHABLE',
      asked: 1,
    });
  });

  const LOOPS: readonly (readonly [row: string, next: (path: string) => string])[] = [
    ['R08 to itself', (path) => path],
    ['R08 in a circle', (path) => (path === '/b' ? '/page' : '/b')],
    ['R09 to something new every time', (path) => `${path}x`],
  ];
  it.each(LOOPS)('%s ends after five, for a page', async (_row, next) => {
    await using service = await startHostileService({
      version,
      respond: (socket, head) => socket.write(to(next(pathOf(head)))),
    });
    const { status, code, body } = await service.post(service.url('/page'));
    expect([status, code, body.reason]).toEqual([502, 'PAGE_UNREACHABLE', 'redirects']);
    expect(service.site.heads).toHaveLength(6);
    service.expectNothing();
  });

  it.each(LOOPS)('%s ends after five, for an image', async (_row, next) => {
    await using service = await startHostileService({
      version,
      respond: (socket, head) => {
        const path = pathOf(head);
        socket.write(path === '/with' ? answer(200, HTML, '<img src="/page">') : to(next(path)));
      },
    });
    const { code, body } = await service.post(service.url('/with'));
    expect([code, (body.skipped as readonly Line[]).map((line) => line.code)]).toEqual([
      'OK',
      ['IMAGE_UNREACHABLE'],
    ]);
    expect(service.site.heads).toHaveLength(1 + 6);
    expect([service.inside.accepted(), service.store.objects.size]).toEqual([0, 0]);
  });

  it.each([
    [5, 'OK'],
    [6, 'PAGE_UNREACHABLE'],
  ])('R10 of a chain of %i, for a page: %s', async (length, expected) => {
    await using service = await startHostileService({
      version,
      respond: (socket, head) => {
        const step = Number(pathOf(head).slice(1));
        socket.write(step < length ? to(`/${step + 1}`) : answer(200, HTML, '<p>'));
      },
    });
    expect((await service.post(service.url('/0'))).code).toBe(expected);
    expect(service.site.heads).toHaveLength(6);
  });

  it.each([
    [5, { items: 1, skipped: 0, byCode: {} }],
    [6, { items: 0, skipped: 1, byCode: { IMAGE_UNREACHABLE: 1 } }],
  ])('R10 of a chain of %i, for an image: %j', async (length, expected) => {
    await using service = await startHostileService({
      version,
      respond: (socket, head) => {
        const step = Number(pathOf(head).slice(1));
        if (Number.isNaN(step)) socket.write(answer(200, HTML, '<img src="/0">'));
        else socket.write(step < length ? to(`/${step + 1}`) : answer(200, {}, pngOf(4)));
      },
    });
    expect((await service.post(service.url('/with'))).body.counts).toMatchObject(expected);
    expect(service.site.heads).toHaveLength(1 + 6);
  });

  /** Milliseconds from the answer of the first hop to the request for the next, at the site. */
  async function hopTime(headers: Record<string, string>): Promise<number> {
    const closed = Promise.withResolvers<number>();
    let answered = 0;
    let asked = 0;
    await using service = await serve(version, () => ({
      '/page': (socket) => {
        answered = performance.now();
        socket.write(headOf(302, { Location: '/end', ...headers }));
        pour(socket, headers['Transfer-Encoding'] ? `1000\r\n${'x'.repeat(4_096)}\r\n` : Buffer.alloc(4_096));
        let written = 0;
        const write = socket.write.bind(socket) as (piece: Buffer) => boolean;
        socket.write = (piece: string | Uint8Array) => {
          written += piece.length;
          return write(Buffer.from(piece));
        };
        socket.on('close', () => closed.resolve(written));
      },
      '/end': (socket) => {
        asked = performance.now();
        socket.write(answer(200, HTML, '<p>'));
      },
    }));
    expect((await service.post(service.url('/page'))).code).toBe('OK');
    // What fits into the buffers of two sockets is sent whether anybody reads it or not.
    expect(await closed.promise).toBeLessThan(64 * 1024 * 1024);
    return asked - answered;
  }

  it.each([
    ['R12 with an endless body', {}],
    ['R12 with endless chunks', { 'Transfer-Encoding': 'chunked' }],
    ['R13 with a gigabyte to come', { 'Content-Length': '1000000000' }],
  ])(
    '%s is followed within 100 ms, and its connection closed',
    async (_row, headers: Record<string, string>) => {
      const times: number[] = [];
      // What else the machine does comes and goes; what the hop takes comes every time.
      while (times.length < 20 && !times.some((ms) => ms < 100)) times.push(await hopTime(headers));
      expect(Math.min(...times)).toBeLessThan(100);
    },
  );

  it.each([301, 302, 303, 307, 308])('R14 of status %i is followed with a GET', async (status) => {
    await using service = await serve(version, () => ({
      '/page': to('/end', status),
      '/end': answer(200, HTML, '<p>'),
    }));
    expect((await service.post(service.url('/page'))).code).toBe('OK');
    expect(service.site.heads.map((head) => head.split('\r\n')[0])).toEqual([
      'GET /page HTTP/1.1',
      'GET /end HTTP/1.1',
    ]);
  });

  it.each([300, 304, 305, 306, 310, 399])('R14 of status %i is none', async (status) => {
    await using service = await serve(version, () => ({ '/page': to('/end', status) }));
    const { code, body } = await service.post(service.url('/page'));
    expect([code, body.reason, body.upstreamStatus]).toEqual(['PAGE_UNREACHABLE', 'status', status]);
    expect(service.site.heads).toHaveLength(1);
  });

  it.each([
    ['/a/b?x=1', '../c', '/c'],
    ['/a/b?x=1', '?q', '/a/b?q'],
    ['/a/b', 'c d#f', '/a/c%20d'],
    ['/a/b', '/./x/../c', '/c'],
    ['/a/b', '/ü', '/%C3%BC'],
    ['/a/b', '/\r\n\t', '/'],
  ])('R15 from %s by %j leads to %s', async (from, location, path) => {
    await using service = await startHostileService({
      version,
      respond: (socket, _, index) =>
        socket.write(
          index === 0
            ? Buffer.from(`HTTP/1.1 302 X\r\nLocation: ${location.trim()}\r\nContent-Length: 0\r\n\r\n`)
            : answer(200, HTML, '<p>'),
        ),
    });
    const { code, body } = await service.post(service.url(from));
    expect([code, body.finalUrl, body.url]).toEqual(['OK', service.url(path), service.url(from)]);
    expect(service.site.heads.map(pathOf)).toEqual([from, path]);
  });

  it('R16 to bytes that are no UTF-8 is read as Latin-1', async () => {
    await using service = await serve(version, () => ({
      '/page': to('/\xfc'),
      '/%C3%BC': answer(200, HTML, '<p>'),
    }));
    expect((await service.post(service.url('/page'))).code).toBe('OK');
  });

  it('R18 is not made of Refresh, of markup, of Alt-Svc or of Content-Location', async () => {
    await using service = await serve(version, (port) => ({
      '/page': answer(
        200,
        {
          ...HTML,
          Refresh: '0;url=/b',
          'Alt-Svc': `http/1.1="127.0.0.1:${port}"; persist=1, h2=":${port}", h3=":${port}"`,
          'Content-Location': `http://127.0.0.1:${port}/`,
          Link: `<http://127.0.0.1:${port}/x.png>; rel=preload; as=image`,
        },
        '<meta http-equiv="refresh" content="0;url=/b"><img src="/i.png"><script>location="/b"</script>',
      ),
    }));
    for (let i = 0; i < 3; i += 1) expect((await service.put(service.url('/page'))).code).toBe('OK');
    expect(new Set(service.site.heads.map(pathOf))).toEqual(new Set(['/page', '/i.png']));
    expect(service.inside.accepted()).toBe(0);
  });

  it('R19 carries no credentials along, and a cookie to no other host', async () => {
    await using service = await serve(version, (port) => ({
      '/page': answer(302, {
        Location: `http${version === 'HTTP/2' ? 's' : ''}://other.test:${port}/end`,
        'Set-Cookie': 'a=b; Domain=test',
        'WWW-Authenticate': 'Basic realm="x"',
      }),
      '/end': answer(200, { ...HTML, 'Set-Cookie': 'c=d' }, '<img src="/i.png">'),
    }));
    expect((await service.post(service.url('/page'))).code).toBe('OK');
    expect(service.site.heads).toHaveLength(3);
    for (const head of service.site.heads) {
      expect(['authorization', 'proxy-authorization'].map((name) => headerOf(head, name))).toEqual([
        undefined,
        undefined,
      ]);
    }
    const cookies = service.site.heads.map((head) => `${pathOf(head)} ${headerOf(head, 'cookie')}`);
    expect(cookies).toEqual(['/page undefined', '/end undefined', '/i.png c=d']);
  });

  it('R20 that changes host: references are resolved against where it led, the record is of what was asked for', async () => {
    await using service = await serve(version, (port) => ({
      '/page': to(`http${version === 'HTTP/2' ? 's' : ''}://other.test:${port}/deep/end`),
      '/deep/end': answer(200, HTML, '<img src="i.png">'),
    }));
    const { body } = await service.post(service.url('/page'));
    const [item] = body.items as readonly Line[];
    expect([body.url, body.finalUrl, item?.url]).toEqual([
      service.url('/page'),
      service.url('/deep/end', 'other.test'),
      service.url('/deep/i.png', 'other.test'),
    ]);
    expect([...service.store.kept.keys()]).toEqual([pageIdOf(service.url('/page'))]);
    expect((await service.get(service.url('/deep/end', 'other.test'))).code).toBe('PAGE_NOT_FOUND');
  });
});

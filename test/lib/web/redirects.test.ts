/** Redirects as the web room follows them. Loops, bodies, credentials and HTTP/2: test/deep/hostile/redirects.test.ts. */
import { describe, expect, it } from '@jest/globals';
import { answer, PRIVATE_ADDRESS, pathOf, startRawServer } from './rawServer.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('follows %i with a GET', async (status) => {
    await using server = await startRawServer((socket, request) =>
      socket.write(
        pathOf(request) === '/' ? answer(status, { Location: '/next#part' }) : answer(200, {}, 'arrived'),
      ),
    );
    await using web = createTestWeb({ ports: [server.port] });
    const result = await web.read(`http://good.test:${server.port}/`);
    expect(result).toMatchObject({ kind: 'read', bytes: Buffer.from('arrived'), isDelimited: true });
    expect(result.kind === 'read' && result.finalUrl.href).toBe(`http://good.test:${server.port}/next`);
    expect(server.heads.map((each) => each.split('\r\n')[0])).toEqual([
      'GET / HTTP/1.1',
      'GET /next HTTP/1.1',
    ]);
  });

  it.each([300, 304, 305, 306])('does not follow %i', async (status) => {
    await using server = await startRawServer((socket) =>
      socket.write(answer(status, { Location: '/next' })),
    );
    await using web = createTestWeb({ ports: [server.port] });
    expect(await web.read(`http://good.test:${server.port}/`)).toMatchObject({ fault: 'status', status });
    expect(server.heads).toHaveLength(1);
  });

  const privateTargets: readonly (readonly [string, (port: number) => string])[] = [
    ['a private address', (port) => `http://127.0.0.1:${port}/`],
    ['a name with a private address', (port) => `http://evil.test:${port}/`],
    ['the same without scheme', (port) => `//evil.test:${port}/`],
    ['a decimal address', (port) => `http://2130706433:${port}/`],
    ['a hexadecimal address', (port) => `http://0x7f.1:${port}/`],
    ['an octal address', (port) => `http://0177.0.0.1:${port}/`],
    ['a mapped address', (port) => `http://[::ffff:127.0.0.1]:${port}/`],
    ['a compatible address', (port) => `http://[::127.0.0.1]:${port}/`],
    ['localhost', (port) => `http://localhost:${port}/`],
    ['localhost with a root dot', (port) => `http://LOCALHOST.:${port}/`],
    ['backslashes', (port) => `\\\\127.0.0.1:${port}\\`],
    ['metadata', () => 'http://169.254.169.254/latest/meta-data/'],
    ['a port that is not listed', () => 'http://good.test:6379/'],
    ['port 0', () => 'http://good.test:0/'],
    ['a single label', (port) => `http://redis:${port}/`],
  ];
  it.each(privateTargets)('refuses a redirect to %s', async (_, target) => {
    await using hidden = await startRawServer(
      (socket) => socket.write(answer(200, {}, 'secret')),
      PRIVATE_ADDRESS,
    );
    await using server = await startRawServer((socket) =>
      socket.write(answer(302, { Location: target(hidden.port) })),
    );
    await using web = createTestWeb({ ports: [server.port, hidden.port, 80] });
    for (const kind of ['page', 'image'] as const) {
      const result = await web.read(`http://good.test:${server.port}/`, { kind });
      expect(faultOf(result)).toBe('forbidden');
    }
    expect(hidden.accepted()).toBe(0);
  });

  it.each([
    ['file:', 'file:///etc/passwd', 'redirects'],
    ['data:', 'data:text/html,x', 'redirects'],
    ['gopher:', 'gopher://good.test/', 'redirects'],
    ['javascript:', 'javascript:1', 'redirects'],
    ['a user name', 'http://user@good.test/', 'redirects'],
    ['a password', 'http://:secret@good.test/', 'redirects'],
    ['nothing', '', 'protocol'],
    ['blanks', '   ', 'protocol'],
    ['a host that does not parse', 'http://[', 'protocol'],
    ['a port that does not parse', 'http://good.test:65536/', 'protocol'],
  ])('ends at a Location with %s', async (_, location, fault) => {
    await using server = await startRawServer((socket) => socket.write(answer(302, { Location: location })));
    await using web = createTestWeb({ ports: [server.port, 80] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe(fault);
    expect(server.heads).toHaveLength(1);
  });

  it('ends at a redirect without Location, with two, and with a bare CR in it', async () => {
    const locations = ['X-No: 1', 'Location: /a\r\nLocation: /b', 'Location: /a\rX: b'];
    await using server = await startRawServer((socket, _, index) =>
      socket.write(
        `HTTP/1.1 302 X\r\n${locations[index] ?? 'Location: /too-far'}\r\nContent-Length: 0\r\n\r\n`,
      ),
    );
    await using web = createTestWeb({ ports: [server.port] });
    const faults = [];
    for (const _ of locations) faults.push(faultOf(await web.read(`http://good.test:${server.port}/`)));
    expect(faults).toEqual(['protocol', 'protocol', 'protocol']);
    expect(server.heads).toHaveLength(3);
  });

  it.each([
    [5, 'read'],
    [6, 'redirects'],
  ])('of a chain of %i gives %s', async (length, outcome) => {
    await using server = await startRawServer((socket, request) => {
      const step = Number(pathOf(request).slice(1));
      socket.write(step < length ? answer(302, { Location: `/${step + 1}` }) : answer(200, {}, 'end'));
    });
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/0`))).toBe(outcome);
    expect(server.heads).toHaveLength(6);
  });

  it('are all refused when the limit is 0', async () => {
    await using server = await startRawServer((socket) => socket.write(answer(302, { Location: '/b' })));
    await using web = createTestWeb({ ports: [server.port], redirectsMax: 0 });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('redirects');
    expect(server.heads).toHaveLength(1);
  });

  it.each([
    ['/a/b?x=1', '../c', '/c'],
    ['/a/b?x=1', '?q', '/a/b?q'],
    ['/a/b?x=1', '#f', '/a/b?x=1'],
    ['/a/b', 'c d', '/a/c%20d'],
    ['/a/b', '/ü', '/%C3%BC'],
  ])('resolve from %s by %s to %s', async (from, location, to) => {
    await using server = await startRawServer((socket, _, index) => {
      const bytes = Buffer.from(`HTTP/1.1 302 X\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
      socket.write(index === 0 ? bytes : answer(200, {}, 'x'));
    });
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}${from}`))).toBe('read');
    expect(server.heads.map(pathOf)).toEqual([from, to]);
  });

  it('read Latin-1 bytes in a Location that is not UTF-8', async () => {
    await using server = await startRawServer((socket, _, index) =>
      socket.write(index === 0 ? answer(302, { Location: '/\xfc' }) : answer(200, {}, 'x')),
    );
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('read');
    expect(server.heads.map(pathOf)).toEqual(['/', '/%C3%BC']);
  });

  it('keep the connection when the body came along with the head', async () => {
    await using server = await startRawServer((socket, request) =>
      socket.write(pathOf(request) === '/' ? answer(302, { Location: '/b' }, 'moved') : answer(200, {}, 'x')),
    );
    await using web = createTestWeb({ ports: [server.port] });
    for (let i = 0; i < 10; i += 1) await web.read(`http://good.test:${server.port}/`);
    expect(server.heads).toHaveLength(20);
    // A connection is free again only after a turn of the event loop, so the next hop may open a second one.
    expect(server.accepted()).toBeLessThanOrEqual(2);
  });
});

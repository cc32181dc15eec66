import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Cookie } from '../../../lib/domain/ports.ts';
import { cookieHeader, keepCookies } from '../../../lib/web/cookies.ts';
import { answer, headerOf, PRIVATE_ADDRESS, pathOf, startRawServer } from './rawServer.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

const NOW = new Date('2026-11-22T10:00:00Z');
const keptOf = (lines: readonly string[], from = 'https://a.example/dir/page'): Cookie[] => {
  const cookies: Cookie[] = [];
  keepCookies(cookies, new URL(from), lines, NOW);
  return cookies;
};
const sent = (cookies: readonly Cookie[], to = 'https://a.example/dir/page', now = NOW) =>
  cookieHeader(cookies, new URL(to), now);

describe('a cookie', () => {
  it.each([
    ['a=1', 'a=1'],
    ['  a = 1 ; Path=/', 'a=1'],
    ['a=', 'a='],
    ['a=b=c', 'a=b=c'],
    ['a="quoted"', 'a="quoted"'],
    ['a=caf\xe9', 'a=caf\xe9'],
    ['a=1; Max-Age=10', 'a=1'],
    ['a=1; max-age=x', 'a=1'],
    ['a=1; Expires=Sun, 22 Nov 2026 10:00:01 GMT', 'a=1'],
    ['a=1; Expires=Sunday, 22-Nov-26 11:00:00 GMT', 'a=1'],
    ['a=1; Expires=whenever', 'a=1'],
    ['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=10', 'a=1'],
    ['a=1; HttpOnly; SameSite=Strict; Secure; What=Ever', 'a=1'],
    ['a=1; Domain=a.example', 'a=1'],
    ['a=1; Domain=.A.Example', 'a=1'],
    ['a=1; Domain=example', 'a=1'],
    ['a=1; Domain=', 'a=1'],
    ['a=1; Path=relative', 'a=1'],
    ['a=1; Path=/di; Path=/dir', 'a=1'],
    ['__Host-a=1; Secure; Path=/', '__Host-a=1'],
    ['__Secure-a=1; Secure', '__Secure-a=1'],
    [`a=${'x'.repeat(4095)}`, `a=${'x'.repeat(4095)}`],
  ])('%j is sent back as %j', (line, expected) => expect(sent(keptOf([line]))).toBe(expected));

  it.each([
    [''],
    ['=1'],
    ['a'],
    ['; a=1'],
    ['a=\x7f'],
    ['a=1\x01; Path=/'],
    ['a=1; Max-Age=0'],
    ['a=1; Max-Age=-1'],
    ['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
    ['a=1; Expires=Thu, 01-Jan-1970 00:00:01 GMT'],
    ['a=1; Expires=Sun, 22 Nov 2026 10:00:00 GMT'],
    ['a=1; Expires=Sun, 22 Nov 2027 10:00:00 GMT; Max-Age=0'],
    ['a=1; Domain=b.example'],
    ['a=1; Domain=sub.a.example'],
    ['a=1; Domain=ample'],
    ['a=1; Path=/other'],
    ['a=1; Path=/di'],
    ['__Host-a=1; Secure; Path=/dir'],
    ['__Host-a=1; Secure; Path=/; Domain=a.example'],
    ['__Host-a=1; Path=/'],
    ['__secure-a=1'],
    [`a=${'x'.repeat(4096)}`],
  ])('%j is not sent back', (line) => expect(sent(keptOf([line]))).toBeUndefined());

  it.each([
    ['the same host at another port', 'https://a.example:8443/dir/other', 'a=1'],
    ['a path below', 'https://a.example/dir/sub/page', 'a=1'],
    ['a path beside', 'https://a.example/other', undefined],
    ['a path that only begins the same', 'https://a.example/directory', undefined],
    ['a parent domain', 'https://example/dir/', undefined],
    ['a subdomain', 'https://sub.a.example/dir/', undefined],
    ['a sibling', 'https://b.example/dir/', undefined],
    ['a name that ends the same', 'https://bada.example/dir/', undefined],
  ])('goes to %s: %s %s', (_, to, expected) => {
    expect(sent(keptOf(['a=1; Domain=.example']), to)).toBe(expected);
  });

  it('that is secure neither comes from http nor goes there', () => {
    expect(keptOf(['a=1; Secure'], 'http://a.example/')).toEqual([]);
    expect(sent(keptOf(['a=1; Secure; Path=/']), 'http://a.example/')).toBeUndefined();
    expect(sent(keptOf(['a=1; Path=/']), 'http://a.example/')).toBe('a=1');
  });

  it('is replaced by one of its name and path, ended by one that has expired, and ends by itself', () => {
    expect(sent(keptOf(['a=1', 'b=2', 'a=3']))).toBe('b=2; a=3');
    expect(sent(keptOf(['a=1', 'a=; Max-Age=0']))).toBeUndefined();
    expect(sent(keptOf(['a=1; Path=/', 'a=2']))).toBe('a=2; a=1');
    expect(sent(keptOf(['a=1; Max-Age=10']), undefined, new Date(NOW.getTime() + 10_000))).toBeUndefined();
  });

  it('is one of at most 50, and the field of a request has at most 8 KiB', () => {
    const many = keptOf(Array.from({ length: 1_000 }, (_, index) => `c${index}=${index}`));
    expect(many.map(({ name }) => name)).toEqual(Array.from({ length: 50 }, (_, index) => `c${950 + index}`));
    const large = keptOf(Array.from({ length: 50 }, (_, index) => `c${index}=${'x'.repeat(4_000)}`));
    expect(sent(large)?.length).toBeLessThanOrEqual(8 * 1024);
    expect(sent(large)).toMatch(/^c0=x+; c1=x+$/);
  });

  it('never holds what could end a line, whatever a server sets', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 5 }), (lines) => {
        expect(sent(keptOf(lines)) ?? '').toMatch(/^[\t\x20-\x7e\x80-\xff]*$/);
      }),
    );
  });
});

describe('the cookies of a reading', () => {
  it('let a redirect to itself end that sets one and looks for it', async () => {
    await using server = await startRawServer((socket, head) =>
      socket.write(
        headerOf(head, 'cookie') === 'seen=1'
          ? answer(200, {}, 'the page')
          : answer(302, { Location: pathOf(head), 'Set-Cookie': 'seen=1' }),
      ),
    );
    await using web = createTestWeb({ ports: [server.port] });
    for (const kind of ['page', 'image'] as const) {
      const result = await web.read(`http://good.test:${server.port}/x`, { kind });
      expect(result).toMatchObject({ bytes: Buffer.from('the page') });
    }
    // Nothing is known of the reading before.
    expect(server.heads.map((head) => headerOf(head, 'cookie'))).toEqual([
      undefined,
      'seen=1',
      undefined,
      'seen=1',
    ]);
  });

  it('go to the host that set them and to no other, over redirects there and back', async () => {
    await using server = await startRawServer((socket, head) => {
      const path = pathOf(head);
      const next: Record<string, string> = {
        '/1': `http://other.test:${server.port}/2`,
        '/2': `http://good.test:${server.port}/3`,
        '/3': `http://other.test:${server.port}/4`,
      };
      const cookie = { 'Set-Cookie': `from${path.slice(1)}=1; Domain=test; Path=/` };
      socket.write(
        path === '/4' ? answer(200, {}, 'x') : answer(302, { Location: next[path] ?? '/', ...cookie }),
      );
    });
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/1`))).toBe('read');
    expect(server.heads.map((head) => headerOf(head, 'cookie'))).toEqual([
      undefined,
      undefined,
      'from1=1',
      'from2=1',
    ]);
  });

  it('of a page are those of its call; an image adds none to them', async () => {
    await using server = await startRawServer((socket, head) =>
      socket.write(answer(200, { 'Set-Cookie': `${pathOf(head).slice(1)}=1; Path=/` }, 'x')),
    );
    await using web = createTestWeb({ ports: [server.port] });
    const url = `http://good.test:${server.port}`;
    const cookies: Cookie[] = [];
    await web.read(`${url}/page`, { cookies });
    await web.read(`${url}/image`, { kind: 'image', cookies });
    await web.read(`${url}/style`, { kind: 'stylesheet', cookies });
    await web.read(`http://other.test:${server.port}/else`, { kind: 'image', cookies });
    await web.read(`${url}/last`, { kind: 'image', cookies });
    await web.read(`${url}/alone`);
    expect(server.heads.map((head) => headerOf(head, 'cookie'))).toEqual([
      undefined,
      'page=1',
      'page=1',
      undefined,
      'page=1',
      undefined,
    ]);
    expect(cookies.map(({ name }) => name)).toEqual(['page']);
  });

  it('that a refusal sets are sent with the second attempt', async () => {
    await using server = await startRawServer((socket, _, index) =>
      socket.write(
        index === 0 ? answer(503, { 'Retry-After': '0', 'Set-Cookie': 'a=1' }) : answer(200, {}, 'x'),
      ),
    );
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('read');
    expect(server.heads.map((head) => headerOf(head, 'cookie'))).toEqual([undefined, 'a=1']);
  });

  it('open no address: a redirect with a cookie to a private one is refused', async () => {
    await using hidden = await startRawServer(
      (socket) => socket.write(answer(200, {}, 'x')),
      PRIVATE_ADDRESS,
    );
    await using server = await startRawServer((socket) =>
      socket.write(answer(302, { Location: `http://evil.test:${hidden.port}/`, 'Set-Cookie': 'a=1' })),
    );
    await using web = createTestWeb({ ports: [server.port, hidden.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('forbidden');
    expect(hidden.accepted()).toBe(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import { refererOf } from '../../../lib/web/referrer.ts';
import { answer, headerOf, pathOf, startRawServer } from './rawServer.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

describe('a request', () => {
  it.each([
    ['page', /^text\/html,/, 'gzip, br, zstd'],
    ['stylesheet', /^text\/css,/, 'gzip, br, zstd'],
    ['image', /^image\/avif,image\/webp,/, 'identity'],
  ] as const)('for a %s says what it wants and who asks', async (kind, accept, encoding) => {
    await using server = await startRawServer((socket) => socket.write(answer(200)));
    await using web = createTestWeb({ ports: [server.port] });
    await web.read(`http://good.test:${server.port}/a%20b?c=d#e`, { kind });
    const [sent = ''] = server.heads;
    expect(pathOf(sent)).toBe('/a%20b?c=d');
    expect(headerOf(sent, 'host')).toBe(`good.test:${server.port}`);
    expect(headerOf(sent, 'accept')).toMatch(accept);
    expect(headerOf(sent, 'accept-encoding')).toBe(encoding);
    expect(headerOf(sent, 'user-agent')).toMatch(/^ImageProcessingApi\/\d/);
    const names = sent
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(':')[0]);
    expect(names.sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent']);
  });

  it.each([
    [{}, undefined, /^ImageProcessingApi\/[\d.]+ \([^;()]+\)$/],
    [{ acceptLanguage: 'de-CH, de;q=0.9' }, 'de-CH, de;q=0.9', /when a user asks for it\)$/],
    [
      { userAgentContact: 'https://example.com/bot' },
      undefined,
      /asks for it; https:\/\/example\.com\/bot\)$/,
    ],
    [{ userAgentContact: 'ops@example.com' }, undefined, /asks for it; ops@example\.com\)$/],
  ])('of an operator with %j says so', async (settings, language, agent) => {
    await using server = await startRawServer((socket) => socket.write(answer(200)));
    await using web = createTestWeb({ ports: [server.port], ...settings });
    for (const kind of ['page', 'stylesheet', 'image'] as const)
      await web.read(`http://good.test:${server.port}/`, { kind });
    expect(server.heads.map((head) => headerOf(head, 'accept-language'))).toEqual(Array(3).fill(language));
    for (const head of server.heads) expect(headerOf(head, 'user-agent')).toMatch(agent);
  });

  it('never holds a line break of the URL', async () => {
    await using server = await startRawServer((socket) => socket.write(answer(200)));
    await using web = createTestWeb({ ports: [server.port] });
    await web.read(`http://good.test:${server.port}/\r\nHost: evil?a\r\nb`);
    expect(server.heads).toHaveLength(1);
    expect(pathOf(server.heads[0] ?? '')).toBe('/Host:%20evil?ab');
  });

  it('goes to the host before a backslash, not to what stands behind it', async () => {
    await using server = await startRawServer((socket) => socket.write(answer(200)));
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}\\@127.0.0.1/`))).toBe('read');
    expect(pathOf(server.heads[0] ?? '')).toBe('/@127.0.0.1/');
  });

  it('leaves the caller URL as it was', async () => {
    await using server = await startRawServer((socket) => socket.write(answer(200)));
    await using web = createTestWeb({ ports: [server.port] });
    const url = new URL(`http://good.test:${server.port}/#part`);
    await web.web.read({ url, kind: 'page', maxBytes: 1, signal: new AbortController().signal });
    expect(url.hash).toBe('#part');
  });
});

describe('the Referer', () => {
  it.each([
    ['https://a.test/p?q#f', 'https://a.test/i.png', 'https://a.test/p?q'],
    ['https://u:p@a.test/p', 'https://a.test/i.png', 'https://a.test/p'],
    ['https://a.test/p?q', 'https://b.test/i.png', 'https://a.test/'],
    ['https://a.test/p?q', 'https://a.test:8443/i.png', 'https://a.test/'],
    ['http://a.test/p?q', 'https://a.test/i.png', 'http://a.test/'],
    ['http://a.test:8080/p', 'http://b.test/i.png', 'http://a.test:8080/'],
    ['https://a.test/p', 'http://a.test/i.png', undefined],
    ['https://a.test/p', 'http://b.test/i.png', undefined],
    ['data:text/html,x', 'http://b.test/i.png', undefined],
    [`http://a.test/${'x'.repeat(4083)}`, 'http://a.test/i.png', 'http://a.test/'],
    [`http://a.test/${'x'.repeat(4082)}`, 'http://a.test/i.png', `http://a.test/${'x'.repeat(4082)}`],
  ])('from %s to %s is %s', (from, to, expected) => {
    expect(refererOf(new URL(from), new URL(to))).toBe(expected);
  });

  it('is made anew for every hop', async () => {
    await using server = await startRawServer((socket, _, index) =>
      socket.write(
        index === 0 ? answer(302, { Location: `http://other.test:${server.port}/b` }) : answer(200, {}, 'x'),
      ),
    );
    await using web = createTestWeb({ ports: [server.port] });
    const origin = `http://good.test:${server.port}`;
    await web.read(`${origin}/a`, { referrer: new URL(`${origin}/page?x#y`) });
    expect(server.heads.map((each) => headerOf(each, 'referer'))).toEqual([`${origin}/page?x`, `${origin}/`]);
  });
});

describe('a conditional request', () => {
  const DATE = 'Sun, 22 Nov 2026 10:00:00 GMT';

  it('answered with 304 gives notModified with the validators, those of the answer first', async () => {
    await using server = await startRawServer((socket, _, index) =>
      socket.write(answer(304, index === 0 ? {} : { ETag: '"new"' })),
    );
    await using web = createTestWeb({ ports: [server.port] });
    const url = `http://good.test:${server.port}/i.png`;
    const validators = { url, etag: 'W/"old"', lastModified: DATE };
    expect(await web.read(`${url}#f`, { validators })).toMatchObject({ kind: 'notModified', validators });
    expect(await web.read(url, { validators })).toMatchObject({
      validators: { ...validators, etag: '"new"' },
    });
    expect(headerOf(server.heads[0] ?? '', 'if-none-match')).toBe('W/"old"');
    expect(headerOf(server.heads[0] ?? '', 'if-modified-since')).toBe(DATE);
  });

  it('is sent to the URL that answered before alone, also behind a redirect', async () => {
    await using server = await startRawServer((socket, requestHead) =>
      socket.write(pathOf(requestHead) === '/a' ? answer(302, { Location: '/b' }) : answer(304)),
    );
    await using web = createTestWeb({ ports: [server.port] });
    const origin = `http://good.test:${server.port}`;
    const validators = { url: `${origin}/b`, etag: '"e"' };
    const result = await web.read(`${origin}/a`, { validators });
    expect(result).toMatchObject({ kind: 'notModified', validators });
    expect(result.kind === 'notModified' && result.finalUrl.href).toBe(`${origin}/b`);
    expect(server.heads.map((each) => headerOf(each, 'if-none-match'))).toEqual([undefined, '"e"']);
  });

  it.each([
    ['of another URL', { url: 'http://good.test/other', etag: '"e"' }],
    ['that are empty', undefined],
    ['that no header can carry', { etag: '"a\r\nX: y"', lastModified: '\u0000' }],
  ])('is not sent with validators %s, and 304 is then a status', async (_, given) => {
    await using server = await startRawServer((socket) => socket.write(answer(304)));
    await using web = createTestWeb({ ports: [server.port] });
    const url = `http://good.test:${server.port}/i.png`;
    expect(await web.read(url, { validators: { url, ...given } })).toMatchObject({
      fault: 'status',
      status: 304,
    });
    expect(server.heads[0]).not.toMatch(/^if-/im);
  });

  it.each([
    [
      { ETag: '"e"', 'Last-Modified': DATE },
      { etag: '"e"', lastModified: DATE },
    ],
    [{ ETag: 'unquoted' }, { etag: 'unquoted' }],
    [{ 'Last-Modified': DATE }, { lastModified: DATE }],
    [{}, undefined],
    [{ ETag: '' }, undefined],
    [{ ETag: '"\xe9"' }, undefined],
    [{ ETag: `"${'e'.repeat(600)}"` }, undefined],
  ])('is made possible by an answer with %j', async (headers: Record<string, string>, expected) => {
    await using server = await startRawServer((socket) => socket.write(answer(200, headers, 'x')));
    await using web = createTestWeb({ ports: [server.port] });
    const url = `http://good.test:${server.port}/i.png`;
    const result = await web.read(`${url}#f`);
    expect(result.kind === 'read' && result.validators).toEqual(expected && { url, ...expected });
  });

  it('answered with 200 is read as usual', async () => {
    await using server = await startRawServer((socket) => socket.write(answer(200, { ETag: '"2"' }, 'new')));
    await using web = createTestWeb({ ports: [server.port] });
    const url = `http://good.test:${server.port}/i.png`;
    expect(await web.read(url, { validators: { url, etag: '"1"' } })).toMatchObject({
      kind: 'read',
      bytes: Buffer.from('new'),
      validators: { url, etag: '"2"' },
    });
  });
});

/** J: what callers are told holds nothing of an upstream's words, of a resolved address or of a stack. */
import { describe, expect, it } from '@jest/globals';
import { answer, pathOf } from '../../lib/web/rawServer.ts';
import { report } from './support/figures.ts';
import { type HostileAnswer, startHostileService } from './support/hostileService.ts';

describe('J: a public text', () => {
  const SECRET = 's3cret-of-the-upstream';
  const INSIDE = '10.1.2.3';
  const bodyOf = (path: string): Buffer => {
    const headers = { 'Content-Type': 'text/html', Connection: 'close', 'X-Own': SECRET };
    const byPath: Readonly<Record<string, Buffer>> = {
      '/status': answer(500, headers, SECRET),
      '/moved': answer(302, { ...headers, Location: `gopher://${SECRET}.test/` }, SECRET),
      '/forbidden': answer(302, { ...headers, Location: `http://${INSIDE}/${SECRET}` }, SECRET),
      '/garbage': Buffer.from(`HTTP/1.1 200 X\r\nContent-Length: ${SECRET}\r\n\r\n${SECRET}`),
      '/chunks': Buffer.from(`HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n${SECRET}\r\n`),
      '/cut': Buffer.from(`HTTP/1.1 200 X\r\nContent-Length: 900\r\n\r\n${SECRET}`),
      '/encoding': answer(200, { ...headers, 'Content-Encoding': `compress;${SECRET}` }, SECRET),
      '/gzip': answer(200, { ...headers, 'Content-Encoding': 'gzip' }, SECRET),
      '/text': answer(200, { ...headers, 'Content-Type': `text/${SECRET}` }, SECRET),
      '/large': answer(200, { ...headers, 'Content-Length': '99999999' }),
    };
    return byPath[path] ?? answer(200, headers, `<img src=${path.slice('/with'.length)}>`);
  };
  const expectNoSecret = ({ text, headers }: HostileAnswer) => {
    const said = `${text}\n${JSON.stringify(headers)}`;
    for (const secret of [SECRET, INSIDE, '127.0.0.', 'ECONN', 'HPE_', 'UND_ERR', '.ts:', ' at ']) {
      expect(said).not.toContain(secret);
    }
  };

  it.each([
    ['/status', 'PAGE_UNREACHABLE'],
    ['/moved', 'PAGE_UNREACHABLE'],
    ['/forbidden', 'ADDRESS_FORBIDDEN'],
    ['/garbage', 'PAGE_UNREACHABLE'],
    ['/chunks', 'PAGE_UNREACHABLE'],
    ['/cut', 'PAGE_UNREACHABLE'],
    ['/encoding', 'PAGE_UNREACHABLE'],
    ['/gzip', 'PAGE_UNREACHABLE'],
    ['/text', 'CONTENT_UNSUPPORTED'],
    ['/large', 'PAGE_TOO_LARGE'],
  ])('J15 about %s has nothing of what the upstream said', async (path, code) => {
    await using own = await startHostileService({
      respond: (socket, head) => socket.end(bodyOf(pathOf(head))),
    });
    const page = await own.post(own.url(path));
    expect(page.code).toBe(code);
    expectNoSecret(page);
    const image = await own.post(own.url(`/with${path}`));
    expect(image.body.counts).toMatchObject({ items: 0, skipped: 1 });
    expectNoSecret(image);
    report({ inputs: 2 });
  });

  it.each([
    ['a private address', INSIDE, 'ADDRESS_FORBIDDEN'],
    ['an address where nobody listens', '127.0.0.3', 'PAGE_UNREACHABLE'],
  ])('J15 has no address of a name that resolves to %s', async (_what, address, code) => {
    await using own = await startHostileService({
      web: {
        resolve: async () => [{ address, family: 4 }],
        classify: (one) => (one === '127.0.0.3' ? 'public' : 'private'),
      },
    });
    const page = await own.post(own.url('/'));
    expect(page.code).toBe(code);
    expectNoSecret(page);
    report({ inputs: 1 });
  });
});

/** K: names and keys. Whatever an address is called, its image is stored, listed, and read back by the name given. */
import { describe, expect, it } from '@jest/globals';
import { answer, pathOf } from '../lib/web/rawServer.ts';
import { pngOf } from '../support/pictures.ts';
import { startHostileService } from './support/hostileService.ts';

/** What MinIO takes: no segment over 255 bytes, no `.`, `..` or empty segment, no NUL, keys of at most 1,024 bytes. */
function expectKey(name: string): void {
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(1_024);
  expect(name).toBe(Buffer.from(name).toString());
  for (const segment of name.split('/')) {
    expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(255);
    expect(['', '.', '..']).not.toContain(segment);
  }
  expect(name).not.toMatch(/\p{Cc}|\p{Cf}|\\/u);
}

describe('K: an image whose address ends in', () => {
  it.each([
    ['K01 a way up', '/../../etc/passwd'],
    ['K01 an encoded way up', '/..%2f..%2fx'],
    ['K01 encoded dots', '/%2e%2e/'],
    ['K01 NUL', '/a%00b.png'],
    ['K01 a backslash', '/a\\b.png'],
    ['K01 an encoded backslash', '/a%5cb.png'],
    ['K01 a dot', '/.'],
    ['K01 nothing', '/?only=query'],
    ['K01 two slashes', '/x//y//'],
    ['K02 500 emoji', `/${encodeURIComponent('😀'.repeat(500))}.png`],
    ['K02 1,025 bytes', `/${'k'.repeat(1_021)}.png`],
    ['K02 a segment of 256 bytes', `/${'s'.repeat(252)}.png`],
    ['K02 bad UTF-8', '/%ff%fe%80.png'],
    ['K02 half a surrogate', '/%ed%a0%80.png'],
    ['K03 a right-to-left override', '/a%E2%80%AEgnp.exe'],
    ['K03 combining marks', `/e${'%CC%81'.repeat(200)}.png`],
    ['K03 a name of Windows', '/con'],
    ['K03 a trailing dot', '/a.png.'],
    ['K03 a trailing blank', '/a.png%20'],
    ['K03 a header', '/x%0d%0aX-Amz-Meta-Owner:%20me.png'],
    ['K04 a query and a fragment', '/a.png?b=/c/d.gif#e'],
    ['K04 an encoded question mark', '/a%3fb%23c.png'],
    ['K05 markup', '/%3Cscript%3Ealert(1)%3C%2Fscript%3E.png'],
  ])('%s', async (_row, path) => {
    const picture = pngOf(7);
    await using service = await startHostileService({
      respond: (socket, head) =>
        socket.write(
          pathOf(head) === '/page'
            ? answer(200, { 'Content-Type': 'text/html' }, `<img src="${path}">`)
            : answer(200, { 'Content-Type': 'image/png' }, picture),
        ),
    });
    const { code, body } = await service.post(service.url('/page'));
    expect([code, body.skipped]).toEqual(['OK', []]);
    const [name] = body.images as readonly string[];
    expectKey(name ?? '');
    expect(service.store.objects.get(name ?? '')?.bytes).toEqual(picture);
    expect((await service.get(service.url('/page'))).body.images).toEqual([name]);
  });

  it('K05 a name that another begins with, the same name twice, the same but for case: all are there', async () => {
    const paths = ['/a', '/a/b', '/a.png', '/A.png', '/x/a.png', '/a.png?2', '/%61.png'];
    await using service = await startHostileService({
      respond: (socket, head) =>
        socket.write(
          pathOf(head) === '/page'
            ? answer(
                200,
                { 'Content-Type': 'text/html' },
                paths.map((path) => `<img src="${path}">`).join(''),
              )
            : answer(200, { 'Content-Type': 'image/png' }, pngOf(paths.indexOf(pathOf(head)))),
        ),
    });
    const { body } = await service.post(service.url('/page'));
    const names = body.images as readonly string[];
    expect(new Set(names).size).toBe(paths.length);
    for (const [index, name] of names.entries()) {
      expectKey(name);
      expect(service.store.objects.get(name)?.bytes).toEqual(pngOf(index));
    }
  });
});

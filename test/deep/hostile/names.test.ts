/**
 * K: names and keys. For every URL, the image is stored, listed, and read back by its name. This holds on every store
 * that this machine can run, each of which has different rules for keys.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import { ownImplementations, type RunningStore, realImplementations } from '../../contract/stores.ts';
import { answer, pathOf } from '../../lib/web/rawServer.ts';
import { pngOf } from '../../support/pictures.ts';
import { report } from './support/figures.ts';
import { type HostileService, startHostileService } from './support/hostileService.ts';

/** Checks the rules of MinIO: no segment over 255 bytes, no `.`, `..` or empty one, no NUL, at most 1,024 bytes. */
function expectKey(name: string): void {
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(1_024);
  expect(name).toBe(Buffer.from(name).toString());
  for (const segment of name.split('/')) {
    expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(255);
    expect(['', '.', '..']).not.toContain(segment);
  }
  expect(name).not.toMatch(/\p{Cc}|\p{Cf}|\\/u);
}

const ROWS: readonly (readonly [row: string, path: string])[] = [
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
];

const ALIKE = ['/a', '/a/b', '/a.png', '/A.png', '/x/a.png', '/a.png?2', '/%61.png'];

let pages = 0;

describe.each([...ownImplementations(), ...realImplementations()])('K on $name', ({ start }) => {
  let store: RunningStore;
  beforeAll(async () => {
    store = await start();
  });
  afterAll(() => store?.close());

  /** Harvests a page of images at these paths, and checks that each is kept under its name. */
  async function expectKept(paths: readonly string[]): Promise<void> {
    const pagePath = `/page?${++pages}`;
    const { records, images } = store;
    await using service: HostileService = await startHostileService({
      respond: (socket, head) => {
        const path = pathOf(head);
        const markup = paths.map((one) => `<img src="${one}">`).join('');
        const isOne = paths.length === 1;
        if (path === pagePath) socket.write(answer(200, { 'Content-Type': 'text/html' }, markup));
        else
          socket.write(answer(200, { 'Content-Type': 'image/png' }, pngOf(isOne ? 0 : paths.indexOf(path))));
      },
      adapters: { records, images },
    });
    const url = service.url(pagePath);
    const { code, body } = await service.post(url);
    expect([code, body.skipped]).toEqual(['OK', []]);
    const names = body.images as readonly string[];
    expect(new Set(names).size).toBe(paths.length);
    // The next look-up reads the bucket.
    service.cache.flush();
    expect((await service.get(url)).body.images).toEqual(names);

    for (const [index, name] of names.entries()) {
      expectKey(name);
      const prefix = name.slice(0, name.indexOf(pageIdOf(url)));
      expect((await Array.fromAsync(images.list(prefix))).map((object) => object.name)).toContain(name);
      if (!store.hasHttp) continue;
      const object = await fetch(await images.link(name));
      expect([object.status, object.headers.get('content-type')]).toEqual([200, 'image/png']);
      expect(Buffer.from(await object.arrayBuffer())).toEqual(pngOf(index));
    }
    await images.remove(names);
    for (const name of names) expect(await Array.fromAsync(images.list(name))).toEqual([]);
    report({ inputs: paths.length });
  }

  it.each(ROWS)('%s', async (_row, path) => {
    await expectKept([path]);
  });

  it('K05 a name that another begins with, the same name twice, the same but for case: all are there', async () => {
    await expectKept(ALIKE);
  });
});

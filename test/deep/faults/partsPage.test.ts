/** F12–F15: the page fails, loses an image, has none any more, or takes too long, over real adapters. */
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { Respond } from '../../lib/web/rawServer.ts';
import { answer, pathOf } from '../../lib/web/rawServer.ts';
import { pngOf } from '../../support/pictures.ts';
import { startPartsService, timed } from './partsService.ts';

interface Item {
  readonly name: string;
  readonly url: string;
  readonly outcome: string;
  readonly reason?: { readonly code: string; readonly status?: number };
}
interface Line {
  readonly url: string;
  readonly code: string;
}

/** A site whose answers a test changes: path → what to do with the connection. */
function site(numbers: readonly number[]) {
  const special = new Map<string, (socket: Socket) => void>();
  const state = { numbers };
  const respond: Respond = (socket, head) => {
    const path = pathOf(head);
    const act = special.get(path);
    if (act !== undefined) return act(socket);
    if (path.endsWith('.png')) {
      socket.write(answer(200, { 'Content-Type': 'image/png' }, pngOf(Number(path.slice(1, -4)))));
      return;
    }
    const markup = state.numbers.map((number) => `<img src="/${number}.png">`).join('');
    socket.write(answer(200, { 'Content-Type': 'text/html' }, `<p>text${markup}`));
  };
  return { special, state, respond };
}
const failing = (status: number) => (socket: Socket) => socket.write(answer(status));
/** Nothing else is a matter of time. */
const timesFor = (code: string) =>
  code.endsWith('_TIMEOUT') ? { pageTimeoutMs: 3_000, imageTimeoutMs: 3_000 } : {};
const TEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

describe('F12 a PUT whose page', () => {
  const pages: readonly (readonly [string, (socket: Socket) => void, string])[] = [
    ['answers 500', failing(500), 'PAGE_UNREACHABLE'],
    ['answers 404', failing(404), 'PAGE_UNREACHABLE'],
    ['resets the connection', (socket) => socket.resetAndDestroy(), 'PAGE_UNREACHABLE'],
    [
      'is cut off',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 999\r\n\r\n<img'),
      'PAGE_UNREACHABLE',
    ],
    [
      'has become a PDF',
      (socket) => socket.write(answer(200, { 'Content-Type': 'application/pdf' }, '%PDF-1.7')),
      'CONTENT_UNSUPPORTED',
    ],
    ['never answers', () => undefined, 'PAGE_TIMEOUT'],
  ];
  it.each(pages)('F12 %s leaves the old list and every object', async (_, act, code) => {
    const { special, respond } = site([1, 2]);
    await using service = await startPartsService({ respond, config: timesFor(code) });
    const first = await service.post(service.page);
    const before = await service.recordOf();
    special.set('/page', act);
    const { value, ms } = await timed(() => service.put(service.page));
    expect(value.code).toBe(code);
    expect(ms).toBeLessThan(20_000);
    expect(await service.recordOf()).toEqual(before);
    expect(await service.compare()).toEqual({ missing: [], orphans: [] });
    // From the cache, whose entry was taken out, or from the bucket.
    expect((await service.get(service.page)).body.images).toEqual(first.body.images);
    special.clear();
    expect((await service.put(service.page)).code).toBe('OK');
  });
});

describe('F13 a PUT of which one image of ten', () => {
  const images: readonly (readonly [string, (socket: Socket) => void, string])[] = [
    ['answers 500', failing(500), 'IMAGE_STATUS'],
    ['resets the connection', (socket) => socket.resetAndDestroy(), 'IMAGE_UNREACHABLE'],
    ['is empty', (socket) => socket.write(answer(200, { 'Content-Type': 'image/png' })), 'IMAGE_EMPTY'],
    [
      'is no image',
      (socket) => socket.write(answer(200, { 'Content-Type': 'image/png' }, 'no')),
      'NOT_AN_IMAGE',
    ],
    ['never answers', () => undefined, 'IMAGE_TIMEOUT'],
  ];
  it.each(images)('F13 %s keeps its old version and says so', async (_, act, code) => {
    const { special, respond } = site(TEN);
    await using service = await startPartsService({ respond, config: timesFor(code) });
    const first = await service.post(service.page);
    special.set('/5.png', act);
    const { code: outcome, body } = await service.put(service.page);
    expect(outcome).toBe('OK');
    const items = body.items as readonly Item[];
    expect(items.map(({ outcome: each }) => each)).toEqual(TEN.map((n) => (n === 5 ? 'kept' : 'unchanged')));
    expect(items[4]?.reason?.code).toBe(code);
    expect(body.images).toEqual(first.body.images);
    expect(await service.compare()).toEqual({ missing: [], orphans: [] });
  });
});

describe('F14 a page that has no image any more', () => {
  it('F14 has an empty list after the PUT, and its objects are gone; a page from the start too', async () => {
    const { state, respond } = site([1, 2]);
    await using service = await startPartsService({ respond });
    const first = await service.post(service.page);
    state.numbers = [];
    const { status, body } = await service.put(service.page);
    expect([status, body.images]).toEqual([200, []]);
    expect((body.changes as { removed: unknown }).removed).toEqual(first.body.images);
    expect((await service.get(service.page)).body).toMatchObject({ images: [], count: 0, complete: true });
    expect((await service.get(service.url('/1.png'))).code).toBe('PAGE_NOT_FOUND');
    expect(await service.namesIn('images/')).toEqual([]);
    expect((await service.post(service.url('/other'))).body.counts).toMatchObject({
      discovered: 0,
      items: 0,
    });
  });
});

describe('F15 the time runs out while an upload is under way', () => {
  it.each(['a bucket that hangs', 'a bucket that is slow'])(
    'F15 at %s: an answer in time, nothing lost',
    async (what) => {
      const { respond } = site(TEN);
      await using service = await startPartsService({
        respond,
        timeMs: 10_000,
        storeTimes: {
          connectMs: 10_000,
          recordAttemptMs: 10_000,
          recordCallMs: 10_000,
          bulkAttemptMs: 20_000,
          bulkCallMs: 20_000,
        },
      });
      // Eight seconds are for fetching; the uploads of the second half do not come through.
      let uploads = 0;
      service.breakStore(({ kind }) => {
        if (kind !== 'PUT image') return 'pass';
        uploads += 1;
        if (uploads <= 5) return 'pass';
        return what === 'a bucket that hangs' ? 'hang' : { delayMs: 9_500 };
      });
      const { value, ms } = await timed(() => service.post(service.page));
      expect([value.status, value.code]).toEqual([201, 'OK']);
      expect(ms).toBeLessThan(10_000);
      expect(value.body.complete).toBe(false);
      expect(value.body.images).toHaveLength(5);
      const skipped = value.body.skipped as readonly Line[];
      expect(skipped.map(({ code }) => code)).toEqual(Array.from({ length: 5 }, () => 'OUT_OF_TIME'));
      expect((await service.compare()).missing).toEqual([]);

      service.mendStore();
      const next = await service.put(service.page);
      expect(next.body.complete).toBe(true);
      expect(next.body.images).toHaveLength(10);
      expect((await service.compare()).missing).toEqual([]);
    },
  );
});

describe('F01 an image that leads to a very long address', () => {
  it('F01 is stored, and its record does not grow with the address', async () => {
    const { special, respond } = site([1]);
    const long = `/${'x'.repeat(50_000)}.png`;
    special.set('/1.png', (socket) => socket.write(answer(302, { Location: long })));
    special.set(long, (socket) =>
      socket.write(answer(200, { 'Content-Type': 'image/png', ETag: '"e"' }, pngOf(1))),
    );
    await using service = await startPartsService({ respond });
    expect((await service.post(service.page)).body.images).toHaveLength(1);
    expect(JSON.stringify(await service.recordOf()).length).toBeLessThan(5_000);
  });
});

/** T: a site that cuts what has no declared length, met on an update: nothing is lost. */
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../lib/image/samples.ts';
import { answer, head, pathOf } from '../../lib/web/rawServer.ts';
import { type HostileService, startHostileService } from './support/hostileService.ts';

const PAGE = `<link rel=stylesheet href=/style.css>${Array.from({ length: 10 }, (_, i) => `<img src=/${i}.png>`).join('\n')}`;
const STYLE = Array.from({ length: 4 }, (_, i) => `.a${i}{background:url(/b${i}.png)}`).join('\n');
const bodyOf = (path: string): readonly [Record<string, string>, Buffer] => {
  if (path === '/') return [{ 'Content-Type': 'text/html' }, Buffer.from(PAGE)];
  if (path === '/style.css') return [{ 'Content-Type': 'text/css' }, Buffer.from(STYLE)];
  return [{ 'Content-Type': 'image/png' }, pngOf(2 + path.charCodeAt(1), 2 + path.charCodeAt(2))];
};

let service: HostileService;
afterEach(() => service[Symbol.asyncDispose]());

/** Harvests the site whole, and then again while one path of it is cut after `share` of its bytes. */
async function update(cutPath: string, share: number, end: (socket: Socket) => void) {
  let isCut = false;
  service = await startHostileService({
    respond: (socket, requestHead) => {
      const path = pathOf(requestHead);
      const [headers, body] = bodyOf(path);
      if (!isCut || path !== cutPath) return void socket.write(answer(200, headers, body));
      const half = body.subarray(0, Math.floor(body.length * share));
      socket.write(Buffer.concat([Buffer.from(head(200, headers)), half]), () => end(socket));
    },
  });
  expect((await service.post(service.url())).body.counts).toMatchObject({ items: 14, skipped: 0 });
  const before = new Map(service.store.objects);
  isCut = true;
  const { code, body } = await service.put(service.url());
  expect(new Map(service.store.objects)).toEqual(before);
  return { code, body, changes: body.changes as Record<string, readonly string[]> | undefined };
}

const reset = (socket: Socket) => void socket.resetAndDestroy();

describe('an update of a site that cuts', () => {
  it.each([0.5, 0.99, 1])(
    'its page after %d of it is PAGE_UNREACHABLE, and leaves everything',
    async (share) => {
      const { code, body } = await update('/', share, reset);
      expect([code, body.reason]).toEqual(['PAGE_UNREACHABLE', 'protocol']);
      const { status, body: kept } = await service.get(service.url());
      expect([status, kept.count]).toEqual([200, 14]);
    },
  );

  it('its stylesheet warns of it and keeps the images of the sheet', async () => {
    const { code, body, changes } = await update('/style.css', 0.5, reset);
    expect([code, body.counts]).toMatchObject(['OK', { items: 14, skipped: 0 }]);
    expect(body.warnings).toMatchObject([{ code: 'PAGE_UNREACHABLE', url: service.url('/style.css') }]);
    expect([changes?.removed?.length, changes?.kept?.length]).toEqual([0, 4]);
  });

  it.each([
    ['before its own end keeps the old copy', 0.7, ['IMAGE_TRUNCATED']],
    ['after its own end finds it unchanged', 1, []],
  ])('an image %s', async (_, share, codes) => {
    const { body, changes } = await update('/3.png', share, reset);
    const items = body.items as readonly { readonly reason?: { readonly code: string } }[];
    expect(items.flatMap(({ reason }) => reason?.code ?? [])).toEqual(codes);
    expect(changes?.removed).toEqual([]);
  });
});

/** T, H, I: both edges of the limits, where nothing but the bytes themselves tells how many there are. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createByteBudget } from '../../../lib/concurrency/byteBudget.ts';
import { answer, head, headerOf, pathOf, pour, type Respond } from '../../lib/web/rawServer.ts';
import { pngOf } from '../../support/pictures.ts';
import { report } from './support/figures.ts';
import { type HostileService, startHostileService } from './support/hostileService.ts';

const KIB = 1024;
const LIMIT = 64 * KIB;
const LIMITS = { pageMaxBytes: LIMIT, imageMaxBytes: LIMIT };
const HTML = { 'Content-Type': 'text/html' };
const PICTURE = pngOf(7);

let service: HostileService;
afterEach(() => service[Symbol.asyncDispose]());

/** A good page with one image, and at every other path what the row says. */
async function start(respond: Respond, parts: Parameters<typeof startHostileService>[0] = {}): Promise<void> {
  service = await startHostileService({
    respond: (socket, requestHead, index) => {
      if (pathOf(requestHead) === '/good') socket.write(answer(200, HTML, '<img src=/bad>'));
      else respond(socket, requestHead, index);
    },
    limits: LIMITS,
    ...parts,
  });
}

/** The code of the row's answer as a page, its reason, and its code as the one image of a good page. */
async function codesOf(): Promise<readonly unknown[]> {
  const page = await service.post(service.url('/bad'));
  const skipped = (await service.post(service.url('/good'))).body.skipped as readonly { code: string }[];
  report({ inputs: 2 });
  return [page.code, page.body.reason, ...skipped.map(({ code }) => code)];
}

const inChunks = (body: Buffer, headers = {}): Buffer => {
  const size = Buffer.from(`${body.length.toString(16)}\r\n`);
  const text = head(200, { ...HTML, 'Transfer-Encoding': 'chunked', ...headers });
  return Buffer.concat([Buffer.from(text), size, body, Buffer.from('\r\n0\r\n\r\n')]);
};
/** As many bytes as it says: a picture, or markup. */
const picture = (length: number) => Buffer.concat([PICTURE, Buffer.alloc(length - PICTURE.length)]);
const hundredBelow = (at: number) =>
  Array.from({ length: 100 }, (_, i) => `@import "${at * 100 + i + 1}.css";`).join('');
const markup = (length: number) => Buffer.from('<p>'.padEnd(length, 'x'));

describe('T: a body without a length', () => {
  const FORMS = [
    ['T04 in chunks', (body: Buffer) => inChunks(body)],
    ['T15 in gzip', (body: Buffer) => inChunks(gzipSync(body), { 'Content-Encoding': 'gzip' })],
    ['T16 in brotli', (body: Buffer) => inChunks(brotliCompressSync(body), { 'Content-Encoding': 'br' })],
  ] as const;

  it.each(FORMS)('%s of exactly the limit is read, of a byte more it is not', async (_row, form) => {
    await start((socket, requestHead) => {
      const [, kind, over] = pathOf(requestHead).split('/');
      const length = LIMIT + Number(over);
      if (kind === 'with') socket.write(answer(200, HTML, `<img src=/picture/${over}>`));
      else socket.write(form(kind === 'page' ? markup(length) : picture(length)));
    });
    const codes: unknown[] = [];
    for (const path of ['/page/0', '/page/1', '/with/0', '/with/1']) {
      const { code, body } = await service.post(service.url(path));
      codes.push([code, body.counts === undefined ? null : (body.counts as { byCode: object }).byCode]);
    }
    expect(codes).toEqual([
      ['OK', {}],
      ['PAGE_TOO_LARGE', null],
      ['OK', {}],
      ['OK', { IMAGE_TOO_LARGE: 1 }],
    ]);
    report({ inputs: 4 });
  });

  // Blocks that hold nothing: no limit on decoded bytes would ever end them.
  const EMPTY_BLOCKS = Buffer.from('000000ffff'.repeat(3_000), 'hex');
  it('T15 of gzip blocks that hold nothing, without end, ends long before its time', async () => {
    await start((socket) => {
      socket.write(head(200, { ...HTML, 'Content-Encoding': 'gzip' }));
      socket.write(Buffer.from('1f8b0800000000000003', 'hex'));
      pour(socket, EMPTY_BLOCKS);
    });
    expect(await codesOf()).toEqual(['PAGE_UNREACHABLE', 'encoding', 'IMAGE_UNREACHABLE']);
  });

  it('T18 of brotli with garbage behind it is read up to its end', async () => {
    const body = Buffer.concat([brotliCompressSync(markup(99)), Buffer.from('garbage')]);
    await start((socket) => socket.write(answer(200, { ...HTML, 'Content-Encoding': 'br' }, body)));
    expect(await codesOf()).toEqual(['OK', undefined, 'NOT_AN_IMAGE']);
  });

  it('T11 in a transfer coding that nobody asked for is not HTTP to us', async () => {
    const body = inChunks(gzipSync(markup(99)), { 'Transfer-Encoding': 'gzip, chunked' });
    await start((socket) => socket.write(body));
    expect(await codesOf()).toEqual(['PAGE_UNREACHABLE', 'protocol', 'IMAGE_UNREACHABLE']);
  });
});

describe('T: a server that', () => {
  it('T05 announces 10 GB of HTML is refused once it is seen to be HTML', async () => {
    const huge = head(200, { ...HTML, 'Content-Length': '10000000000' });
    await start((socket) => socket.write(huge + markup(5 * KIB).toString()));
    expect(await codesOf()).toEqual(['PAGE_TOO_LARGE', undefined, 'IMAGE_TOO_LARGE']);
  });

  it('T13 resets every time is asked twice for a page, and for an image once more over the kept connection', async () => {
    await start((socket) => socket.resetAndDestroy());
    expect(await codesOf()).toEqual(['PAGE_UNREACHABLE', 'connect', 'IMAGE_UNREACHABLE']);
    expect(service.site.heads.filter((each) => pathOf(each) === '/bad')).toHaveLength(2 + 3);
  });

  it('T20 sends an ETag or a date that no header can carry gets no condition from it', async () => {
    const validators = [
      { ETag: `"${'e'.repeat(511)}"` },
      { ETag: `"${'e'.repeat(60_000)}"` },
      { ETag: `"${'e'.repeat(510)}"` },
      { 'Last-Modified': 'd'.repeat(513) },
      { 'Last-Modified': 'garbage' },
    ];
    await start((socket, requestHead) => {
      const path = pathOf(requestHead);
      if (path === '/')
        socket.write(answer(200, HTML, validators.map((_, at) => `<img src=/${at}>`).join('')));
      else socket.write(answer(200, validators[Number(path.slice(1))], PICTURE));
    });
    expect((await service.post(service.url('/'))).code).toBe('OK');
    const before = service.site.heads.length;
    expect((await service.put(service.url('/'))).body.changes).toMatchObject({ added: [], changed: [] });
    const conditions = service.site.heads.slice(before).flatMap((each) => {
      const condition = headerOf(each, 'if-none-match') ?? headerOf(each, 'if-modified-since');
      return condition === undefined ? [] : [[pathOf(each), condition.length]];
    });
    expect(conditions.sort()).toEqual([
      ['/2', 512],
      ['/4', 7],
    ]);
    report({ inputs: validators.length });
  });

  it('R19 redirects gets the condition at the hop that it is of, and at no other', async () => {
    await start((socket, requestHead) => {
      const path = pathOf(requestHead);
      if (path === '/') socket.write(answer(200, HTML, '<img src=/moved>'));
      else if (path === '/moved') socket.write(answer(302, { Location: '/here' }));
      else socket.write(answer(200, { ETag: '"of-here"' }, PICTURE));
    });
    await service.post(service.url('/'));
    const before = service.site.heads.length;
    expect((await service.put(service.url('/'))).body.changes).toMatchObject({ added: [], changed: [] });
    const asked = service.site.heads.slice(before);
    expect(asked.map((each) => [pathOf(each), headerOf(each, 'if-none-match')])).toEqual([
      ['/', undefined],
      ['/moved', undefined],
      ['/here', '"of-here"'],
    ]);
    report({ inputs: 1 });
  });
});

describe('H: stylesheets', () => {
  const css = (text: string) => answer(200, { 'Content-Type': 'text/css' }, text);

  it.each([
    ['that import new ones for ever', (at: number) => `@import "${at + 1}.css";`, 4],
    ['that import each other', (at: number) => `@import "${(at + 1) % 3}.css"; @import "0.css#x";`, 3],
    ['that each import a hundred others', (at: number) => hundredBelow(at), 50],
  ])('H07 %s end', async (_row, textOf, count) => {
    await start((socket, requestHead) => {
      const at = Number(/^\/(\d+)\.css$/.exec(pathOf(requestHead))?.[1] ?? -1);
      socket.write(at === -1 ? answer(200, HTML, '<link rel=stylesheet href=0.css>') : css(textOf(at)));
    });
    expect((await service.post(service.url('/'))).code).toBe('OK');
    expect(service.site.heads.filter((each) => pathOf(each).endsWith('.css'))).toHaveLength(count);
    report({ inputs: count });
  });

  it('H07 share the bytes that the page leaves of its limit', async () => {
    const links = [0, 1, 2, 3].map((at) => `<link rel=stylesheet href=${at}.css>`).join('');
    const room = LIMIT - links.length;
    await start((socket, requestHead) =>
      socket.write(
        pathOf(requestHead) === '/' ? answer(200, HTML, links) : css('a{}'.padEnd(Math.floor(room / 3))),
      ),
    );
    const { warnings } = (await service.post(service.url('/'))).body as { warnings: { code: string }[] };
    // Which of them it meets, and whether more than one, is a matter of who comes first.
    expect([...new Set(warnings.map(({ code }) => code))]).toEqual(['LIMIT_REACHED']);
    report({ inputs: 4 });
  });
});

describe('T: encoded images', () => {
  it('T16 never wait for each other in a ring: for their turn to be decoded, and for room in memory', async () => {
    const count = 12;
    const image = Buffer.concat([PICTURE, Buffer.alloc(40 * KIB)]);
    const encoded = answer(200, { 'Content-Encoding': 'br' }, brotliCompressSync(image));
    const late = Promise.withResolvers<void>();
    await start(
      async (socket, requestHead) => {
        const path = pathOf(requestHead);
        if (path === '/') {
          const names = Array.from({ length: count }, (_, index) => `<img src=/${index}>`).join('');
          socket.write(answer(200, HTML, names));
          return;
        }
        // The first comes last, when all the others are at work.
        if (path === '/0') await late.promise;
        if (path === `/${count - 1}`) setTimeout(late.resolve, 100);
        socket.write(encoded);
      },
      {
        config: { connectionsPerHost: count, connectionsMax: count, imageTimeoutMs: 20_000 },
        limits: LIMITS,
        adapters: { bytesInFlight: createByteBudget(KIB) },
      },
    );
    const { body } = await service.post(service.url('/'));
    expect(body.counts).toMatchObject({ items: count, skipped: 0 });
    report({ inputs: count });
  });
});

describe('I: an image', () => {
  it('I01 of exactly as many pixels as may be is stored, of one more it is not', async () => {
    const pictures = [pngOf(1, 10, 10), pngOf(2, 101, 1), pngOf(3, 1, 100)];
    await start(
      (socket, requestHead) => {
        const path = pathOf(requestHead);
        if (path === '/')
          socket.write(answer(200, HTML, pictures.map((_, at) => `<img src=/${at}>`).join('')));
        else socket.write(answer(200, {}, pictures[Number(path.slice(1))]));
      },
      { limits: { ...LIMITS, imageMaxPixels: 100 } },
    );
    const { body } = await service.post(service.url('/'));
    expect(body.counts).toMatchObject({ items: 2, byCode: { IMAGE_TOO_MANY_PIXELS: 1 } });
    report({ inputs: pictures.length });
  });

  it.each([
    ['exactly as many bytes as a call may take are all stored', 0, 4, {}],
    ['a byte more are stored but for the last', 1, 3, { LIMIT_REACHED: 1 }],
  ])('I16 of four that have together %s', async (_row, over, items, byCode) => {
    const names = [0, 1, 2, 3].map((at) => `<img src=/${at}>`).join('');
    await start(
      (socket, requestHead) => {
        const path = pathOf(requestHead);
        if (path === '/') socket.write(answer(200, HTML, names));
        else socket.write(answer(200, {}, picture(path === '/3' ? KIB + over : KIB)));
      },
      { limits: { ...LIMITS, requestMaxBytes: 4 * KIB }, config: { connectionsPerHost: 1 } },
    );
    const { body } = await service.post(service.url('/'));
    expect(body.counts).toMatchObject({ items, byCode });
    report({ inputs: 4 });
  });
});

/** T: what servers do to a connection and to a body. Every row is tried on a page and on an image of a page. */
import type { Socket } from 'node:net';
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { answer, drip, head, pathOf, pour, type Respond } from '../../lib/web/rawServer.ts';
import { pngOf } from '../../support/pictures.ts';
import { report } from './support/figures.ts';
import { type HostileAnswer, startHostileService } from './support/hostileService.ts';
import { measureCost, measureWithin } from './support/meter.ts';

const MIB = 1024 * 1024;
const HTML = { 'Content-Type': 'text/html' };
/** Nothing waits for a connection to become idle. */
const CLOSING = { ...HTML, Connection: 'close' };
const CHUNKED = { ...HTML, 'Transfer-Encoding': 'chunked' };
const PICTURE = pngOf(7);
const PAGE = '<p>Nothing to see.</p>'.repeat(50);
const LIMITS = { pageMaxBytes: MIB, imageMaxBytes: MIB };
/** Where the time is what ends it; elsewhere it must not be, on whatever machine. */
const SHORT_MS = 600;
const LONG_MS = 60_000;

/** A code, with the reason and the status where there are such. */
type Verdict = readonly [code: string, reason?: string | undefined, status?: number];

function verdictOf({ body, code }: HostileAnswer): Verdict {
  const { reason, upstreamStatus } = body as { reason?: string; upstreamStatus?: number };
  if (upstreamStatus !== undefined) return [code, reason, upstreamStatus];
  return reason === undefined ? [code] : [code, reason];
}

function skippedVerdict({ body }: HostileAnswer): Verdict {
  const lines = body.skipped as readonly { code: string; status?: number }[];
  expect(lines).toHaveLength(1);
  const [line] = lines;
  return line?.status === undefined ? [line?.code ?? ''] : [line.code, undefined, line.status];
}

/** The row's server answers for the page itself, which leaves nothing, and then for the one image of a good page. */
async function expectVerdicts(respond: Respond, page: Verdict, image: Verdict): Promise<void> {
  const { cost } = await measureWithin({ grownBytes: 64 * MIB }, async () => {
    await expectPageVerdict(respond, page);
    await expectImageVerdict(respond, image);
  });
  expect(cost.grownBytes).toBeLessThan(64 * MIB);
  report({ inputs: 2, stallMs: cost.stallMs, grownBytes: cost.grownBytes });
}

async function expectPageVerdict(respond: Respond, expected: Verdict): Promise<void> {
  const pageTimeoutMs = expected[0] === 'PAGE_TIMEOUT' ? SHORT_MS : LONG_MS;
  await using service = await startHostileService({ respond, config: { pageTimeoutMs }, limits: LIMITS });
  expect(verdictOf(await service.post(service.url('/bad')))).toEqual(expected);
  service.expectNothing();
  await service.site.idle();
}

async function expectImageVerdict(respond: Respond, expected: Verdict): Promise<void> {
  const imageTimeoutMs = expected[0] === 'IMAGE_TIMEOUT' ? SHORT_MS : LONG_MS;
  await using service = await startHostileService({
    respond: (socket, requestHead, index) => {
      if (pathOf(requestHead) === '/good') socket.end(answer(200, CLOSING, '<img src=/bad>'));
      else respond(socket, requestHead, index);
    },
    config: { pageTimeoutMs: LONG_MS, imageTimeoutMs },
    limits: LIMITS,
  });
  const { body, ...rest } = await service.post(service.url('/good'));
  expect(rest.code).toBe('OK');
  expect(skippedVerdict({ body, ...rest })).toEqual(expected);
  expect([...service.store.objects.keys()].filter((name) => name.startsWith('images/'))).toEqual([]);
  expect([...service.cache.locks.keys()]).toEqual([]);
  await service.site.idle();
}

const encoded = (coding: string, body: Buffer): Respond => {
  return (socket) =>
    socket.end(answer(200, { ...HTML, 'Content-Encoding': coding, Connection: 'close' }, body));
};
const truncated = (text: string): Respond => {
  return (socket) => socket.end(text);
};
const unreachable = (reason: string): readonly [Verdict, Verdict] => [
  ['PAGE_UNREACHABLE', reason],
  ['IMAGE_UNREACHABLE'],
];
const TIMEOUT: readonly [Verdict, Verdict] = [['PAGE_TIMEOUT'], ['IMAGE_TIMEOUT']];
const TOO_LARGE: readonly [Verdict, Verdict] = [['PAGE_TOO_LARGE'], ['IMAGE_TOO_LARGE']];
const CUT: readonly [Verdict, Verdict] = [['PAGE_UNREACHABLE', 'protocol'], ['IMAGE_TRUNCATED']];
const ENCODING = unreachable('encoding');
const PROTOCOL = unreachable('protocol');

/** 256 MiB of zeros in some hundred bytes. */
function brotliBomb(): Buffer {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 24 };
  return brotliCompressSync(Buffer.alloc(256 * MIB), { params });
}

const gzipBomb = () => Buffer.concat(Array<Buffer>(256).fill(gzipSync(Buffer.alloc(MIB))));
const GZIP = gzipSync(PAGE);

type Row = readonly [row: string, respond: Respond, verdicts: readonly [Verdict, Verdict]];

const CONNECTIONS: readonly Row[] = [
  ['T01 accepts and never answers', () => {}, TIMEOUT],
  [
    'T02 drips its head',
    (socket) => drip(socket, [...`HTTP/1.1 200 X\r\nA: ${'b'.repeat(90)}`], 50),
    TIMEOUT,
  ],
  [
    'T02 drips header lines',
    (socket) => {
      socket.write('HTTP/1.1 200 X\r\n');
      drip(socket, 'A: b\r\n', 50);
    },
    TIMEOUT,
  ],
  [
    'T03 drips its body',
    (socket) => {
      socket.write(head(200, HTML));
      drip(socket, 'x', 50);
    },
    TIMEOUT,
  ],
  [
    'T03 drips its chunks',
    (socket) => {
      socket.write(head(200, CHUNKED));
      drip(socket, '1\r\nx\r\n', 50);
    },
    TIMEOUT,
  ],
  [
    'T04 pours a body without end',
    (socket) => {
      socket.write(head(200, HTML));
      pour(socket, Buffer.alloc(16_384, 'x'));
    },
    TOO_LARGE,
  ],
  [
    'T04 pours chunks without end',
    (socket) => {
      socket.write(head(200, CHUNKED));
      pour(socket, `4000\r\n${'x'.repeat(16_384)}\r\n`);
    },
    TOO_LARGE,
  ],
  [
    'T06 pours header lines without end',
    (socket) => {
      socket.write('HTTP/1.1 200 X\r\n');
      pour(socket, `A: ${'b'.repeat(1_000)}\r\n`);
    },
    PROTOCOL,
  ],
  [
    'T06 pours one header without end',
    (socket) => {
      socket.write('HTTP/1.1 200 X\r\nA: ');
      pour(socket, 'b'.repeat(1_000));
    },
    PROTOCOL,
  ],
  ['T08 says 100 Continue, and nothing more', (socket) => socket.end(head(100)), PROTOCOL],
  ['T08 says 100 Continue without end', (socket) => pour(socket, head(103)), PROTOCOL],
  [
    'T09 promises 100 bytes, sends 3 and closes',
    truncated(`${head(200, { ...HTML, 'Content-Length': '100' })}abc`),
    CUT,
  ],
  ['T09 closes before its last chunk', truncated(`${head(200, CHUNKED)}3\r\nabc\r\n`), CUT],
  ['T09 closes in a chunk', truncated(`${head(200, { ...CHUNKED, Connection: 'close' })}9\r\nabc`), CUT],
  ['T11 sends a chunk size that is none', truncated(`${head(200, CHUNKED)}zz\r\nx\r\n0\r\n\r\n`), PROTOCOL],
  [
    'T11 sends a chunk size beyond 64 bits',
    (socket) => socket.write(`${head(200, CHUNKED)}fffffffffffffffff\r\nx`),
    PROTOCOL,
  ],
  [
    'T11 pours a chunk extension',
    (socket) => {
      socket.write(`${head(200, CHUNKED)}1;`);
      pour(socket, 'x'.repeat(1_000));
    },
    PROTOCOL,
  ],
  [
    'T11 pours trailers',
    (socket) => {
      socket.write(`${head(200, CHUNKED)}1\r\nx\r\n0\r\n`);
      pour(socket, `A: ${'b'.repeat(1_000)}\r\n`);
    },
    PROTOCOL,
  ],
  ['T13 resets at the request', (socket) => socket.resetAndDestroy(), unreachable('connect')],
  [
    'T13 resets after its head',
    (socket) => socket.write(head(200, { ...HTML, 'Content-Length': '100' }), () => socket.resetAndDestroy()),
    CUT,
  ],
  [
    'T13 resets in its body',
    (socket) =>
      socket.write(`${head(200, { ...HTML, 'Content-Length': '100' })}abc`, () => socket.resetAndDestroy()),
    CUT,
  ],
  ['T24 stops reading', (socket) => socket.pause(), TIMEOUT],
];

describe('T: a server that', () => {
  it.each(CONNECTIONS)('%s', async (_row, respond, [page, image]) => {
    await expectVerdicts(respond, page, image);
  });

  it.each([
    ['10 GB', 10_000_000_000],
    ['a byte more than any limit', MIB + 1],
  ])('T05 announces %s is refused before a byte of it is sent', async (_row, length) => {
    const sent: Promise<number>[] = [];
    await expectVerdicts(
      (socket: Socket) => {
        const before = socket.bytesWritten;
        const start = head(200, { 'Content-Type': 'image/png', 'Content-Length': String(length) });
        socket.write(start);
        const { promise, resolve } = Promise.withResolvers<number>();
        // Closed by the other side: this one would wait for ever.
        socket.on('close', () => resolve(socket.bytesWritten - before - start.length));
        sent.push(promise);
      },
      ...TOO_LARGE,
    );
    expect(await Promise.all(sent)).toEqual([0, 0]);
  });

  it('T05 announces exactly the limit is read', async () => {
    const image = Buffer.concat([PICTURE, Buffer.alloc(MIB - PICTURE.length)]);
    await using service = await startHostileService({
      respond: (socket) => socket.write(answer(200, { 'Content-Type': 'image/png' }, image)),
      limits: LIMITS,
    });
    expect((await service.post(service.url('/bad'))).body.counts).toMatchObject({ items: 1 });
  });

  it('T08 sends interim answers before the real one is read as usual', async () => {
    await using service = await startHostileService({
      respond: (socket) => socket.write(head(103).repeat(3) + answer(200, HTML, PAGE).toString()),
    });
    expect((await service.post(service.url('/'))).code).toBe('OK');
  });

  it('T13 resets once is asked once more', async () => {
    await using service = await startHostileService({
      respond: (socket, _head, index) =>
        index === 0 ? socket.resetAndDestroy() : socket.write(answer(200, HTML, PAGE)),
    });
    expect((await service.post(service.url('/'))).code).toBe('OK');
    expect(service.site.heads).toHaveLength(2);
  });

  it.each([204, 206, 304, 401, 403, 404, 410, 418, 429, 500, 503, 999])('T20 answers %i', async (status) => {
    await expectVerdicts(
      (socket) =>
        socket.end(head(status, { 'Retry-After': '3600', 'Content-Length': '0', Connection: 'close' })),
      ['PAGE_UNREACHABLE', 'status', status],
      ['IMAGE_STATUS', undefined, status],
    );
  });

  it('T21 answers a page with an image gives a record of one image', async () => {
    await using service = await startHostileService({
      respond: (socket) => socket.write(answer(200, { 'Content-Type': 'image/png' }, PICTURE)),
    });
    const { code, body } = await service.post(service.url('/picture'));
    expect([code, body.counts]).toMatchObject(['OK', { discovered: 1, items: 1 }]);
    expect(body.items).toMatchObject([{ foundIn: [{ element: 'page', attribute: 'url' }] }]);
  });

  it.each([
    ['T22 a charset that is none', 'text/html; charset=bogus', 'OK'],
    ['T22 UTF-7, which no browser decodes', 'text/html; charset=utf-7', 'OK'],
    ['T22 no type', undefined, 'OK'],
    ['T22 an empty type', '', 'OK'],
    ['T22 two types in one', 'image/png, text/html', 'OK'],
    ['T22 an image’s type', 'image/png', 'OK'],
    ['T22 a type of 60 KiB', `text/html; charset=${'x'.repeat(60_000)}`, 'OK'],
  ])('%s', async (_row, type, code) => {
    await using service = await startHostileService({
      respond: (socket, requestHead) =>
        pathOf(requestHead) === '/a+ADw-.png'
          ? socket.write(answer(200, {}, PICTURE))
          : socket.write(
              answer(200, type === undefined ? {} : { 'Content-Type': type }, '<p><img src="a+ADw-.png">'),
            ),
    });
    const { body, ...rest } = await service.post(service.url('/'));
    expect(rest.code).toBe(code);
    expect(body.items).toMatchObject([{ url: service.url('/a+ADw-.png'), contentType: 'image/png' }]);
  });
});

describe('T: a body', () => {
  it.each([
    ['T15 that is a gzip bomb of 1 to 1,000', 'gzip', gzipBomb],
    ['T15 that is a bomb in deflate', 'deflate', () => deflateSync(Buffer.alloc(256 * MIB))],
    ['T16 that is a brotli bomb of 1 to 600,000', 'br', brotliBomb],
    ['T16 that is a bomb in zstd', 'zstd', () => zstdCompressSync(Buffer.alloc(256 * MIB))],
    ['T16 that is a bomb in a bomb', 'gzip, gzip', () => gzipSync(gzipBomb())],
    ['T16 that is a brotli bomb in a brotli bomb', 'br, br', () => brotliCompressSync(brotliBomb())],
    [
      'T16 that is a bomb of every encoding',
      'deflate, zstd, br',
      () => brotliCompressSync(zstdCompressSync(deflateSync(Buffer.alloc(256 * MIB)))),
    ],
  ])('%s stops at the limit', async (_row, coding, make) => {
    const bomb = make();
    expect(bomb.length).toBeLessThan(300_000);
    // The size has to stop it, not the time.
    await expectVerdicts(encoded(coding, bomb), ...TOO_LARGE);
  });

  const ENCODINGS: readonly (readonly [row: string, coding: string, body: Buffer])[] = [
    ['T17 with six encodings', 'gzip, gzip, gzip, gzip, gzip, gzip', GZIP],
    ['T17 with a second encoding that is none', 'gzip, br', GZIP],
    ['T18 cut off', 'gzip', GZIP.subarray(0, -9)],
    ['T18 that says gzip and is plain', 'gzip', Buffer.from(PAGE)],
    ['T18 that says br and is gzip', 'br', GZIP],
    ['T19 that says zstd and is plain', 'zstd', Buffer.from(PAGE)],
    ['T19 in compress', 'compress', Buffer.from(PAGE)],
  ];
  it.each(ENCODINGS)('%s is no page', async (_row, coding, body) => {
    await expectVerdicts(encoded(coding, body), ...ENCODING);
  });

  it('T17 gzipped twice but labelled once is unpacked once', async () => {
    await using service = await startHostileService({
      respond: (socket, requestHead, index) =>
        pathOf(requestHead) === '/good'
          ? socket.write(answer(200, HTML, '<img src=/twice>'))
          : encoded('gzip', gzipSync(gzipSync(PAGE)))(socket, requestHead, index),
    });
    expect(skippedVerdict(await service.post(service.url('/good')))).toEqual(['NOT_AN_IMAGE']);
    expect((await service.post(service.url('/twice'))).body.counts).toMatchObject({ discovered: 0 });
  });

  it('T19 is asked for with encodings that can be undone', async () => {
    await using service = await startHostileService({
      respond: (socket, requestHead) =>
        socket.write(
          pathOf(requestHead) === '/'
            ? answer(200, HTML, '<img src=a.png>')
            : answer(200, { 'Content-Type': 'image/png' }, PICTURE),
        ),
    });
    expect((await service.post(service.url('/'))).code).toBe('OK');
    const asked = service.site.heads.map((each) => /^accept-encoding: *(.*)$/im.exec(each)?.[1]);
    expect(asked).toEqual(['gzip, br, zstd', 'identity']);
  });
});

describe('T: many at once', () => {
  it('T25 a thousand images that hang end with the call: all listed, no socket and no lock left', async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `<img src=/${index}>`);
    await using service = await startHostileService({
      respond: (socket, requestHead) => {
        if (pathOf(requestHead) === '/page') socket.write(answer(200, HTML, names.join('')));
      },
      limits: { requestReserveMs: 18_000 },
      timeMs: 20_000,
    });
    const { value, cost } = await measureCost(() => service.post(service.url('/page')));
    expect([value.code, value.body.complete]).toEqual(['OK', false]);
    expect(value.body.counts).toEqual({
      discovered: 1_000,
      items: 0,
      skipped: 1_000,
      byCode: { OUT_OF_TIME: 1_000 },
    });
    expect(cost.elapsedMs).toBeLessThan(20_000);
    await service.site.idle();
    expect([...service.cache.locks.keys()]).toEqual([]);
    report({ inputs: 1_000, stallMs: cost.stallMs, grownBytes: cost.grownBytes });
  });
});

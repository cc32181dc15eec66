import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { createDecoders, type DecodeOptions, decodeBody, isIdentity } from '../../../lib/web/decodeBody.ts';
import { measureWithin } from '../../deep/hostile/support/meter.ts';
import { processorTimeWithin } from '../../support/processorTime.ts';
import { until } from '../../support/until.ts';
import { answer, head, pathOf, startRawServer } from './rawServer.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

const TEXT = Buffer.from('Two roads diverged in a yellow wood. '.repeat(1_000));
const GZIP = gzipSync(TEXT);
const BROTLI = brotliCompressSync(TEXT);
const DEFLATE = deflateSync(TEXT);
const RAW = deflateRawSync(TEXT);
const ZSTD = zstdCompressSync(TEXT);
const MEBIBYTE = 1024 * 1024;
/** With a window of 16 MiB, which zstd over HTTP may not have. */
const ZSTD_WIDE = zstdCompressSync(Buffer.alloc(17 * MEBIBYTE, 'abcdefg'), {
  params: { [constants.ZSTD_c_windowLog]: 24 },
});

/** Options for the only call that decodes. */
const alone = (): DecodeOptions => ({
  decoders: createDecoders(),
  caller: 'me',
  signal: new AbortController().signal,
  maxBytes: Number.POSITIVE_INFINITY,
  isDelimited: true,
  untimed: (waiting) => waiting,
});

/** 256 MiB of zeros in about 200 bytes. */
async function brotliBomb(): Promise<Buffer> {
  const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_LGWIN: window } = constants;
  const encoder = createBrotliCompress({ params: { [quality]: 5, [window]: 24 } });
  const zeros = Buffer.alloc(MEBIBYTE);
  void (async () => {
    for (let i = 0; i < 256; i += 1) {
      if (!encoder.write(zeros)) await new Promise((resolve) => encoder.once('drain', resolve));
    }
    encoder.end();
  })();
  return buffer(encoder);
}

/** 256 MiB of zeros in about 256 KiB. */
function gzipBomb(): Buffer {
  return Buffer.concat(Array<Buffer>(256).fill(gzipSync(Buffer.alloc(MEBIBYTE))));
}

describe('an encoded body', () => {
  it.each([
    ['gzip', GZIP],
    ['GZIP', GZIP],
    [' gzip ', GZIP],
    ['x-gzip', GZIP],
    ['br', BROTLI],
    ['identity', TEXT],
    ['', TEXT],
    ['gzip', Buffer.concat([gzipSync(TEXT.subarray(0, 100)), gzipSync(TEXT.subarray(100))])],
    ['gzip', Buffer.concat([GZIP, Buffer.alloc(512)])],
    ['gzip;q=1', GZIP],
    [',gzip,', GZIP],
    ['gzip, gzip', gzipSync(GZIP)],
    ['gzip, gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(GZIP)))],
    ['gzip, br', brotliCompressSync(GZIP)],
    ['br, gzip', gzipSync(BROTLI)],
    ['br, br', brotliCompressSync(BROTLI)],
    ['zstd, br, gzip', gzipSync(brotliCompressSync(ZSTD))],
    ['gzip, identity', GZIP],
    ['gzip\r\nContent-Encoding: br', brotliCompressSync(GZIP)],
    ['deflate', DEFLATE],
    ['deflate', RAW],
    ['Deflate', deflateSync(TEXT, { level: 0 })],
    ['deflate', deflateSync(TEXT, { windowBits: 9 })],
    ['deflate', deflateRawSync(TEXT, { level: 0 })],
    ['deflate, gzip', gzipSync(DEFLATE)],
    ['gzip, deflate', deflateRawSync(GZIP)],
    ['zstd', ZSTD],
    ['zstd', zstdCompressSync(TEXT, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
    ['zstd', zstdCompressSync(TEXT, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } })],
    ['zstd', Buffer.concat([zstdCompressSync(TEXT.subarray(0, 100)), zstdCompressSync(TEXT.subarray(100))])],
  ])('labelled %j is decoded, whatever was asked for', async (coding, body) => {
    await using server = await startRawServer((socket) =>
      socket.write(answer(200, { 'Content-Encoding': coding }, body)),
    );
    await using web = createTestWeb({ ports: [server.port] });
    for (const kind of ['page', 'image'] as const) {
      const result = await web.read(`http://good.test:${server.port}/`, { kind });
      expect(result.kind === 'read' && result.bytes.equals(TEXT) && result.isDelimited).toBe(true);
    }
  });

  it('labelled but empty is empty', async () => {
    await using server = await startRawServer((socket) =>
      socket.write(answer(200, { 'Content-Encoding': 'gzip' })),
    );
    await using web = createTestWeb({ ports: [server.port] });
    expect(await web.read(`http://good.test:${server.port}/`)).toMatchObject({ bytes: Buffer.alloc(0) });
  });

  it('is decoded once only', async () => {
    await using server = await startRawServer((socket) =>
      socket.write(answer(200, { 'Content-Encoding': 'gzip' }, gzipSync(GZIP))),
    );
    await using web = createTestWeb({ ports: [server.port] });
    const result = await web.read(`http://good.test:${server.port}/`);
    expect(result.kind === 'read' && result.bytes.equals(GZIP)).toBe(true);
  });

  it.each([
    ['compress', TEXT],
    ['gzip, compress', TEXT],
    ['dcb', TEXT],
    ['gzip', GZIP.subarray(0, 5)],
    ['gzip', GZIP.subarray(0, -9)],
    ['gzip', Buffer.concat([GZIP, GZIP.subarray(0, 20)])],
    ['gzip', TEXT],
    ['gzip', BROTLI],
    ['gzip', DEFLATE],
    ['gzip, gzip', GZIP],
    ['gzip, br', GZIP],
    ['gzip, gzip, gzip, gzip, gzip', [1, 2, 3, 4].reduce((body) => gzipSync(body), GZIP)],
    ['deflate', DEFLATE.subarray(0, -5)],
    ['deflate', RAW.subarray(0, -1)],
    ['deflate', TEXT],
    ['deflate', GZIP],
    ['br', BROTLI.subarray(0, -1)],
    ['br', TEXT],
    ['br', GZIP],
    ['zstd', ZSTD.subarray(0, -1)],
    ['zstd', ZSTD.subarray(0, 3)],
    ['zstd', Buffer.concat([ZSTD, ZSTD.subarray(0, 20)])],
    ['zstd', Buffer.concat([ZSTD.subarray(0, 20), Buffer.alloc(ZSTD.length, 3)])],
    ['zstd', ZSTD_WIDE],
    ['zstd', TEXT],
    ['zstd', GZIP],
  ])('labelled %j that is not so is an encoding fault', async (coding, body) => {
    await using server = await startRawServer((socket) =>
      socket.write(answer(200, { 'Content-Encoding': coding }, body)),
    );
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('encoding');
  });

  it('that the transport cuts off is truncated, not badly encoded', async () => {
    await using server = await startRawServer((socket) => {
      const headers = { 'Content-Encoding': 'gzip', 'Content-Length': String(GZIP.length) };
      socket.end(Buffer.concat([Buffer.from(head(200, headers)), GZIP.subarray(0, 60)]));
    });
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('truncated');
  });

  it('has its decoded bytes counted: exactly the limit is read, one more is too large', async () => {
    await using server = await startRawServer((socket) =>
      socket.write(answer(200, { 'Content-Encoding': 'gzip' }, GZIP)),
    );
    await using web = createTestWeb({ ports: [server.port] });
    const read = (maxBytes: number) => web.read(`http://good.test:${server.port}/`, { maxBytes });
    expect(faultOf(await read(TEXT.length))).toBe('read');
    expect(faultOf(await read(TEXT.length - 1))).toBe('tooLarge');
  });

  it('may be longer encoded than decoded without being refused beforehand', async () => {
    const body = gzipSync(TEXT.subarray(0, 10));
    await using server = await startRawServer((socket) =>
      socket.write(answer(200, { 'Content-Encoding': 'gzip' }, body)),
    );
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`, { maxBytes: 10 }))).toBe('read');
  });
});

describe('a bomb', () => {
  it.each([
    ['br', brotliBomb],
    ['gzip', async () => gzipBomb()],
  ])('of %s stops at the limit within bounded memory', async (coding, make) => {
    const bomb = await make();
    expect(bomb.length).toBeLessThan(300_000);
    await using server = await startRawServer((socket) =>
      socket.write(answer(200, { 'Content-Encoding': coding }, bomb)),
    );
    await using web = createTestWeb({ ports: [server.port] });
    const { value, cost } = await measureWithin({ grownBytes: 64 * MEBIBYTE }, async () => {
      let decoded = 0;
      const onBytes = (count: number) => {
        decoded += count;
        return true;
      };
      const url = `http://good.test:${server.port}/`;
      return { result: await web.read(url, { maxBytes: 10 * MEBIBYTE, onBytes }), decoded };
    });
    expect(faultOf(value.result)).toBe('tooLarge');
    expect(value.decoded).toBeLessThanOrEqual(10 * MEBIBYTE);
    expect(cost.grownBytes).toBeLessThan(64 * MEBIBYTE);
  });

  it.each(['br', 'gzip'])('in %s lets go of its server when its reader has enough', async (coding) => {
    const bomb = coding === 'br' ? await brotliBomb() : gzipBomb();
    let isOver = false;
    const body = (async function* () {
      try {
        for (;;) yield bomb;
      } finally {
        isOver = true;
      }
    })();
    for await (const piece of decodeBody(body, coding, alone())) if (piece.length > 0) break;
    await until(() => isOver);
  });

  it('is not decoded ahead of its reader', async () => {
    const bomb = await brotliBomb();
    const body = (async function* () {
      yield bomb;
    })();
    let pieces = 0;
    for await (const piece of decodeBody(body, 'br', alone())) {
      expect(piece.length).toBeLessThanOrEqual(64 * 1024);
      pieces += 1;
      if (pieces === 3) break;
    }
    expect(pieces).toBe(3);
  });

  /** An empty frame of zstd without the mark of the last block, and then nothing but empty blocks. */
  const emptyBlocks = Buffer.concat([ZSTD.subarray(0, 4), Buffer.from([0, 0x50]), Buffer.alloc(3 * 20_000)]);
  it.each([
    ['members of gzip', 'gzip', () => gzipSync('')],
    ['members of gzip with a byte each', 'gzip', () => gzipSync('x')],
    ['members of gzip with twenty bytes each', 'gzip', () => gzipSync(randomBytes(20))],
    ['frames of zstd', 'zstd', () => zstdCompressSync('')],
    ['frames of zstd with twenty bytes each', 'zstd', () => zstdCompressSync(randomBytes(20))],
    ['members of gzip in members of gzip', 'gzip, gzip', () => gzipSync(gzipSync(''))],
    ['blocks of zstd', 'zstd', (index: number) => (index === 0 ? emptyBlocks : Buffer.alloc(3 * 1_000))],
    ['blocks of deflate', 'deflate', () => Buffer.from('\0\0\0\xff\xff'.repeat(200), 'latin1')],
  ])(
    'of the other kind, which decodes to next to nothing for ever, soon is an encoding fault: %s',
    async (_, coding, make) => {
      const first = make(0);
      const further = Buffer.concat(Array.from({ length: 50 }, () => make(1)));
      const endless = async function* () {
        yield first;
        for (let i = 0; i < 2_000; i += 1) yield further;
      };
      const read = async (): Promise<number> => {
        let length = 0;
        for await (const piece of decodeBody(endless(), coding, alone())) length += piece.length;
        return length;
      };
      const ms = await processorTimeWithin(1_000, () =>
        expect(read()).rejects.toMatchObject({ fault: 'encoding' }),
      );
      expect(ms).toBeLessThan(1_000);
    },
  );
});

describe('those who decode', () => {
  const LONG = brotliCompressSync(randomBytes(300 * 1024));
  const STALLED = { 'Content-Encoding': 'br', 'Content-Length': String(LONG.length) };
  /** Answers `/long` with all but its last byte, and then with nothing; everything else at once. */
  const startStalling = () =>
    startRawServer((socket, requestHead) =>
      pathOf(requestHead).startsWith('/long')
        ? socket.write(Buffer.concat([Buffer.from(head(200, STALLED)), LONG.subarray(0, -1)]))
        : socket.write(answer(200, { 'Content-Encoding': 'br' }, BROTLI)),
    );

  it('of one call wait for each other where the end of their page has not come, and for those of no other', async () => {
    const over = Promise.withResolvers<void>();
    const { decoders } = alone();
    const decode = (caller: string, signal = alone().signal) => {
      const body = (async function* () {
        yield LONG;
        await over.promise;
      })();
      return decodeBody(body, 'br', { ...alone(), decoders, caller, signal })[Symbol.asyncIterator]();
    };
    const running = Array.from({ length: 9 }, (_, index) => decode(`call ${index}`));
    // They have decoders: something came of it.
    for (const each of running) expect((await each.next()).value).toHaveLength(64 * 1024);
    await expect(decode('call 0', AbortSignal.timeout(50)).next()).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    const next = decode('call 0').next();
    over.resolve();
    for (const each of running) await each.return?.();
    expect((await next).value).toHaveLength(64 * 1024);
  });

  it.each([
    ['its server', { 'Content-Length': String(BROTLI.length) }, async () => {}],
    ['room in memory', {}, () => new Promise<void>(() => {})],
  ])('of an image that waits for %s keep no other image of its call waiting', async (_, headers, room) => {
    await using server = await startRawServer((socket, requestHead) => {
      const isHeld = pathOf(requestHead).startsWith('/held');
      const all = { 'Content-Encoding': 'br', ...(isHeld ? headers : {}) };
      const body = isHeld && 'Content-Length' in headers ? BROTLI.subarray(0, -1) : BROTLI;
      if (isHeld && 'Content-Length' in headers)
        socket.write(Buffer.concat([Buffer.from(head(200, all)), body]));
      else socket.write(answer(200, all, body));
    });
    await using web = createTestWeb({ ports: [server.port], imageTimeoutMs: 20_000 });
    const stop = new AbortController();
    const read = (path: string, its: (count: number) => Promise<void>, host = 'good') =>
      web.read(`http://${host}.test:${server.port}${path}`, {
        kind: 'image',
        caller: 'me',
        signal: stop.signal,
        room: its,
      });
    const held = Array.from({ length: 10 }, (_, index) =>
      read(`/held${index}`, room, index % 2 === 0 ? 'good' : 'other'),
    );
    await until(() => server.heads.length === 10);
    const others = await Promise.all(Array.from({ length: 10 }, () => read('/', async () => {})));
    expect(others.map(faultOf)).toEqual(Array(10).fill('read'));
    stop.abort();
    expect((await Promise.all(held)).map(faultOf)).toEqual(Array(10).fill('aborted'));
  });

  it('of an image take room for what is encoded and what is decoded, before either is kept', async () => {
    const taken: number[] = [];
    const room = async (count: number) => void taken.push(count);
    const pieces: number[] = [];
    const body = (async function* () {
      yield BROTLI.subarray(0, 10);
      yield BROTLI.subarray(10);
    })();
    for await (const piece of decodeBody(body, 'br', { ...alone(), room })) {
      expect(taken).toEqual([10, BROTLI.length - 10, TEXT.length]);
      pieces.push(piece.length);
    }
    expect(pieces.reduce((sum, length) => sum + length)).toBe(TEXT.length);
  });

  it.each([
    ['decoded', brotliCompressSync(Buffer.alloc(MEBIBYTE)), MEBIBYTE - 1],
    ['encoded', randomBytes(3 * MEBIBYTE), MEBIBYTE],
  ])(
    'of an image refuse more %s bytes than may be, without room for what is decoded',
    async (_, encoded, maxBytes) => {
      const taken: number[] = [];
      const room = async (count: number) => void taken.push(count);
      const body = (async function* () {
        for (let at = 0; at < encoded.length; at += 65_536) yield encoded.subarray(at, at + 65_536);
      })();
      const read = async () => {
        for await (const _ of decodeBody(body, 'br', { ...alone(), room, maxBytes }))
          expect(true).toBe(false);
      };
      await expect(read()).rejects.toMatchObject({ fault: 'tooLarge' });
      expect(Math.max(...taken)).toBeLessThanOrEqual(65_536);
    },
  );

  it('of images that stall keep no page waiting, however long it is', async () => {
    const long = brotliCompressSync(randomBytes(600 * 1024));
    await using server = await startRawServer((socket, requestHead) =>
      pathOf(requestHead).startsWith('/long')
        ? socket.write(Buffer.concat([Buffer.from(head(200, STALLED)), LONG.subarray(0, -1)]))
        : socket.write(answer(200, { 'Content-Encoding': 'br' }, long)),
    );
    await using web = createTestWeb({ ports: [server.port], connectionsPerHost: 40 });
    const stop = new AbortController();
    const { signal } = stop;
    const images = Array.from({ length: 4 }, (_, index) =>
      web.read(`http://good.test:${server.port}/long${index}`, { kind: 'image', signal }),
    );
    await until(() => server.heads.length === 4);
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('read');
    stop.abort();
    expect((await Promise.all(images)).map(faultOf)).toEqual(Array(4).fill('aborted'));
  });

  it('never keep a page waiting that is all there, whatever servers do', async () => {
    await using server = await startStalling();
    await using web = createTestWeb({ ports: [server.port] });
    const stop = new AbortController();
    const stalled = Array.from({ length: 14 }, (_, index) =>
      // A host has eight connections at first.
      web.read(`http://${index % 2 === 0 ? 'good' : 'other'}.test:${server.port}/long${index}`, {
        kind: index % 4 < 2 ? 'page' : 'image',
        signal: stop.signal,
      }),
    );
    await until(() => server.heads.length === 14);
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('read');
    stop.abort();
    expect((await Promise.all(stalled)).map(faultOf)).toEqual(Array(14).fill('aborted'));
  });
});

describe('identity', () => {
  it.each([
    [undefined, true],
    ['', true],
    ['Identity', true],
    ['gzip', false],
    ['identity, identity', true],
    ['utf-8', true],
    ['br, utf-8', true],
    ['identity, br', false],
  ])('of %j is %s', (coding, expected) => expect(isIdentity(coding)).toBe(expected));
});

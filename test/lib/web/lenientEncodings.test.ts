/** Bodies whose Content-Encoding or whose end is not as it should be, as browsers read them, and their neighbours. */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createDecoders, type DecodeOptions, decodeBody } from '../../../lib/web/decodeBody.ts';
import { startLenientSite } from './lenientSite.ts';
import { data, END_STREAM, headers, type RespondHttp2, startRawHttp2Server } from './rawHttp2Server.ts';
import { selfSigned } from './selfSigned.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

const TEXT = Buffer.from('<p>Two roads diverged in a yellow wood.</p>'.repeat(100));
const GZIP = gzipSync(TEXT);
const ENCODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  Deflate: deflateRawSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};
const encode = (names: readonly string[], bytes: Buffer): Buffer =>
  names.reduce((encoded, name) => ENCODERS[name]?.(encoded) ?? encoded, bytes);

const options = (isDelimited = true): DecodeOptions => ({
  decoders: createDecoders(),
  caller: 'me',
  signal: new AbortController().signal,
  maxBytes: Number.POSITIVE_INFINITY,
  isDelimited,
  untimed: (waiting) => waiting,
});

async function decode(body: Buffer, coding: string, cuts: readonly number[] = [], isDelimited = true) {
  const at = [0, ...cuts.map((cut) => cut % (body.length + 1)), body.length].sort((a, b) => a - b);
  const pieces = (async function* () {
    for (const [index, start] of at.entries()) yield body.subarray(start, at[index + 1] ?? start);
  })();
  const decoded: Buffer[] = [];
  try {
    for await (const piece of decodeBody(pieces, coding, options(isDelimited))) decoded.push(piece);
  } catch (error) {
    return (error as { fault?: string }).fault ?? String(error);
  }
  return Buffer.concat(decoded).equals(TEXT) ? 'as sent' : 'otherwise';
}

const FRAMINGS = ['a length', 'chunks', 'the end of the connection', 'a frame of HTTP/2'] as const;
type Framing = (typeof FRAMINGS)[number];
const FRAME_BYTES = 16_384;

const response = (coding: string, body: Buffer, framing: Exclude<Framing, 'a frame of HTTP/2'>): Buffer => {
  const [field, sent] = {
    'a length': [`Content-Length: ${body.length}`, body],
    chunks: [
      'Transfer-Encoding: chunked',
      Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]),
    ],
    'the end of the connection': ['Connection: close', body],
  }[framing] as [string, Buffer];
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\n${field}\r\n\r\n`),
    sent,
  ]);
};

const identity = selfSigned('good.test', new Date());
const before = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([...before, identity.cert]));
afterAll(() => setDefaultCACertificates(before));

/** @returns of a page and of an image whether the text was read, or the fault */
async function read(coding: string, body: Buffer, framing: Framing) {
  const results =
    framing === 'a frame of HTTP/2' ? await readFrames(coding, body) : await readText(coding, body, framing);
  return results.map((result) => (result.kind === 'read' ? result.bytes.equals(TEXT) : faultOf(result)));
}

async function readFrames(coding: string, body: Buffer) {
  const respond: RespondHttp2 = ({ socket }, stream) => {
    const pieces = Array.from({ length: Math.ceil(body.length / FRAME_BYTES) }, (_, index) =>
      data(stream, body.subarray(index * FRAME_BYTES, (index + 1) * FRAME_BYTES)),
    );
    socket.write(
      Buffer.concat([
        headers(stream, 200, { 'content-encoding': coding }),
        ...pieces,
        data(stream, '', END_STREAM),
      ]),
    );
  };
  await using server = await startRawHttp2Server(identity, respond);
  await using web = createTestWeb({ ports: [server.port] });
  const url = `https://good.test:${server.port}/`;
  return await Promise.all([web.read(url), web.read(url, { kind: 'image' })]);
}

async function readText(coding: string, body: Buffer, framing: Exclude<Framing, 'a frame of HTTP/2'>) {
  await using site = await startLenientSite((_, socket) => {
    if (framing === 'the end of the connection') setImmediate(() => socket.end());
    return response(coding, body, framing);
  });
  return await Promise.all([site.read('/'), site.read('/', { kind: 'image' })]);
}

describe.each(FRAMINGS)('a body that ends with %s', (framing) => {
  it.each([
    'utf-8',
    'UTF-8',
    'none',
    'binary',
    'aws-chunked',
    'base64',
    '8bit',
    '7bit',
    'null',
    'image/png',
    'text/html',
    'identity',
    'identity, identity',
    'utf-8, identity',
    'x-rot13',
    '*',
    'none;q=1',
    ',',
    'gzip2',
  ])('is plain where it is labelled %j', async (coding) => {
    expect(await read(coding, TEXT, framing)).toEqual([true, true]);
  });

  it.each(
    Object.keys(ENCODERS).flatMap((coding) =>
      [
        ['a byte', 'x'],
        ['a newline', '\n'],
        ['a line end', '\r\n'],
        ['zeros', '\0'.repeat(100)],
        ['a comment', '<!-- served in 5 ms -->'],
        ['two pages of text', 'x'.repeat(100_000)],
      ].map(([what, behind]) => [coding, what, Buffer.from(behind ?? '')] as const),
    ),
  )('is decoded where it is %s with %s behind the end', async (coding, _, behind) => {
    const body = Buffer.concat([encode([coding], TEXT), behind]);
    expect(await read(coding, body, framing)).toEqual([true, true]);
  });

  it.each([
    ['no trailer', GZIP.subarray(0, -8)],
    ['half a trailer', GZIP.subarray(0, -4)],
    ['a wrong checksum', Buffer.concat([GZIP.subarray(0, -8), Buffer.alloc(4, 7), GZIP.subarray(-4)])],
    ['a wrong size', Buffer.concat([GZIP.subarray(0, -4), Buffer.alloc(4, 7)])],
  ])('in gzip with %s counts only where the transport says that it is whole', async (_, body) => {
    const expected = framing === 'the end of the connection' ? 'encoding' : true;
    expect(await read('gzip', body, framing)).toEqual([expected, expected]);
  });

  it.each([
    ['no checksum', deflateSync(TEXT).subarray(0, -4)],
    ['a wrong checksum', Buffer.concat([deflateSync(TEXT).subarray(0, -4), Buffer.alloc(4, 7)])],
  ])('in deflate with %s, too', async (_, body) => {
    const expected = framing === 'the end of the connection' ? 'encoding' : true;
    expect(await read('deflate', body, framing)).toEqual([expected, expected]);
  });
});

describe('a body', () => {
  const codings = fc.array(fc.constantFrom(...Object.keys(ENCODERS)), { minLength: 1, maxLength: 4 });
  const cuts = fc.array(fc.nat(), { maxLength: 12 });

  it('is decoded in any order of codings, wherever it is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(codings, cuts, fc.boolean(), async (names, at, isDelimited) => {
        expect(await decode(encode(names, TEXT), names.join(', '), at, isDelimited)).toBe('as sent');
      }),
      { numRuns: 150 },
    );
  });

  it('is decoded whatever stands behind its end, wherever it is cut into pieces', async () => {
    const behind = fc.string({
      unit: fc.constantFrom('\n', 'x', '\0', '<', '\x1f'),
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(ENCODERS)), behind, cuts, async (name, rest, at) => {
        const body = Buffer.concat([encode([name], TEXT), Buffer.from(rest, 'latin1')]);
        expect(await decode(body, name, at)).toBe('as sent');
      }),
      { numRuns: 150 },
    );
  });

  it('that was cut in the middle is never whole', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(ENCODERS)),
        fc.nat(),
        fc.boolean(),
        async (name, cut, isDelimited) => {
          const body = encode([name], TEXT);
          const trailer = isDelimited ? ({ gzip: 8, 'x-gzip': 8, deflate: 4 }[name] ?? 0) : 0;
          const length = 1 + (cut % (body.length - trailer - 1));
          expect(await decode(body.subarray(0, length), name, [], isDelimited)).toBe('encoding');
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each([
    ['a name', 8, 'page.html\0'],
    ['a comment', 16, 'made by hand\0'],
    ['an extra field', 4, '\x05\x00extra'],
    ['a checksum of its head', 2, '\x01\x02'],
    ['all of them', 30, '\x05\x00extrapage.html\0made by hand\0\x01\x02'],
  ])('in gzip may have %s, wherever it is cut into pieces', async (_, flags, fields) => {
    const head = Buffer.from(GZIP.subarray(0, 10));
    head[3] = flags;
    const body = Buffer.concat([head, Buffer.from(fields, 'latin1'), GZIP.subarray(10)]);
    for (let at = 0; at < 60; at += 1) expect(await decode(body, 'gzip', [at, at + 1])).toBe('as sent');
  });

  it('in gzip has its checksum looked at over all members where nothing else says that it is whole', async () => {
    const members = [TEXT.subarray(0, 1_000), TEXT.subarray(1_000)].map((each) => gzipSync(each));
    expect(await decode(Buffer.concat(members), 'gzip', [], false)).toBe('as sent');
    const [first = GZIP] = members;
    first.fill(7, first.length - 8, first.length - 4);
    expect(await decode(Buffer.concat(members), 'gzip', [], false)).toBe('encoding');
    expect(await decode(Buffer.concat(members), 'gzip', [], true)).toBe('as sent');
  });
});

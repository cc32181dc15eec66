import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FetchConfig } from '../../../lib/config.ts';
import { until } from '../../support/until.ts';
import {
  data,
  END_STREAM,
  FRAME,
  frame,
  goaway,
  type Http2Peer,
  headers,
  headersOf,
  type RawHttp2Options,
  type RespondHttp2,
  reset,
  settings,
  startRawHttp2Server,
  uint32,
  whole,
} from './rawHttp2Server.ts';
import { answer } from './rawServer.ts';
import { selfSigned } from './selfSigned.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

const identity = selfSigned('good.test', new Date());
const before = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([...before, identity.cert]));
afterAll(() => setDefaultCACertificates(before));

async function start(
  respond: RespondHttp2,
  { config = {}, ...options }: RawHttp2Options & { readonly config?: Partial<FetchConfig> } = {},
) {
  const server = await startRawHttp2Server(identity, respond, options);
  const web = createTestWeb({ ports: [server.port], ...config });
  const url = `https://good.test:${server.port}/`;
  return {
    server,
    url,
    read: (path = '', request: Parameters<typeof web.read>[1] = {}) => web.read(`${url}${path}`, request),
    async [Symbol.asyncDispose]() {
      await web[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The fault, or the body as text. */
const textOf = (result: Awaited<ReturnType<ReturnType<typeof createTestWeb>['read']>>): string =>
  result.kind === 'read' ? result.bytes.toString() : faultOf(result);

const NO_ERROR = 0;
const PROTOCOL_ERROR = 1;
const INTERNAL_ERROR = 2;
const REFUSED_STREAM = 7;
const CANCEL = 8;
const ENHANCE_YOUR_CALM = 11;
const HTTP_1_1_REQUIRED = 13;

describe('over HTTP/2', () => {
  it('a site that speaks nothing else is read, over one connection with one question', async () => {
    await using site = await start(({ socket }, stream) => socket.write(whole(stream, `${stream}`)));
    expect(textOf(await site.read())).toBe('1');
    const all = await Promise.all(Array.from({ length: 100 }, (_, index) => site.read(`${index}`)));
    expect(all.map(textOf)).toEqual(Array.from({ length: 100 }, (_, index) => String(3 + 2 * index)));
    expect(site.server.versions).toEqual(['h2']);
  });

  it('a site that nobody has read yet gets one connection, however many want it', async () => {
    await using site = await start(({ socket }, stream) => socket.write(whole(stream, 'x')));
    const all = await Promise.all(Array.from({ length: 60 }, (_, index) => site.read(`${index}`)));
    expect(new Set(all.map(textOf))).toEqual(new Set(['x']));
    expect(site.server.versions).toEqual(['h2']);
  });

  it.each([
    ['the setting', { streamsPerHost: 7 }, settings(), 7],
    ['the server', { streamsPerHost: 50 }, settings([3, 5]), 5],
  ])('as many streams as %s allows are open at once', async (_, config, greeting, most) => {
    const open: (() => void)[] = [];
    let mostOpen = 0;
    const respond: RespondHttp2 = ({ socket }, stream, index) => {
      if (index === 0) return void socket.write(whole(stream, 'page'));
      open.push(() => socket.write(whole(stream, 'x')));
      mostOpen = Math.max(mostOpen, open.length);
      // All that may come have come.
      if (open.length === most) for (const end of open.splice(0)) setImmediate(end);
    };
    await using site = await start(respond, { config, greeting });
    await site.read();
    const all = await Promise.all(Array.from({ length: 10 * most }, (_, index) => site.read(`${index}`)));
    expect(new Set(all.map(textOf))).toEqual(new Set(['x']));
    expect([mostOpen, site.server.versions]).toEqual([most, ['h2']]);
  });

  it('callers share the streams of a site', async () => {
    const served: number[] = [];
    const waiting: (() => void)[] = [];
    const respond: RespondHttp2 = ({ socket }, stream, index) => {
      if (index === 0) return void socket.write(whole(stream, 'page'));
      waiting.push(() => socket.write(whole(stream, 'x')));
    };
    await using site = await start(respond, { config: { streamsPerHost: 4 } });
    await site.read();
    const one = Array.from({ length: 40 }, (_, index) =>
      site.read(`${index}`, { caller: 'one' }).then(() => served.push(1)),
    );
    const other = Array.from({ length: 4 }, (_, index) =>
      site.read(`o${index}`, { caller: 'other' }).then(() => served.push(2)),
    );
    const all = Promise.all([...one, ...other]);
    let isOver = false;
    void all.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await until(() => waiting.length > 0 || isOver);
      waiting.shift()?.();
    }
    // The four of the other are served by turns, not behind all of the first.
    expect(served.lastIndexOf(2)).toBeLessThan(16);
  });

  it('header lines stay apart, bytes beyond ASCII come as Latin-1, and no field is lost', async () => {
    await using site = await start(({ socket }, stream, index) =>
      socket.write(
        index === 0
          ? headersOf(
              stream,
              [
                [':status', '302'],
                ['location', '/\xe9'],
                ['location', '/\xe9'],
              ],
              END_STREAM,
            )
          : index === 1
            ? headersOf(
                stream,
                [
                  [':status', '302'],
                  ['location', '/a'],
                  ['location', '/b'],
                ],
                END_STREAM,
              )
            : whole(stream, 'x'),
      ),
    );
    // Two that differ are refused, as over HTTP/1.1.
    expect(textOf(await site.read())).toBe('protocol');
    expect(site.server.requests()).toBe(2);
  });

  it.each([
    ['60 KiB of fields', { 'x-long': 'x'.repeat(60_000) }, 'x'],
    ['500 fields', Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, 'y'])), 'x'],
    ['70 KiB of fields', { 'x-long': 'x'.repeat(35_000), 'x-longer': 'x'.repeat(35_000) }, 'x'],
    ['120 KiB of fields', { 'x-long': 'x'.repeat(60_000), 'x-longer': 'x'.repeat(60_000) }, 'x'],
    ['260 KiB of fields', { 'x-long': 'x'.repeat(260 * 1024) }, 'protocol'],
    ['1,001 fields', Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`x${i}`, 'y'])), 'protocol'],
  ])('a response with %s', async (_, fields, expected) => {
    await using site = await start(({ socket }, stream) => socket.write(whole(stream, 'x', fields)));
    expect(textOf(await site.read())).toBe(expected);
  });

  it.each([
    ['0x7f in a value', [['set-cookie', 'a=\x7f']]],
    ['0x01 in a value', [['x-some', '\x01']]],
    ['a lone LF in a value', [['x-some', 'a\ncontent-length: 9']]],
    ['whitespace around a value', [['x-some', '  a  ']]],
    ['bytes beyond ASCII in a value', [['x-some', '\xe9']]],
    ['a space in a name', [['x some', 'a']]],
    ['a name beyond ASCII', [['x\xe9', 'a']]],
    ['an empty name', [['', 'a']]],
  ] as const)('a response with %s is read, as over HTTP/1.1', async (_, fields) => {
    await using site = await start(({ socket }, stream) => {
      const all = [[':status', '200'], ...fields] as const;
      socket.write(Buffer.concat([headersOf(stream, all), data(stream, 'x', END_STREAM)]));
    });
    expect(textOf(await site.read())).toBe('x');
  });

  it.each([
    [
      'the same length twice',
      [
        ['content-length', '1'],
        ['content-length', '1'],
      ],
    ],
    ['a length as a list', [['content-length', '1, 1']]],
    ['a field of the connection', [['connection', 'keep-alive']]],
    ['a transfer coding', [['transfer-encoding', 'chunked']]],
    ['a name in capitals', [['X-Some', 'a']]],
    ['a field of 200 KiB', [['x-long', 'x'.repeat(200 * 1024)]]],
  ] as const)('a response with %s, which HTTP/2 forbids, is read over HTTP/1.1', async (_, fields) => {
    await using site = await start(
      ({ socket }, stream) => {
        const all = [[':status', '200'], ...fields] as const;
        socket.write(Buffer.concat([headersOf(stream, all), data(stream, 'x', END_STREAM)]));
      },
      {
        versions: ['h2', 'http/1.1'],
        onHttp1: (socket) => void socket.write(answer(200, {}, 'y')),
      },
    );
    expect(textOf(await site.read())).toBe('y');
    expect(site.server.versions).toEqual(['h2', 'http/1.1']);
  });

  const interim = (stream: number, status: number) => headers(stream, status, { link: '</a>' });
  it.each([
    [16, 'x'],
    [17, 'protocol'],
  ])('%i interim responses before the real one', async (count, expected) => {
    await using site = await start(({ socket }, stream) => {
      for (let turn = 0; turn < count; turn += 1) socket.write(interim(stream, turn % 2 ? 100 : 103));
      socket.write(whole(stream, 'x'));
    });
    expect(textOf(await site.read())).toBe(expected);
  });

  const rows: readonly (readonly [string, (peer: Http2Peer, stream: number) => void, string])[] = [
    ['END_STREAM without a length', ({ socket }, id) => socket.write(whole(id, 'abc')), 'abc'],
    [
      'END_STREAM at its length',
      ({ socket }, id) => socket.write(whole(id, 'abc', { 'content-length': '3' })),
      'abc',
    ],
    ['END_STREAM in the head', ({ socket }, id) => socket.write(headers(id, 200, {}, END_STREAM)), ''],
    [
      'END_STREAM in an empty frame',
      ({ socket }, id) =>
        socket.write(Buffer.concat([headers(id, 200), data(id, 'abc'), data(id, '', END_STREAM)])),
      'abc',
    ],
    [
      'trailers',
      ({ socket }, id) =>
        socket.write(
          Buffer.concat([headers(id, 200), data(id, 'abc'), headersOf(id, [['x-sum', '1']], END_STREAM)]),
        ),
      'abc',
    ],
    [
      'END_STREAM and a reset without error behind it',
      ({ socket }, id) => socket.write(Buffer.concat([whole(id, 'abc'), reset(id, NO_ERROR)])),
      'abc',
    ],
    [
      'END_STREAM, GOAWAY and the end of the connection',
      ({ socket }, id) => socket.end(Buffer.concat([whole(id, 'abc'), goaway(id, NO_ERROR)])),
      'abc',
    ],
    ...[NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL].map(
      (code) =>
        [
          `a reset with code ${code} in the middle`,
          ({ socket }: Http2Peer, id: number) =>
            void socket.write(Buffer.concat([headers(id, 200), data(id, 'abc'), reset(id, code)])),
          'truncated',
        ] as const,
    ),
    [
      'END_STREAM before its length',
      ({ socket }, id) => socket.write(whole(id, 'abc', { 'content-length': '4' })),
      'truncated',
    ],
    [
      'END_STREAM behind its length',
      ({ socket }, id) => socket.write(whole(id, 'abc', { 'content-length': '2' })),
      'truncated',
    ],
    [
      'GOAWAY and the end of the connection in the middle',
      ({ socket }, id) =>
        socket.end(Buffer.concat([headers(id, 200), data(id, 'abc'), goaway(id, NO_ERROR)])),
      'truncated',
    ],
    [
      'GOAWAY with an error in the middle',
      ({ socket }, id) =>
        socket.write(Buffer.concat([headers(id, 200), data(id, 'abc'), goaway(id, INTERNAL_ERROR)])),
      'truncated',
    ],
    [
      'close_notify in the middle',
      ({ socket }, id) => socket.end(Buffer.concat([headers(id, 200), data(id, 'abc')])),
      'truncated',
    ],
    [
      'a FIN in the middle',
      ({ socket, raw }, id) =>
        socket.write(Buffer.concat([headers(id, 200), data(id, 'abc')]), () => raw.end()),
      'truncated',
    ],
    [
      'a connection reset in the middle',
      ({ socket, raw }, id) =>
        socket.write(Buffer.concat([headers(id, 200), data(id, 'abc')]), () => raw.resetAndDestroy()),
      'truncated',
    ],
    [
      'trailers that do not end it, and no end',
      ({ socket }, id) =>
        socket.write(Buffer.concat([headers(id, 200), data(id, 'abc'), headersOf(id, [['x-sum', '1']])])),
      'truncated',
    ],
  ];
  it.each(
    rows.flatMap(
      (row) =>
        [
          [...row, 'page'],
          [...row, 'image'],
        ] as const,
    ),
  )('a body that ends with %s', async (_, respond, expected, kind) => {
    await using site = await start(respond);
    expect(textOf(await site.read('', { kind: kind as 'page' | 'image' }))).toBe(expected);
  });

  it('a body whose reader is slow is whole although the connection ended meanwhile', async () => {
    const body = Buffer.alloc(400_000, 'x');
    await using site = await start(({ socket }, stream) => {
      const pieces = Array.from({ length: 25 }, (_, index) =>
        data(stream, body.subarray(index * 16_000, (index + 1) * 16_000), index === 24 ? END_STREAM : 0),
      );
      socket.end(Buffer.concat([headers(stream, 200), ...pieces, goaway(stream, NO_ERROR)]));
    });
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    void site.server.idle();
    const result = site.read('', {
      maxBytes: 1_000_000,
      onBytes: async () => {
        void site.server.idle().then(resolve);
        await closed;
        return true;
      },
    });
    expect(textOf(await result)).toHaveLength(400_000);
  });
});

describe('a request over HTTP/2 that was not processed', () => {
  const afterFirst =
    (first: RespondHttp2, count = 1): RespondHttp2 =>
    (peer, stream, index) =>
      index < count ? first(peer, stream, index) : void peer.socket.write(whole(stream, 'x'));
  const rows: readonly (readonly [string, RespondHttp2, number])[] = [
    ['refused stream', ({ socket }, stream) => void socket.write(reset(stream, REFUSED_STREAM)), 1],
    ['GOAWAY of a server that shuts down', ({ socket }) => void socket.write(goaway(0, NO_ERROR)), 2],
    [
      'GOAWAY of a server that has enough',
      ({ socket }) => void socket.write(goaway(0, ENHANCE_YOUR_CALM)),
      2,
    ],
  ];
  it.each(rows)('is sent again at once after a %s', async (_, first, connections) => {
    await using site = await start(afterFirst(first, 2));
    expect(textOf(await site.read())).toBe('x');
    expect(site.server.requests()).toBe(3);
    expect(site.server.versions.length).toBe(connections === 1 ? 1 : 3);
  });

  it('is sent three times at most, twice', async () => {
    await using site = await start(({ socket }, stream) => socket.write(reset(stream, REFUSED_STREAM)));
    expect(textOf(await site.read())).toBe('connect');
    expect(site.server.requests()).toBe(4);
  });

  it('is sent over a new connection when the kept one is dead, and that costs no attempt', async () => {
    let isOpen = true;
    await using site = await start(({ socket, raw, connection }, stream, index) => {
      if (connection === 0 && index > 0) raw.resetAndDestroy();
      else if (index < 20 && !isOpen) socket.write(whole(stream, '', { 'retry-after': '0' }, 503));
      else socket.write(whole(stream, 'x'));
      isOpen = !isOpen;
    });
    expect(textOf(await site.read())).toBe('x');
    expect(textOf(await site.read())).toBe('x');
    expect(site.server.versions).toEqual(['h2', 'h2']);
  });

  it('GOAWAY in the middle of many: those below it are read, the others again on a new connection', async () => {
    let seen = 0;
    await using site = await start(({ socket, connection }, stream, index) => {
      if (index === 0) return void socket.write(whole(stream, 'page'));
      if (connection > 0) return void socket.write(whole(stream, 'second'));
      seen += 1;
      if (seen < 20) return;
      // Of twenty, ten are answered.
      socket.write(goaway(21, NO_ERROR));
      for (let id = 3; id <= 21; id += 2) socket.write(whole(id, 'first'));
    });
    await site.read();
    const all = await Promise.all(Array.from({ length: 20 }, (_, index) => site.read(`${index}`)));
    const texts = all.map(textOf);
    expect(texts.filter((each) => each === 'first')).toHaveLength(10);
    expect(texts.filter((each) => each === 'second')).toHaveLength(10);
    expect(site.server.versions).toEqual(['h2', 'h2']);
  });
});

describe('a server whose HTTP/2 is broken', () => {
  const breaks: readonly (readonly [string, RespondHttp2, RawHttp2Options])[] = [
    ['asks for HTTP/1.1', ({ socket }, stream) => void socket.write(reset(stream, HTTP_1_1_REQUIRED)), {}],
    [
      'resets with a protocol error',
      ({ socket }, stream) => void socket.write(reset(stream, PROTOCOL_ERROR)),
      {},
    ],
    [
      'sends a field of HTTP/1.1',
      ({ socket }, stream) => void socket.write(whole(stream, 'x', { connection: 'close' })),
      {},
    ],
    ['sends no status', ({ socket }, stream) => void socket.write(headersOf(stream, [['a', 'b']])), {}],
    [
      'sends a name in capitals',
      ({ socket }, stream) => void socket.write(whole(stream, 'x', { Server: 'y' })),
      {},
    ],
    ['leaves with an error', ({ socket }, stream) => void socket.write(goaway(stream, INTERNAL_ERROR)), {}],
    ['speaks HTTP/1.1 all the same', () => {}, { greeting: answer(400) }],
    ['closes at the preface', ({ socket }) => void socket.end(), { greeting: Buffer.alloc(0) }],
    [
      'sends a frame that is too long',
      ({ socket }, stream) => void socket.write(data(stream, Buffer.alloc(20_000))),
      {},
    ],
    [
      'pushes',
      ({ socket }, stream) =>
        void socket.write(
          frame(FRAME.pushPromise, 4, stream, Buffer.concat([uint32(2), Buffer.from([0x82])])),
        ),
      {},
    ],
  ];
  it.each(breaks)(
    '(it %s) is read over HTTP/1.1, and so it is the next time at once',
    async (_, respond, more) => {
      const onHttp1: RawHttp2Options['onHttp1'] = (socket) => void socket.write(answer(200, {}, 'old'));
      await using site = await start(respond, { ...more, versions: ['h2', 'http/1.1'], onHttp1 });
      expect(textOf(await site.read())).toBe('old');
      expect(site.server.versions).toEqual(['h2', 'http/1.1']);
      expect(textOf(await site.read())).toBe('old');
      expect(site.server.versions).toEqual(['h2', 'http/1.1']);
    },
  );

  it('and that has no HTTP/1.1 keeps its own fault, and is asked over HTTP/2 the next time', async () => {
    await using site = await start(({ socket }, stream, index) =>
      socket.write(index === 0 ? reset(stream, PROTOCOL_ERROR) : whole(stream, 'x')),
    );
    expect(textOf(await site.read())).toBe('protocol');
    expect(textOf(await site.read())).toBe('x');
  });

  it('in one response, and that does not speak HTTP/1.1 whatever was agreed, loses no other one', async () => {
    const respond: RespondHttp2 = ({ socket }, stream, index) =>
      void socket.write(whole(stream, 'x', index === 5 ? { connection: 'close' } : {}));
    await using site = await start(respond, {
      versions: ['h2', 'http/1.1'],
      onHttp1: (socket) => socket.end('\0\0\x12\x04'),
    });
    await site.read();
    const all = await Promise.all(
      Array.from({ length: 200 }, (_, index) => site.read(`${index}`, { kind: 'image' })),
    );
    const texts = all.map(textOf);
    // That one itself may be asked for over HTTP/2 again, as another request has found out first.
    expect([[], ['protocol']]).toContainEqual(texts.filter((text) => text !== 'x'));
    expect(textOf(await site.read())).toBe('x');
  });

  it('is met by no more connections of HTTP/1.1 than any other', async () => {
    let open = 0;
    let most = 0;
    await using site = await start(
      ({ socket }, stream, index) => {
        if (index === 0) socket.write(whole(stream, 'page'));
        else if (index === 50) socket.write(goaway(stream, INTERNAL_ERROR));
      },
      {
        versions: ['h2', 'http/1.1'],
        onHttp1: (socket) => {
          open += 1;
          most = Math.max(most, open);
          setImmediate(() => {
            open -= 1;
            socket.write(answer(200, {}, 'old'));
          });
        },
        config: { connectionsPerHost: 8, connectionsMax: 1_000 },
      },
    );
    await site.read();
    const all = await Promise.all(Array.from({ length: 50 }, (_, index) => site.read(`${index}`)));
    expect(new Set(all.map(textOf))).toEqual(new Set(['old']));
    expect(most).toBeLessThanOrEqual(8);
    expect(site.server.versions.length).toBeLessThanOrEqual(1 + 8);
  });
});

/** T over HTTP/2: attacks by frames of a server, on a page and on an image. Each has a bound. */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  block,
  data,
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  goaway,
  type Http2Peer,
  headers,
  headersOf,
  pourFrames,
  type RawHttp2Options,
  type RespondHttp2,
  reset,
  settings,
  startRawHttp2Server,
  uint32,
  whole,
} from '../../lib/web/rawHttp2Server.ts';
import { selfSigned } from '../../lib/web/selfSigned.ts';
import { createTestWeb, faultOf } from '../../lib/web/testWeb.ts';
import { report } from './support/figures.ts';
import { measureWithin } from './support/meter.ts';

const MIB = 1024 * 1024;
const GROWN_BYTES = 64 * MIB;
const STALL_MS = 200;
/** For attacks that a timeout must end. With `LONG_MS`, something else must end them. */
const SHORT_MS = 600;
const LONG_MS = 60_000;
const identity = selfSigned('good.test', new Date());
const before = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([...before, identity.cert]));
afterAll(() => setDefaultCACertificates(before));

interface Row {
  readonly respond: RespondHttp2;
  readonly fault: string;
  readonly greeting?: Buffer;
}

const EMPTY_SETTINGS = settings();
const PING = frame(FRAME.ping, 0, 0, Buffer.alloc(8));
const KIB_16 = Buffer.alloc(16_384, 'x');
/** Many copies of one frame, for one write. */
const many = (piece: Buffer, count = 500): Buffer => Buffer.concat(Array<Buffer>(count).fill(piece));
const pouring =
  (piece: Buffer): RespondHttp2 =>
  (peer) =>
    pourFrames(peer, () => piece);
const after =
  (first: (stream: number) => Buffer, piece: (stream: number) => Buffer): RespondHttp2 =>
  (peer: Http2Peer, stream) => {
    peer.socket.write(first(stream));
    pourFrames(peer, () => piece(stream));
  };
const head = (stream: number) => headers(stream, 200, { 'content-type': 'text/html' });
const nothing = () => Buffer.alloc(0);
const originsOf = (turn: number): Buffer => {
  const names = Array.from({ length: 200 }, (_, index) => {
    const name = Buffer.from(`https://a${turn}-${index}.test`);
    return Buffer.concat([Buffer.from([name.length >> 8, name.length & 255]), name]);
  });
  return frame(FRAME.origin, 0, 0, Buffer.concat(names));
};
/** Made in advance, so that the server's work does not count. All together exceed the limit of a connection. */
const ORIGINS = Array.from({ length: 400 }, (_, turn) => originsOf(turn));
const origins = (turn: number): Buffer => ORIGINS[turn % ORIGINS.length] ?? Buffer.alloc(0);
const altsvc = Buffer.concat([Buffer.from([0, 9]), Buffer.from('good.test'), Buffer.from('h2=":1"')]);

const ROWS: Readonly<Record<string, Row>> = {
  'agrees to settings before it has sent its own': {
    respond: () => {},
    greeting: nothing(),
    fault: 'protocol',
  },
  'answers nothing': { respond: () => {}, fault: 'timeout' },
  'allows no stream': { respond: () => {}, greeting: settings([3, 0]), fault: 'timeout' },
  'gives a window of zero, and an answer that never ends': {
    respond: ({ socket }, stream) => socket.write(head(stream)),
    greeting: settings([4, 0]),
    fault: 'timeout',
  },
  'stops reading': { respond: ({ raw }) => raw.pause(), fault: 'timeout' },
  'drips its body': {
    respond: ({ socket }, stream) => {
      socket.write(head(stream));
      const timer = setInterval(() => socket.write(data(stream, 'x')), 20);
      socket.on('close', () => clearInterval(timer));
    },
    fault: 'timeout',
  },
  'pours a body without end': { respond: after(head, (stream) => data(stream, KIB_16)), fault: 'tooLarge' },
  'pours empty frames of a body': {
    respond: after(head, (stream) => many(data(stream, ''))),
    fault: 'truncated',
  },
  'pours padding': {
    respond: after(head, (stream) =>
      many(frame(FRAME.data, 8, stream, Buffer.concat([Buffer.from([255]), Buffer.alloc(255)]))),
    ),
    fault: 'protocol',
  },
  'pours bodies of one byte a frame': {
    respond: after(head, (stream) => many(data(stream, 'x'))),
    fault: 'protocol',
  },
  'pours CONTINUATION frames': {
    respond: after(
      (stream) => frame(FRAME.headers, 0, stream, block([[':status', '200']])),
      (stream) => frame(FRAME.continuation, 0, stream, block([['a', 'x'.repeat(1_000)]])),
    ),
    fault: 'protocol',
  },
  'pours empty CONTINUATION frames': {
    respond: after(
      (stream) => frame(FRAME.headers, 0, stream, block([[':status', '200']])),
      (stream) => many(frame(FRAME.continuation, 0, stream)),
    ),
    fault: 'protocol',
  },
  'pours interim responses': {
    respond: after(nothing, (stream) => many(headers(stream, 103, { link: '</a>' }))),
    fault: 'protocol',
  },
  'makes a head large by references to one field': {
    respond: ({ socket }, stream) =>
      socket.write(
        frame(
          FRAME.headers,
          END_HEADERS | END_STREAM,
          stream,
          Buffer.concat([
            // :status 200 from the static table, then a field of 4,000 bytes for the dynamic table, many times.
            Buffer.from([0x88, 0x40]),
            block([['x', 'y'.repeat(4_000)]]).subarray(1),
            Buffer.alloc(900, 0xbe),
          ]),
        ),
      ),
    fault: 'protocol',
  },
  'sends trailers that are too large': {
    respond: ({ socket }, stream) =>
      socket.write(
        Buffer.concat([
          head(stream),
          headersOf(
            stream,
            Array.from({ length: 9 }, (_, index) => [`x${index}`, 'y'.repeat(30_000)] as const),
            END_STREAM,
          ),
        ]),
      ),
    fault: 'truncated',
  },
  'pours settings': { respond: pouring(many(EMPTY_SETTINGS)), fault: 'protocol' },
  'pours settings that change the table of fields': {
    respond: pouring(many(settings([1, 0], [1, 4_096]))),
    fault: 'protocol',
  },
  'pours pings': { respond: pouring(many(PING)), fault: 'protocol' },
  'pours pings and does not read': {
    respond: (peer) => {
      peer.socket.pause();
      pourFrames(peer, () => many(PING));
    },
    fault: 'protocol',
  },
  'pours window updates': {
    respond: pouring(many(frame(FRAME.windowUpdate, 0, 0, uint32(1)))),
    fault: 'protocol',
  },
  'pours priorities': {
    respond: (peer, stream) =>
      pourFrames(peer, () =>
        many(frame(FRAME.priority, 0, stream, Buffer.concat([uint32(0), Buffer.from([1])]))),
      ),
    fault: 'protocol',
  },
  'pours frames that nobody knows': { respond: pouring(frame(0xfa, 0, 0, KIB_16)), fault: 'protocol' },
  'pours ORIGIN frames': { respond: (peer) => pourFrames(peer, origins), fault: 'protocol' },
  'pours ALTSVC frames': { respond: pouring(many(frame(FRAME.altsvc, 0, 0, altsvc))), fault: 'protocol' },
  'pours resets of other streams': { respond: pouring(many(reset(101, 8))), fault: 'protocol' },
  'pours resets of the stream': {
    respond: (peer, stream) => pourFrames(peer, () => many(reset(stream, 7))),
    fault: 'protocol',
  },
  'resets every stream': {
    respond: ({ socket }, stream) => socket.write(reset(stream, 7)),
    fault: 'connect',
  },
  'leaves at every request': { respond: ({ socket }) => socket.write(goaway(0, 0)), fault: 'connect' },
  'pours GOAWAY': { respond: pouring(many(goaway(0x7f_ff_ff_ff, 0))), fault: 'protocol' },
  'pushes what nobody asked for': {
    respond: (peer, stream) =>
      pourFrames(peer, (turn) =>
        frame(
          FRAME.pushPromise,
          END_HEADERS,
          stream,
          Buffer.concat([uint32(2 * turn + 2), block([[':path', '/x']])]),
        ),
      ),
    fault: 'protocol',
  },
  'opens streams by itself': {
    respond: (peer) => pourFrames(peer, (turn) => whole(2 * turn + 2, 'x')),
    fault: 'protocol',
  },
  'answers a stream that was not asked for': {
    respond: (peer) => pourFrames(peer, (turn) => whole(2 * turn + 1_001, 'x')),
    fault: 'protocol',
  },
  'overflows a window': {
    respond: ({ socket }) => socket.write(frame(FRAME.windowUpdate, 0, 0, uint32(0x7f_ff_ff_ff))),
    fault: 'protocol',
  },
  'damages the table of fields': {
    respond: ({ socket }, stream) =>
      socket.write(
        frame(FRAME.headers, END_HEADERS | END_STREAM, stream, Buffer.from([0x88, 0xff, 0xff, 0x7f])),
      ),
    fault: 'protocol',
  },
};

describe('T over HTTP/2: a server that', () => {
  it.each(Object.entries(ROWS))('%s', async (_row, { respond, fault, greeting }) => {
    const timeMs = fault === 'timeout' ? SHORT_MS : LONG_MS;
    const options: RawHttp2Options = greeting === undefined ? {} : { greeting };
    const { value, cost } = await measureWithin({ grownBytes: GROWN_BYTES, stallMs: STALL_MS }, async () => {
      await using server = await startRawHttp2Server(identity, respond, options);
      const faults: string[] = [];
      for (const kind of ['page', 'image'] as const) {
        const limits = { pageTimeoutMs: timeMs, imageTimeoutMs: timeMs };
        await using web = createTestWeb({ ports: [server.port], ...limits });
        faults.push(faultOf(await web.read(`https://good.test:${server.port}/`, { kind })));
      }
      // No connection may stay open.
      await server.idle();
      return { faults, connections: server.versions.length };
    });
    expect(value.faults).toEqual([fault, fault]);
    expect(value.connections).toBeLessThanOrEqual(12);
    expect(cost.grownBytes).toBeLessThan(GROWN_BYTES);
    expect(cost.stallMs).toBeLessThan(STALL_MS);
    report({ inputs: 2, stallMs: cost.stallMs, grownBytes: cost.grownBytes });
  });

  it('resets a hundred requests at once, again and again, is asked three times for each', async () => {
    await using server = await startRawHttp2Server(identity, ({ socket }, stream) =>
      socket.write(reset(stream, 7)),
    );
    await using web = createTestWeb({ ports: [server.port] });
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        web.read(`https://good.test:${server.port}/${index}`, { kind: 'image', caller: 'one' }),
      ),
    );
    expect(new Set(all.map(faultOf))).toEqual(new Set(['connect']));
    expect(server.requests()).toBeLessThanOrEqual(400);
    expect(server.versions.length).toBeLessThanOrEqual(4);
  });

  it('keeps a hundred bodies open has no more of each in memory than its window', async () => {
    await using server = await startRawHttp2Server(identity, ({ socket }, stream) => {
      socket.write(Buffer.concat([head(stream), ...Array<Buffer>(30).fill(data(stream, KIB_16))]));
    });
    const { value, cost } = await measureWithin({ grownBytes: 160 * MIB }, async () => {
      await using web = createTestWeb({ ports: [server.port], imageTimeoutMs: 3_000 });
      const stop = new AbortController();
      const all = Array.from({ length: 100 }, (_, index) =>
        web.read(`https://good.test:${server.port}/${index}`, {
          kind: 'image',
          caller: 'one',
          signal: stop.signal,
          // Memory never has room for the body.
          room: () => new Promise(() => {}),
        }),
      );
      const timer = setTimeout(() => stop.abort(), 1_000);
      const results = await Promise.all(all);
      clearTimeout(timer);
      return results;
    });
    expect(new Set(value.map(faultOf))).toEqual(new Set(['aborted']));
    expect(cost.grownBytes).toBeLessThan(160 * MIB);
    // The server encrypts everything in this thread, so it causes the stall itself.
    report({ inputs: 100, grownBytes: cost.grownBytes });
  });
});

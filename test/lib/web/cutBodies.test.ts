import type { Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WebResult } from '../../../lib/domain/ports.ts';
import { answer, head, startRawServer } from './rawServer.ts';
import { type SecureConnection, startRawTlsServer } from './rawTlsServer.ts';
import { selfSigned } from './selfSigned.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

const KINDS = ['page', 'stylesheet', 'image'] as const;
const HALF = '<img src=/1>'.repeat(50);
const BARE = `HTTP/1.1 200 X\r\n\r\n${HALF}`;
const CHUNKED = { 'Transfer-Encoding': 'chunked' };
const CLOSE = { Connection: 'close' };

/** What each kind comes to, and whether an image's bytes are all that came. */
interface Row {
  readonly page: 'read' | 'truncated';
  readonly image?: 'read' | 'truncated';
}
const WHOLE: Row = { page: 'read' };
const CUT: Row = { page: 'truncated' };
/** An image's format says whether it is whole. */
const CUT_AT_CONNECTION: Row = { page: 'truncated', image: 'read' };

const expectedOf = (kind: (typeof KINDS)[number], { page, image = page }: Row) =>
  kind === 'image' ? image : page;

const reset = (socket: Socket, text: string | Buffer) => socket.write(text, () => socket.resetAndDestroy());
const encoded = (coding: string, body: Buffer) =>
  Buffer.concat([Buffer.from(head(200, { 'Content-Encoding': coding })), body]);

const PLAIN: readonly (readonly [string, (socket: Socket) => void, Row])[] = [
  ['without a length that a FIN ends', (s) => s.end(BARE), WHOLE],
  ['without a length that a reset ends', (s) => reset(s, BARE), CUT_AT_CONNECTION],
  ['of HTTP/1.0 that a FIN ends', (s) => s.end(`HTTP/1.0 200 X\r\n\r\n${HALF}`), WHOLE],
  ['of HTTP/1.0 that a reset ends', (s) => reset(s, `HTTP/1.0 200 X\r\n\r\n${HALF}`), CUT_AT_CONNECTION],
  ['without a length that a reset ends at once', (s) => reset(s, head(200)), CUT_AT_CONNECTION],
  [
    'without a length that a reset ends right after a FIN',
    (s) => {
      s.end(BARE);
      s.once('finish', () => s.resetAndDestroy());
    },
    WHOLE,
  ],
  [
    'without a length after which the server only reads on',
    (s) => {
      s.allowHalfOpen = true;
      s.end(BARE);
    },
    WHOLE,
  ],
  [
    'with its whole length before the reset',
    (s) => reset(s, head(200, { 'Content-Length': String(HALF.length) }) + HALF),
    WHOLE,
  ],
  [
    'with its whole length, and said to be the last, before the reset',
    (s) => reset(s, head(200, { 'Content-Length': String(HALF.length), ...CLOSE }) + HALF),
    WHOLE,
  ],
  [
    'with its last chunk before the reset',
    (s) => reset(s, `${head(200, CHUNKED)}3\r\nabc\r\n0\r\n\r\n`),
    WHOLE,
  ],
  [
    'with half its length, and said to be the last, before the reset',
    (s) => reset(s, head(200, { 'Content-Length': String(2 * HALF.length), ...CLOSE }) + HALF),
    CUT,
  ],
  [
    'with chunks, and said to be the last, before the reset',
    (s) => reset(s, `${head(200, { ...CHUNKED, ...CLOSE })}3\r\nabc\r\n`),
    CUT,
  ],
  [
    'in gzip without a length that a reset ends at the end of gzip',
    (s) => reset(s, encoded('gzip', gzipSync(HALF))),
    CUT_AT_CONNECTION,
  ],
  [
    'in Brotli without a length that a reset ends at the end of Brotli',
    (s) => reset(s, encoded('br', brotliCompressSync(HALF))),
    CUT_AT_CONNECTION,
  ],
  [
    'in gzip without a length that a reset ends in the middle',
    (s) => reset(s, encoded('gzip', gzipSync(HALF).subarray(0, -9))),
    CUT,
  ],
  [
    'in Brotli without a length that a reset ends in the middle',
    (s) => reset(s, encoded('br', brotliCompressSync(HALF).subarray(0, -1))),
    CUT,
  ],
];

const NOTIFY = (text: string, then: (raw: Socket) => void) => {
  return ({ secure, raw }: SecureConnection) => void secure.end(text, () => setImmediate(then, raw));
};
const CUT_TLS = (text: string, then: (raw: Socket) => void) => {
  return ({ secure, raw }: SecureConnection) => void secure.write(text, () => setImmediate(then, raw));
};
const fin = (raw: Socket) => void raw.end();
const rst = (raw: Socket) => void raw.resetAndDestroy();

const SECURE: readonly (readonly [string, (connection: SecureConnection) => void, Row])[] = [
  ['without a length that close_notify and a FIN end', NOTIFY(BARE, fin), WHOLE],
  ['without a length that close_notify ends, and no FIN', NOTIFY(BARE, () => {}), WHOLE],
  ['without a length that close_notify and a reset end', NOTIFY(BARE, rst), WHOLE],
  ['without a length that a FIN alone ends', CUT_TLS(BARE, fin), CUT_AT_CONNECTION],
  ['without a length that a reset ends', CUT_TLS(BARE, rst), CUT_AT_CONNECTION],
  [
    'with its whole length before a FIN alone',
    CUT_TLS(head(200, { 'Content-Length': String(HALF.length), ...CLOSE }) + HALF, fin),
    WHOLE,
  ],
  [
    'with its last chunk before a reset',
    CUT_TLS(`${head(200, { ...CHUNKED, ...CLOSE })}3\r\nabc\r\n0\r\n\r\n`, rst),
    WHOLE,
  ],
  [
    'with half its chunks before close_notify',
    NOTIFY(`${head(200, { ...CHUNKED, ...CLOSE })}3\r\nabc\r\n`, fin),
    CUT,
  ],
];

function expectRow(result: WebResult, expected: string): void {
  expect(faultOf(result)).toBe(expected);
  if (result.kind === 'failed') expect(result.detail).toBe('The body ended before it was complete.');
}

describe('a body', () => {
  it.each(PLAIN.flatMap(([name, act, row]) => KINDS.map((kind) => [name, kind, act, row] as const)))(
    '%s: %s',
    async (_, kind, act, row) => {
      await using server = await startRawServer(act);
      await using web = createTestWeb({ ports: [server.port] });
      expectRow(await web.read(`http://good.test:${server.port}/`, { kind }), expectedOf(kind, row));
    },
  );

  it('that waits for its reader when the connection is cut is cut: what came is given, then the fault', async () => {
    await using server = await startRawServer((socket) => reset(socket, BARE + 'x'.repeat(400_000)));
    await using web = createTestWeb({ ports: [server.port] });
    let pieces = 0;
    const onBytes = async () => {
      pieces += 1;
      if (pieces === 1) await server.idle();
      return true;
    };
    const result = await web.read(`http://good.test:${server.port}/`, { onBytes });
    expect(faultOf(result)).toBe('truncated');
  });

  it('that was cut says that its bytes are not delimited, so that an image is asked for its own end', async () => {
    await using server = await startRawServer((socket) => reset(socket, BARE));
    await using web = createTestWeb({ ports: [server.port] });
    expect(await web.read(`http://good.test:${server.port}/`, { kind: 'image' })).toMatchObject({
      bytes: Buffer.from(HALF),
      isDelimited: false,
    });
  });
});

describe('a body over TLS', () => {
  const identity = selfSigned('good.test', new Date());
  const before = getCACertificates('default');
  beforeAll(() => setDefaultCACertificates([...before, identity.cert]));
  afterAll(() => setDefaultCACertificates(before));

  it.each(SECURE.flatMap(([name, act, row]) => KINDS.map((kind) => [name, kind, act, row] as const)))(
    '%s: %s',
    async (_, kind, act, row) => {
      await using server = await startRawTlsServer(identity, act);
      await using web = createTestWeb({ ports: [server.port] });
      expectRow(await web.read(`https://good.test:${server.port}/`, { kind }), expectedOf(kind, row));
    },
  );

  it('that its reader is slow to take is whole after close_notify and a reset', async () => {
    const text = BARE + 'x'.repeat(100_000);
    await using server = await startRawTlsServer(identity, NOTIFY(text, rst));
    await using web = createTestWeb({ ports: [server.port] });
    const onBytes = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return true;
    };
    const result = await web.read(`https://good.test:${server.port}/`, { onBytes });
    expect(result.kind === 'read' && result.bytes.length).toBe(HALF.length + 100_000);
  });

  it.each(['page', 'stylesheet'] as const)('that a fatal alert ends is no whole %s', async (kind) => {
    await using server = await startRawTlsServer(identity, ({ secure, damage }) => {
      secure.write(BARE, damage);
    });
    await using web = createTestWeb({ ports: [server.port] });
    // The alert may come before the body has been looked at; then the page is asked for once more.
    expect(faultOf(await web.read(`https://good.test:${server.port}/`, { kind }))).toMatch(
      /truncated|connect/,
    );
    await server.idle();
  });

  it('that is delimited leaves a connection that is used again', async () => {
    const sockets = new Set<Socket>();
    await using server = await startRawTlsServer(identity, ({ secure, raw }) => {
      sockets.add(raw);
      secure.write(answer(200, {}, HALF));
    });
    await using web = createTestWeb({ ports: [server.port] });
    for (let i = 0; i < 3; i += 1) {
      expect(faultOf(await web.read(`https://good.test:${server.port}/`))).toBe('read');
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sockets.size).toBe(1);
  });

  it('costs nothing that stays: the connection is closed when the reading is given up', async () => {
    const stop = new AbortController();
    await using server = await startRawTlsServer(identity, ({ secure }) => {
      secure.write(BARE, () => stop.abort());
    });
    await using web = createTestWeb({ ports: [server.port] });
    const result = await web.read(`https://good.test:${server.port}/`, { signal: stop.signal });
    expect(faultOf(result)).toBe('aborted');
    await server.idle();
  });
});

/** What stands before serverless-offline, before a server that says what reached it. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createRequestGuard } from '../../../local-stack/front/requestGuard.ts';
import { guardServer } from '../../../local-stack/offline/gateway.ts';

const KIB = 1024;
const LIMIT = 16 * KIB;
const INVOCATION = '/2015-03-31/functions/postImages/invocations';

interface Reached {
  readonly target: string;
  readonly type: string;
  readonly names: readonly string[];
  readonly bytes: number;
}

const reached: Reached[] = [];
let server: Server;
const sockets: Socket[] = [];

beforeAll(async () => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
  server = createServer({ maxHeaderSize: 48 * KIB }, async (request, response) => {
    let bytes = 0;
    for await (const piece of request) bytes += piece.length;
    const { rawHeaders } = request;
    const types = rawHeaders.filter((_, index) => /^content-type$/i.test(rawHeaders[index - 1] ?? ''));
    const names = Object.keys(request.headers);
    reached.push({ target: `${request.method} ${request.url}`, type: types.join(' and '), names, bytes });
    response.end('reached');
  });
  guardServer(server, createRequestGuard({ host: '127.0.0.1' }), []);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  reached.length = 0;
});
afterAll(async () => {
  jest.restoreAllMocks();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Opens a connection, writes what is given, and collects what comes back. */
function open(...pieces: readonly (string | Buffer)[]) {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  const waiting: (() => void)[] = [];
  socket.setEncoding('latin1').on('data', (piece) => {
    text += piece;
    for (const look of waiting) look();
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  for (const piece of pieces) socket.write(piece);
  /** Resolves with all that came, once it matches or the connection is closed. */
  const response = async (pattern: RegExp) => {
    await Promise.race([
      closed,
      new Promise<void>((resolve) => {
        waiting.push(() => pattern.test(text) && resolve());
        if (pattern.test(text)) resolve();
      }),
    ]);
    return text;
  };
  return { socket, closed, response };
}

const head = (lines: readonly string[], target = 'POST /images') =>
  `${[`${target} HTTP/1.1`, 'Host: localhost', ...lines].join('\r\n')}\r\n\r\n`;
const JSON_TYPE = 'Content-Type: application/json';
const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;
const WHOLE = /\r\n\r\n[\s\S]*[}d]$/;

describe('a body that is too large', () => {
  it.each([
    ['a byte over', LIMIT + 1],
    ['ten megabytes', 1e7],
    ['more than a number holds', 1e30],
  ])('is refused by its declared length, before it is sent: %s', async (_, length) => {
    const { response } = open(head([JSON_TYPE, `Content-Length: ${BigInt(length)}`]));
    const text = await response(WHOLE);
    expect(text).toMatch(/^HTTP\/1\.1 (413|400) /);
    expect(reached).toEqual([]);
  });

  it('has the problem that the functions would give', async () => {
    const { response } = open(head([JSON_TYPE, `Content-Length: ${LIMIT + 1}`]));
    const text = await response(WHOLE);
    expect(text).toMatch(/^content-type: application\/problem\+json$/im);
    expect(text).toMatch(/^x-content-type-options: nosniff$/im);
    expect(text).toMatch(/^x-request-id: [\w-]{36}$/im);
    expect(text).toMatch(/^connection: close$/im);
    expect(JSON.parse(text.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      status: 413,
      code: 'BODY_TOO_LARGE',
    });
  });

  it('is refused as soon as it has grown so large, whole or not', async () => {
    const { response } = open(head([JSON_TYPE, 'Transfer-Encoding: chunked']), chunk(LIMIT), chunk(1));
    expect(await response(WHOLE)).toMatch(/^HTTP\/1\.1 413 /);
    expect(reached).toEqual([]);
  });

  it('is refused without asking for it', async () => {
    const { response } = open(head([JSON_TYPE, `Content-Length: ${LIMIT + 1}`, 'Expect: 100-continue']));
    expect(await response(WHOLE)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('does not hold the connection of a client that sends on for ever', async () => {
    const { socket, closed } = open(head([JSON_TYPE, 'Transfer-Encoding: chunked']));
    const more = () => {
      while (!socket.destroyed && socket.write(chunk(8 * KIB)));
    };
    socket.on('drain', more);
    more();
    await closed;
    expect(reached).toEqual([]);
  });

  it('may be a whole event where invocations are taken', async () => {
    const { response } = open(
      head([`Content-Length: ${LIMIT + 1}`], `POST ${INVOCATION}`),
      'x'.repeat(LIMIT + 1),
    );
    expect(await response(WHOLE)).toMatch(/^HTTP\/1\.1 200 /);
    const other = open(head([`Content-Length: ${256 * KIB + 1}`], `POST ${INVOCATION}`));
    expect(await other.response(WHOLE)).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('a body within the limit', () => {
  it.each([0, 1, LIMIT])('reaches the functions whole: %d bytes', async (bytes) => {
    const body = 'x'.repeat(bytes);
    await open(head([JSON_TYPE, `Content-Length: ${bytes}`]), body).response(WHOLE);
    const pieces = bytes === 0 ? [] : [chunk(bytes)];
    await open(head([JSON_TYPE, 'Transfer-Encoding: chunked']), ...pieces, '0\r\n\r\n').response(WHOLE);
    expect(reached.map((each) => each.bytes)).toEqual([bytes, bytes]);
  });

  it('is asked for by a client that waits', async () => {
    const { socket, response } = open(head([JSON_TYPE, 'Content-Length: 3', 'Expect: 100-continue']));
    expect(await response(/^HTTP\/1\.1 100 Continue\r\n\r\n/)).toMatch(/^HTTP\/1\.1 100 /);
    socket.write('abc');
    expect(await response(/reached$/)).toMatch(/HTTP\/1\.1 200 [\s\S]*reached$/);
  });

  it('reaches nothing before it is whole', async () => {
    const slow = open(head([JSON_TYPE, 'Content-Length: 3']), 'ab');
    await open(head([], 'GET /images')).response(/reached$/);
    expect(reached.map(({ target }) => target)).toEqual(['GET /images']);
    slow.socket.write('c');
    await slow.response(/reached$/);
    expect(reached.map(({ target }) => target)).toEqual(['GET /images', 'POST /images']);
  });

  it('may end in the middle, and the next request is answered', async () => {
    const { socket, closed } = open(head([JSON_TYPE, 'Content-Length: 3']), 'ab');
    await open(head([], 'GET /images')).response(/reached$/);
    socket.resetAndDestroy();
    await closed;
    expect(await open(head([], 'GET /images')).response(/reached$/)).toMatch(/200 OK/);
    expect(reached.map(({ target }) => target)).toEqual(['GET /images', 'GET /images']);
  });
});

it('bounds how many may send, and how long', () => {
  expect([server.maxConnections, server.headersTimeout, server.requestTimeout]).toEqual([
    1_000, 10_000, 20_000,
  ]);
});

describe('the type of a body', () => {
  it.each([
    ['none', [], 'application/octet-stream'],
    ['an empty one', ['Content-Type:'], 'application/octet-stream'],
    ['JSON', [JSON_TYPE], 'application/json'],
    ['text', ['content-type: text/plain'], 'text/plain'],
    ['two', ['Content-Type: text/plain', JSON_TYPE], 'text/plain, application/json'],
    ['two, the other way round', [JSON_TYPE, 'content-TYPE: text/plain'], 'application/json, text/plain'],
  ])('is told as it was sent: %s', async (_, lines, type) => {
    await open(head([...lines, 'Content-Length: 2']), '{}').response(WHOLE);
    await open(head([...lines, 'Transfer-Encoding: chunked']), chunk(2), '0\r\n\r\n').response(WHOLE);
    expect(reached.map((each) => each.type)).toEqual([type, type]);
  });

  it('is not made up where there is no body', async () => {
    await open(head([], 'GET /images')).response(WHOLE);
    expect(reached[0]?.type).toBe('');
  });
});

describe('the fields', () => {
  it('may have 16 KiB together, and the target more', async () => {
    const room = LIMIT - 'Hostlocalhost'.length - 'X'.length;
    const target = `GET /images?url=${'x'.repeat(18 * KIB)}`;
    const answerTo = (bytes: number) => open(head([`X: ${'x'.repeat(bytes)}`], target)).response(WHOLE);
    expect(await answerTo(room)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await answerTo(room + 1)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it.each(['origin', 'range', 'if-range', 'if-none-match', 'if-modified-since', 'content-type'])(
    'are not answered by the gateway itself: %s',
    async (name) => {
      const value = name === 'origin' ? 'http://localhost' : 'x';
      await open(head([`${name}: ${value}`], 'GET /images')).response(WHOLE);
      expect(reached[0]?.names).toEqual(['host']);
    },
  );
});

describe('what the guard refuses', () => {
  it.each([
    ['Host: evil.test', 421, 'HOST_UNKNOWN'],
    ['Origin: http://evil.test', 403, 'ORIGIN_FORBIDDEN'],
    ['Sec-Fetch-Site: cross-site', 403, 'ORIGIN_FORBIDDEN'],
  ])('reaches nothing, on every path: %s', async (line, status, code) => {
    const host = line.startsWith('Host') ? [] : ['Host: localhost'];
    for (const target of ['GET /images', 'POST /images', `POST ${INVOCATION}`, 'GET /other', 'OPTIONS *']) {
      const { response } = open(`${[`${target} HTTP/1.1`, ...host, line].join('\r\n')}\r\n\r\n`);
      const text = await response(WHOLE);
      expect(text.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
      expect(JSON.parse(text.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status, code });
    }
    expect(reached).toEqual([]);
  });
});

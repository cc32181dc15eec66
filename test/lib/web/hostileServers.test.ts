import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answer, drip, head, headerOf, pour, type Respond, startRawServer } from './rawServer.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

const LIMIT = 100_000;
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeAll(() => void process.on('unhandledRejection', note));
afterAll(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

/** What a server does with a request, the fault it gives, and how many requests it sees. */
const cases: readonly (readonly [string, Respond, string, number?])[] = [
  ['says nothing', () => {}, 'timeout'],
  ['drips its head', (s) => drip(s, [...'HTTP/1.1 200 X\r\nA: bbbbbbbbbbbbbbbbbbbbbbbbbbbb'], 20), 'timeout'],
  [
    'drips header lines',
    (s) => {
      s.write('HTTP/1.1 200 X\r\n');
      drip(s, 'A: b\r\n', 20);
    },
    'timeout',
  ],
  [
    'drips its body',
    (s) => {
      s.write(head(200));
      drip(s, 'x', 20);
    },
    'timeout',
  ],
  [
    'drips its chunks',
    (s) => {
      s.write(head(200, { 'Transfer-Encoding': 'chunked' }));
      drip(s, '1\r\nx\r\n', 20);
    },
    'timeout',
  ],
  [
    'stops in the middle of the body',
    (s) => s.write(`${head(200, { 'Content-Length': '10' })}abc`),
    'timeout',
  ],
  ['stops reading', (s) => s.pause(), 'timeout'],
  [
    'pours a body without end',
    (s) => {
      s.write(head(200));
      pour(s, Buffer.alloc(4096));
    },
    'tooLarge',
  ],
  [
    'pours chunks without end',
    (s) => {
      s.write(head(200, { 'Transfer-Encoding': 'chunked' }));
      pour(s, `1000\r\n${'x'.repeat(4096)}\r\n`);
    },
    'tooLarge',
  ],
  [
    'pours chunks of one byte',
    (s) => {
      s.write(head(200, { 'Transfer-Encoding': 'chunked' }));
      pour(s, '1\r\nx\r\n'.repeat(1000));
    },
    'tooLarge',
  ],
  ['announces 10 GB', (s) => s.write(head(200, { 'Content-Length': '10000000000' })), 'tooLarge'],
  [
    'announces one byte too many',
    (s) => s.write(head(200, { 'Content-Length': String(LIMIT + 1) })),
    'tooLarge',
  ],
  [
    'pours header lines without end',
    (s) => {
      s.write('HTTP/1.1 200 X\r\n');
      pour(s, `A: ${'b'.repeat(1000)}\r\n`);
    },
    'protocol',
  ],
  [
    'pours one header without end',
    (s) => {
      s.write('HTTP/1.1 200 X\r\nA: ');
      pour(s, 'b'.repeat(1000));
    },
    'protocol',
  ],
  ['pours interim answers', (s) => pour(s, head(103, { Link: '</a>' })), 'protocol'],
  ['sends 17 interim answers', (s) => s.write(head(103).repeat(17) + answer(200, {}, 'x')), 'protocol'],
  ['switches protocols', (s) => s.write(head(101, { Upgrade: 'x', Connection: 'upgrade' })), 'protocol'],
  ['answers like a mail server', (s) => s.write('220 mail.test ESMTP\r\n'), 'protocol'],
  ['answers like HTTP/0.9', (s) => s.end('<html>hello</html>'), 'protocol'],
  ['sends a status of two digits', (s) => s.write('HTTP/1.1 20 X\r\n\r\n'), 'protocol'],
  [
    'sends two lengths',
    (s) => s.write('HTTP/1.1 200 X\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'),
    'protocol',
  ],
  ['sends a length that is none', (s) => s.write('HTTP/1.1 200 X\r\nContent-Length: -1\r\n\r\n'), 'protocol'],
  [
    'sends a transfer coding',
    (s) => s.end(`${head(200, { 'Transfer-Encoding': 'gzip', Connection: 'close' })}x`),
    'protocol',
  ],
  [
    'sends a bad chunk size',
    (s) => s.write(`${head(200, { 'Transfer-Encoding': 'chunked' })}zz\r\nx\r\n0\r\n\r\n`),
    'protocol',
  ],
  [
    'sends a huge chunk size',
    (s) => s.write(`${head(200, { 'Transfer-Encoding': 'chunked' })}fffffffffffffffff\r\nx`),
    'protocol',
  ],
  [
    'pours trailers',
    (s) => {
      s.write(`${head(200, { 'Transfer-Encoding': 'chunked' })}1\r\nx\r\n0\r\n`);
      pour(s, `A: ${'b'.repeat(1000)}\r\n`);
    },
    'protocol',
  ],
  ['ends before its length', (s) => s.end(`${head(200, { 'Content-Length': '100' })}abc`), 'truncated'],
  [
    'ends before its last chunk',
    (s) => s.end(`${head(200, { 'Transfer-Encoding': 'chunked' })}3\r\nabc\r\n`),
    'truncated',
  ],
  [
    'ends in a chunk',
    (s) => s.end(`${head(200, { 'Transfer-Encoding': 'chunked', Connection: 'close' })}9\r\nabc`),
    'truncated',
  ],
  [
    'resets after its head',
    (s) => s.write(head(200, { 'Content-Length': '100' }), () => s.resetAndDestroy()),
    'truncated',
  ],
  [
    'resets in its body',
    (s) => s.write(`${head(200, { 'Content-Length': '100' })}abc`, () => s.resetAndDestroy()),
    'truncated',
  ],
  ['resets at the request', (s) => s.resetAndDestroy(), 'connect', 2],
  ['closes at the request', (s) => s.end(), 'connect', 2],
  ['closes in its head', (s) => s.end('HTTP/1.1 200 X\r\nA: '), 'protocol', 1],
];

describe('a server that', () => {
  it.each(cases)('%s', async (_, respond, fault, requests = 1) => {
    await using server = await startRawServer(respond);
    const config = fault === 'timeout' ? { pageTimeoutMs: 400 } : {};
    await using web = createTestWeb({ ports: [server.port], ...config });
    const result = await web.read(`http://good.test:${server.port}/`, { maxBytes: LIMIT });
    expect(faultOf(result)).toBe(fault);
    expect(result.kind === 'failed' && result.detail).not.toMatch(/127\.|mail|HPE/);
    expect(server.heads).toHaveLength(requests);
    await server.idle();
  });

  it.each([204, 206, 226, 304, 400, 401, 403, 404, 410, 418, 429, 451, 500, 502, 503, 504, 599, 999])(
    'answers %i gives the status, and its body is not read',
    async (status) => {
      await using server = await startRawServer((socket) => {
        socket.write(head(status, { 'Content-Length': status === 204 || status === 304 ? '0' : '1000000' }));
      });
      await using web = createTestWeb({ ports: [server.port] });
      for (const kind of ['page', 'stylesheet', 'image'] as const) {
        expect(await web.read(`http://good.test:${server.port}/`, { kind })).toMatchObject({
          fault: 'status',
          status,
          detail: `The server answered with status ${status}.`,
        });
      }
    },
  );

  it('resets before the request gives a connect fault after two attempts', async () => {
    await using server = await startRawServer(() => {}, undefined, {
      onConnection: (socket: Socket) => socket.resetAndDestroy(),
    });
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('connect');
    expect(server.accepted()).toBe(2);
  });

  it('is not there gives a connect fault', async () => {
    const server = await startRawServer(() => {});
    await server[Symbol.asyncDispose]();
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('connect');
  });

  it('sends a few interim answers and 100 Continue is read', async () => {
    await using server = await startRawServer((socket, _, index) =>
      socket.write(
        index === 0 ? head(103).repeat(3) + answer(200, {}, 'x') : head(100) + answer(200, {}, 'x'),
      ),
    );
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('read');
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('read');
  });

  it('floods chunk extensions ends within the time', async () => {
    await using server = await startRawServer((socket) => {
      socket.write(`${head(200, { 'Transfer-Encoding': 'chunked' })}1;`);
      pour(socket, 'x'.repeat(1000));
    });
    await using web = createTestWeb({ ports: [server.port], pageTimeoutMs: 300 });
    expect(['timeout', 'protocol']).toContain(faultOf(await web.read(`http://good.test:${server.port}/`)));
    await server.idle();
  });
});

describe('a body', () => {
  const whole: readonly (readonly [string, string, boolean])[] = [
    ['with Content-Length', `${head(200, { 'Content-Length': '3' })}abc`, true],
    [
      'in chunks',
      `${head(200, { 'Transfer-Encoding': 'chunked' })}1\r\na\r\n2;x=y\r\nbc\r\n0\r\nT: u\r\n\r\n`,
      true,
    ],
    ['up to the end of the connection', `${head(200)}abc`, false],
    ['of HTTP/1.0', 'HTTP/1.0 200 X\r\n\r\nabc', false],
  ];
  it.each(whole)('%s says whether it is delimited', async (_, text, isDelimited) => {
    await using server = await startRawServer((socket) => socket.end(text));
    await using web = createTestWeb({ ports: [server.port] });
    const result = await web.read(`http://good.test:${server.port}/`);
    expect(result).toMatchObject({ kind: 'read', bytes: Buffer.from('abc'), isDelimited });
  });

  it.each([
    ['with Content-Length', { 'Content-Length': String(LIMIT) }],
    ['up to the end of the connection', {}],
  ])('%s may have exactly the limit', async (_, headers: Record<string, string>) => {
    await using server = await startRawServer((socket) => socket.end(head(200, headers) + 'x'.repeat(LIMIT)));
    await using web = createTestWeb({ ports: [server.port] });
    const read = (maxBytes: number) => web.read(`http://good.test:${server.port}/`, { maxBytes });
    expect(faultOf(await read(LIMIT))).toBe('read');
    expect(faultOf(await read(LIMIT - 1))).toBe('tooLarge');
  });

  it('may be empty', async () => {
    await using server = await startRawServer((socket) => socket.write(answer(200)));
    await using web = createTestWeb({ ports: [server.port] });
    expect(await web.read(`http://good.test:${server.port}/`)).toMatchObject({ bytes: Buffer.alloc(0) });
  });

  it('has its limit decided once, with the first bytes and the type as it came', async () => {
    const body = Buffer.alloc(50_000, 'abc');
    await using server = await startRawServer((socket) =>
      socket.write(answer(200, { 'Content-Type': 'image/png, text/html' }, body)),
    );
    await using web = createTestWeb({ ports: [server.port] });
    for (const [limit, outcome] of [
      [50_000, 'read'],
      [49_999, 'tooLarge'],
      [1, 'tooLarge'],
    ] as const) {
      const asked: (readonly [Buffer, string | undefined])[] = [];
      const maxBytes = async (first: Buffer, type: string | undefined): Promise<number> => {
        asked.push([first, type]);
        return limit;
      };
      expect(faultOf(await web.read(`http://good.test:${server.port}/`, { maxBytes }))).toBe(outcome);
      expect(asked).toHaveLength(1);
      expect(asked[0]?.[0].length).toBeGreaterThanOrEqual(4096);
      expect(asked[0]?.[0].equals(body.subarray(0, asked[0][0].length))).toBe(true);
      expect(asked[0]?.[1]).toBe('image/png, text/html');
    }
  });

  it('of 10 GB is refused by its length once its first bytes have told the limit', async () => {
    await using server = await startRawServer((socket) => {
      socket.write(head(200, { 'Content-Length': '10000000000' }));
      pour(socket, Buffer.alloc(4096));
    });
    await using web = createTestWeb({ ports: [server.port] });
    let counted = 0;
    const onBytes = (count: number) => {
      counted += count;
      return true;
    };
    const maxBytes = async () => 1_000_000;
    expect(faultOf(await web.read(`http://good.test:${server.port}/`, { maxBytes, onBytes }))).toBe(
      'tooLarge',
    );
    expect(counted).toBeLessThan(200_000);
  });

  it.each(['', 'x'])('of %j bytes asks for its limit too', async (body) => {
    await using server = await startRawServer((socket) => socket.write(answer(200, {}, body)));
    await using web = createTestWeb({ ports: [server.port] });
    const read = (limit: number) =>
      web.read(`http://good.test:${server.port}/`, { maxBytes: async () => limit });
    expect(faultOf(await read(body.length))).toBe('read');
    expect(faultOf(await read(body.length - 1))).toBe('tooLarge');
  });

  it('waits for onBytes before more is read, and ends with limit when it says no', async () => {
    await using server = await startRawServer((socket) => {
      socket.write(head(200));
      pour(socket, Buffer.alloc(4096));
    });
    await using web = createTestWeb({ ports: [server.port] });
    const counts: number[] = [];
    let isWaiting = false;
    const result = await web.read(`http://good.test:${server.port}/`, {
      maxBytes: 100_000_000,
      onBytes: async (count) => {
        expect(isWaiting).toBe(false);
        isWaiting = true;
        await new Promise((resolve) => setImmediate(resolve));
        isWaiting = false;
        return counts.push(count) < 20;
      },
    });
    expect(faultOf(result)).toBe('limit');
    expect(counts).toHaveLength(20);
    await server.idle();
  });

  it('does not wait beyond its time for an onBytes that never answers', async () => {
    await using server = await startRawServer((socket) => socket.write(answer(200, {}, 'x')));
    await using web = createTestWeb({ ports: [server.port], pageTimeoutMs: 80 });
    const onBytes = (): Promise<boolean> => new Promise(() => {});
    expect(faultOf(await web.read(`http://good.test:${server.port}/`, { onBytes }))).toBe('timeout');
  });

  it('passes on what a callback throws: that is no fault of the server', async () => {
    await using server = await startRawServer((socket) => socket.write(answer(200, {}, 'x')));
    await using web = createTestWeb({ ports: [server.port] });
    const onBytes = (): boolean => {
      throw new Error('a bug');
    };
    await expect(web.read(`http://good.test:${server.port}/`, { onBytes })).rejects.toThrow('a bug');
  });
});

describe("the caller's signal", () => {
  it('aborted before gives aborted without a connection', async () => {
    await using server = await startRawServer((socket) => socket.write(answer(200)));
    await using web = createTestWeb({ ports: [server.port] });
    const result = await web.read(`http://good.test:${server.port}/`, { signal: AbortSignal.abort() });
    expect(faultOf(result)).toBe('aborted');
    expect(server.accepted()).toBe(0);
  });

  it.each([
    ['while waiting for the head', ''],
    ['in the body', `${head(200, { 'Content-Length': '10' })}abc`],
  ])('aborted %s gives aborted and closes the connection', async (_, text) => {
    const controller = new AbortController();
    await using server = await startRawServer((socket) => {
      socket.write(text, () => setImmediate(() => controller.abort()));
    });
    await using web = createTestWeb({ ports: [server.port] });
    const result = await web.read(`http://good.test:${server.port}/`, { signal: controller.signal });
    expect(faultOf(result)).toBe('aborted');
    await server.idle();
  });

  it('aborted while DNS is asked gives aborted at once', async () => {
    const controller = new AbortController();
    await using web = createTestWeb(
      {},
      {
        resolve: () => {
          setImmediate(() => controller.abort());
          return new Promise(() => {});
        },
      },
    );
    expect(faultOf(await web.read('http://good.test/', { signal: controller.signal }))).toBe('aborted');
  });
});

describe('connections', () => {
  it('are kept between readings and bounded per host', async () => {
    let busiest = 0;
    await using server = await startRawServer((socket) => {
      busiest = Math.max(busiest, server.open());
      setImmediate(() => socket.write(answer(200, {}, 'x')));
    });
    await using web = createTestWeb({ ports: [server.port], connectionsPerHost: 3 });
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        web.read(`http://good.test:${server.port}/${i}`, { kind: 'image' }),
      ),
    );
    expect(results.map(faultOf)).toEqual(Array<string>(60).fill('read'));
    expect(busiest).toBeLessThanOrEqual(3);
    expect(server.accepted()).toBeLessThanOrEqual(3);
  });

  it('of 100 hanging images are all closed at the deadline', async () => {
    await using server = await startRawServer(() => {});
    await using web = createTestWeb({ ports: [server.port], imageTimeoutMs: 150 });
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        web.read(`http://good.test:${server.port}/${i}`, { kind: 'image' }),
      ),
    );
    expect(new Set(results.map(faultOf))).toEqual(new Set(['timeout']));
    await server.idle();
  });

  it('are closed by close, and what is under way ends', async () => {
    await using server = await startRawServer((_, requestHead) => {
      if (headerOf(requestHead, 'host') !== undefined) void web.web.close();
    });
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('aborted');
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('aborted');
    await server.idle();
  });

  it('go past no proxy, whatever the environment says', async () => {
    await using proxy = await startRawServer((socket) => socket.write(answer(200, {}, 'proxied')));
    await using server = await startRawServer((socket) => socket.write(answer(200, {}, 'direct')));
    const names = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
    for (const name of names) process.env[name] = `http://127.0.0.2:${proxy.port}`;
    try {
      await using web = createTestWeb({ ports: [server.port] });
      expect(await web.read(`http://good.test:${server.port}/`)).toMatchObject({
        bytes: Buffer.from('direct'),
      });
    } finally {
      for (const name of names) Reflect.deleteProperty(process.env, name);
    }
    expect(proxy.accepted()).toBe(0);
  });
});

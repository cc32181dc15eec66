/** What the log says of each way in which Redis can be set up wrongly: what is wrong, where, and what to do. */
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { readConfig } from '../../../lib/config.ts';
import { createRedisCache } from '../../../lib/redis/cache.ts';
import type { RedisNotice } from '../../../lib/redis/connection.ts';
import { createBaseServices } from '../../../lib/services.ts';
import { listen, PATIENT_REDIS } from '../../contract/caches.ts';
import { selfSigned } from '../../lib/web/selfSigned.ts';
import { recordOf } from '../../support/builders.ts';
import {
  certificate,
  findRedisPrograms,
  follow,
  startRealCluster,
  startRealRedis,
} from '../../support/redisServers.ts';
import { until } from '../../support/until.ts';

const PASSWORD = 'p@ss#w/rd';
const YEAR_MS = 365 * 86_400_000;
/** For what never comes. */
const SHORT_TIMES = { ...PATIENT_REDIS, connectMs: 300, commandMs: 300 };

/** What is told of a fill and a read at an address. */
async function troubleAt(
  url: string,
  { ca, times = PATIENT_REDIS }: { readonly ca?: string; readonly times?: typeof PATIENT_REDIS } = {},
): Promise<readonly RedisNotice[]> {
  const told: RedisNotice[] = [];
  const { cache, close } = createRedisCache(
    { url, ttlSeconds: 300, ...(ca !== undefined && { ca }) },
    { times, tell: (notice) => told.push(notice) },
  );
  await cache.fill('page', recordOf([]));
  expect(await cache.read('page')).toEqual({ kind: 'miss' });
  await close();
  return told;
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one);
  return one;
};

async function serve(response: (socket: Socket) => void) {
  const server = await listen(response);
  keep({ [Symbol.asyncDispose]: () => server.close() });
  return { url: server.url, port: Number(new URL(server.url).port), close: server.close };
}

/** Speaks TLS, and answers nothing. */
async function serveTls(identity: ReturnType<typeof certificate>): Promise<number> {
  const server = createTlsServer(identity, (socket) => socket.on('error', () => undefined));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  keep({
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  });
  return (server.address() as { readonly port: number }).port;
}

describe('the log says of a Redis that cannot be reached', () => {
  it('that nothing listens at its port', async () => {
    const gone = await serve(() => undefined);
    await gone.close();
    expect(await troubleAt(gone.url)).toEqual([
      {
        kind: 'unreachable',
        command: 'SET',
        cause: `127.0.0.1:${gone.port}: Nothing listens at this address: check REDIS_ADDRESS, and that Redis runs. (connect ECONNREFUSED 127.0.0.1:${gone.port})`,
      },
    ]);
  });

  it('the same where a name has several addresses', async () => {
    const gone = await serve(() => undefined);
    await gone.close();
    expect(await troubleAt(`redis://localhost:${gone.port}`)).toEqual([
      {
        kind: 'unreachable',
        command: 'SET',
        cause: expect.stringContaining('Nothing listens at this address'),
      },
    ]);
  });

  it('that its host name is unknown', async () => {
    // No name server is asked: a label has at most 63 characters.
    expect(await troubleAt(`redis://${'a'.repeat(64)}:6379`)).toEqual([
      {
        kind: 'unreachable',
        command: 'SET',
        cause: expect.stringMatching(
          /^a{64}:6379: The host name is not known: check REDIS_ADDRESS\. \(getaddrinfo ENOTFOUND/,
        ),
      },
    ]);
  });

  it('that it accepts connections and does not answer', async () => {
    const { url, port } = await serve(() => undefined);
    expect(await troubleAt(url, { times: SHORT_TIMES })).toEqual([
      {
        kind: 'unreachable',
        command: 'SET',
        cause: `127.0.0.1:${port}: Redis did not respond within 300 ms.`,
      },
    ]);
  });

  it('that it may not speak TLS', async () => {
    const { port } = await serve(() => undefined);
    expect(await troubleAt(`rediss://127.0.0.1:${port}`, { times: SHORT_TIMES })).toEqual([
      {
        kind: 'unreachable',
        command: 'SET',
        cause: `127.0.0.1:${port}: Redis did not respond in TLS (it may not speak TLS on this port) within 300 ms.`,
      },
    ]);
  });

  it('that it does not speak TLS, where it answers in plain text', async () => {
    const { port } = await serve((socket) =>
      socket.on('data', () => socket.write('-ERR unknown command\r\n')),
    );
    const [trouble] = await troubleAt(`rediss://127.0.0.1:${port}`);
    expect(trouble).toEqual({
      kind: 'unreachable',
      command: 'SET',
      cause: expect.stringContaining('The server does not speak TLS on this port: use redis://'),
    });
  });

  it('that it wants TLS', async () => {
    const port = await serveTls(certificate());
    const [trouble] = await troubleAt(`redis://127.0.0.1:${port}`);
    expect(trouble).toEqual({
      kind: 'unreachable',
      command: 'SET',
      cause: expect.stringContaining('If it expects TLS, use rediss://.'),
    });
  });

  it('that it is no Redis', async () => {
    const { url } = await serve((socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    const [trouble] = await troubleAt(url);
    expect(trouble).toEqual({
      kind: 'unreachable',
      command: 'SET',
      cause: expect.stringContaining('The server at this address is not a Redis: check REDIS_ADDRESS.'),
    });
  });

  const now = Date.now();
  const certificates = [
    ['vouches for itself', 'localhost', now, false, 'set REDIS_CA to the certificate of its authority'],
    ['is for another name', 'other.test', now, true, 'The certificate is for another name'],
    ['has expired', 'localhost', now - YEAR_MS, true, 'The certificate has expired: renew it.'],
    [
      'is of tomorrow',
      'localhost',
      now + YEAR_MS,
      true,
      'The certificate is not valid yet: check the clocks.',
    ],
  ] as const;
  it.each(certificates)('that its certificate %s', async (_, name, at, isTrusted, cause) => {
    const identity = selfSigned(name, new Date(at));
    const port = await serveTls(identity);
    expect(await troubleAt(`rediss://localhost:${port}`, isTrusted ? { ca: identity.cert } : {})).toEqual([
      { kind: 'unreachable', command: 'SET', cause: expect.stringContaining(cause) },
    ]);
  });
});

describe('the log never says a password', () => {
  it.each([PASSWORD, encodeURIComponent(PASSWORD), 'user@name'])(
    '%s, which a server repeats',
    async (secret) => {
      const { port } = await serve((socket) =>
        socket.on('data', () =>
          socket.write(`-ERR unknown command 'auth', with args beginning with: '${secret}'\r\n`),
        ),
      );
      const credentials = ['user@name', PASSWORD].map(encodeURIComponent).join(':');
      const told = await troubleAt(`redis://${credentials}@127.0.0.1:${port}`);
      expect(told).toEqual([
        {
          kind: 'connectionRefused',
          command: 'AUTH',
          cause: expect.stringContaining("beginning with: '***'"),
        },
      ]);
    },
  );
});

const programs = findRedisPrograms();
const describeReal = (body: (program: string) => void) => {
  if (programs.length === 0) {
    it('is left out only where REQUIRE_SERVICES does not ask for it', () => {
      expect(process.env.REQUIRE_SERVICES).not.toBe('1');
    });
  }
  for (const { name, program } of programs) describe(name, () => body(program));
};

describe('the log says of a Redis that refuses', () => {
  describeReal((program) => {
    const refusals = [
      [
        'a wrong password',
        'requirepass right',
        '',
        ':wrong@',
        'connectionRefused',
        'AUTH',
        /^WRONGPASS .*Check the user and the password in REDIS_ADDRESS\.$/,
      ],
      ['an unknown user', 'requirepass right', '', 'app:right@', 'connectionRefused', 'AUTH', /^WRONGPASS /],
      [
        'a missing password',
        'requirepass right',
        '',
        '',
        'connectionRefused',
        'HELLO',
        /^NOAUTH .*Put the password into REDIS_ADDRESS/,
      ],
      [
        'a database that it does not have',
        '',
        '/99',
        '',
        'connectionRefused',
        'SELECT',
        /^ERR DB index is out of range\. Set the number at the end/,
      ],
      [
        'to write',
        'user default on nopass ~* -@all +getrange +ping',
        '',
        '',
        'writeRefused',
        'SET',
        /^NOPERM .*docs\/storages\.md lists\.$/,
      ],
      ['keys', 'user default on nopass ~other:* +@all', '', '', 'writeRefused', 'SET', /^NOPERM /],
      [
        'what has no room',
        'maxmemory 1',
        '',
        '',
        'writeRefused',
        'SET',
        /^OOM .*Give Redis more memory, or maxmemory-policy allkeys-lru\.$/,
      ],
      ['to read', 'user default on nopass ~* -@all +set', '', '', 'readRefused', 'GETRANGE', /^NOPERM /],
    ] as const;
    it.each(refusals)('%s', async (_, settings, path, credentials, kind, command, cause) => {
      const server = keep(await startRealRedis(program, { settings: [settings] }));
      const told = await troubleAt(`redis://${credentials}127.0.0.1:${server.port}${path}`);
      expect(told).toEqual([{ kind, command, cause: expect.stringMatching(cause) }]);
    });

    it.each(['replica-read-only yes', 'replica-read-only no'])(
      'to be used as a replica (%s)',
      async (setting) => {
        const primary = keep(await startRealRedis(program, { settings: ['repl-diskless-sync-delay 0'] }));
        const replica = keep(await startRealRedis(program, { settings: [setting] }));
        await follow(replica, primary);
        expect(await troubleAt(replica.url)).toEqual([
          {
            kind: 'connectionRefused',
            command: 'SET',
            cause: 'READONLY The server is a replica. This is a replica: set REDIS_ADDRESS to the primary.',
          },
        ]);
      },
    );

    it('a cluster whose slots nobody has', async () => {
      const server = keep(await startRealRedis(program, { settings: ['cluster-enabled yes'] }));
      expect(await troubleAt(server.url)).toEqual([
        { kind: 'unreachable', command: 'SET', cause: expect.stringContaining('check CLUSTER INFO') },
      ]);
    });

    it('another database of a cluster than its first, and to name its servers', async () => {
      const cluster = keep(await startRealCluster(program));
      const [first] = cluster.primaries;
      const [trouble] = await troubleAt(`${first?.url}/99`);
      expect(trouble).toEqual({
        kind: 'connectionRefused',
        command: 'SELECT',
        cause: expect.stringMatching(/^ERR .*Set the number at the end/),
      });
      await first?.ask('ACL', 'SETUSER', 'default', '-cluster');
      expect(await troubleAt(first?.url ?? '')).toEqual([
        { kind: 'connectionRefused', command: 'CLUSTER', cause: expect.stringMatching(/^NOPERM .*lists\.$/) },
      ]);
    });

    it('to be there: the server of a cluster that has the key', async () => {
      const cluster = keep(await startRealCluster(program));
      const [first, , third] = cluster.primaries;
      const told: RedisNotice[] = [];
      const { cache, close } = createRedisCache(
        { url: first?.url ?? '', ttlSeconds: 300 },
        // ioredis waits this long for its query of the servers, even if no caller waits for it.
        { times: { ...PATIENT_REDIS, connectMs: 2_000 }, tell: (notice) => told.push(notice) },
      );
      expect(Number((await third?.ask('CLUSTER', 'KEYSLOT', 'page:2'))?.slice(1))).toBeGreaterThan(10_922);
      expect(await cache.read('2')).toEqual({ kind: 'miss' });
      expect(told).toEqual([]);
      await third?.[Symbol.asyncDispose]();
      await until(async () => (await cache.read('2')).kind === 'miss' && told.length > 0);
      expect(told).toEqual([
        {
          kind: expect.stringMatching(/^unreachable|readRefused$/),
          command: 'GETRANGE',
          cause: expect.any(String),
        },
      ]);
      await close();
    });
  });
});

describe('a line of the log', () => {
  it('has a level, a message, the command and the cause', async () => {
    const lines: unknown[] = [];
    const spy = jest
      .spyOn(console, 'error')
      .mockImplementation((line) => void lines.push(JSON.parse(String(line))));
    try {
      const { url, port } = await serve((socket) =>
        socket.on('data', () => socket.write('-ERR invalid password\r\n')),
      );
      const address = url.replace('://', `://:${encodeURIComponent(PASSWORD)}@`);
      const services = createBaseServices(readConfig({ S3_BUCKET: 'images', REDIS_ADDRESS: address }));
      await services.cache.read('page');
      expect(lines).toEqual([
        {
          level: 'warn',
          message: 'Redis refused the connection',
          command: 'AUTH',
          cause: 'ERR invalid password. Check the user and the password in REDIS_ADDRESS.',
        },
      ]);
      expect(port).toBeGreaterThan(0);
    } finally {
      spy.mockRestore();
    }
  });
});

import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { REDIS_TIMES } from '../../../lib/domain/times.ts';
import { createRedisCache } from '../../../lib/redis/cache.ts';
import type { RedisNotice } from '../../../lib/redis/connection.ts';
import { listen, PATIENT_REDIS } from '../../contract/caches.ts';
import { endOf } from '../../deep/faults/kill/redisGate.ts';
import { recordOf } from '../../support/builders.ts';

const RECORD = JSON.stringify(recordOf([], { opId: 'cached' }));
const NEVER_MS = 3_600_000;

/** Answers each command in turn; a command is told by the array that RESP sends it as. */
type Answers = (command: string) => string | null;
const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

describe('the cache on a Redis in its bad hours', () => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  /** A Redis that answers what the test says; null is silence. */
  const serve = async (responses: Answers, port = 0) => {
    const server = await listen((socket: Socket) => {
      socket.on('data', (data) => {
        let rest = data;
        for (let end = endOf(rest, 0); end !== null && rest.length > 0; end = endOf(rest, 0)) {
          const response = responses(rest.toString().split('\r\n')[2]?.toUpperCase() ?? '');
          if (response !== null) socket.write(response);
          rest = rest.subarray(end);
        }
      });
    }, port);
    open.push(() => server.close());
    return server;
  };
  /** Its clock stands still until the test moves it. */
  const cacheAt = (url: string, times = PATIENT_REDIS) => {
    let now = 0;
    const told: RedisNotice[] = [];
    const tell = (trouble: RedisNotice) => told.push(trouble);
    const redis = createRedisCache({ url, ttlSeconds: 300 }, { times, tell, elapsed: () => now });
    open.push(() => redis.close());
    const wait = (ms: number) => {
      now += ms;
    };
    return { ...redis, wait, told };
  };
  const timed = async (call: Promise<unknown>) => {
    const start = performance.now();
    await call;
    return performance.now() - start;
  };

  const refusals = [
    ['a wrong type', '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n'],
    ['no room', '-OOM command not allowed when used memory > maxmemory\r\n'],
    ['a replica', "-READONLY You can't write against a read only replica.\r\n"],
    ['a missing password', '-NOAUTH Authentication required.\r\n'],
    ['loading', '-LOADING Redis is loading the dataset in memory\r\n'],
    ['garbage', bulk('garbage')],
    ['cut JSON', bulk(RECORD.slice(0, -1))],
    ['an old schema', bulk(RECORD.replace('"schema":1', '"schema":0'))],
    ['an empty record', bulk('{"schema":1,"kind":"fence","opId":"x","predecessors":[]}')],
    ['a number', ':1\r\n'],
  ] as const;
  it.each(refusals)('takes %s for a miss and throws nowhere', async (_, response) => {
    const { url } = await serve(() => response);
    const { cache, lock } = cacheAt(url);
    expect(await cache.read('page')).toEqual({ kind: 'miss' });
    await cache.fill('page', recordOf([]));
    await cache.markBusy('page', 'mine', 1_000);
    await cache.settle('page', 'mine', recordOf([]));
    await lock.release('page', 'mine');
  });

  it.each(refusals.slice(0, 5))('goes on without a lock when Redis answers with %s', async (_, response) => {
    const { url } = await serve(() => response);
    const { lock } = cacheAt(url);
    expect(await lock.take('page', 'mine', 1_000)).toBe('unavailable');
    expect(await lock.isHeld('page')).toBe(false);
  });

  it('answers a refused read by the next one at once: the connection is fine', async () => {
    let reads = 0;
    const server = await serve((command) => {
      if (command !== 'GETRANGE') return '+OK\r\n';
      reads += 1;
      return reads === 1 ? '-NOPERM no permissions\r\n' : bulk(RECORD);
    });
    const { cache } = cacheAt(server.url);
    expect((await cache.read('page')).kind).toBe('miss');
    expect((await cache.read('page')).kind).toBe('record');
    expect(server.connections()).toBe(1);
  });

  it.each([
    '-OOM command not allowed when used memory > maxmemory',
    "-READONLY You can't write against a read only replica.",
    "-NOPERM this user has no permissions to run the 'set' command",
    '-MISCONF Redis is configured to save RDB snapshots',
    '-NOREPLICAS Not enough good replicas to write.',
  ])('reads nothing while a write is refused with %s, and reads again once one is taken', async (refusal) => {
    let isWritable = false;
    const commands: string[] = [];
    const { url } = await serve((command) => {
      commands.push(command);
      if (command === 'HELLO') return '*0\r\n';
      if (command === 'GETRANGE') return bulk(RECORD);
      if (!isWritable) return `${refusal}\r\n`;
      return command === 'SET' ? '+OK\r\n' : ':1\r\n';
    });
    const { cache, lock, wait, told } = cacheAt(url);
    await cache.fill('page', recordOf([]));
    const sent = commands.length;
    wait(REDIS_TIMES.coolDownMs - 1);
    expect(await cache.read('page')).toEqual({ kind: 'miss' });
    expect(await lock.isHeld('page')).toBe(false);
    expect(commands).toHaveLength(sent);
    // One probe for each cool-down, even with many callers.
    wait(1);
    const reads = await Promise.all(Array.from({ length: 10 }, () => cache.read('page')));
    expect(new Set(reads.map(({ kind }) => kind))).toEqual(new Set(['miss']));
    expect(commands.slice(sent).filter((command) => command !== 'HELLO')).toEqual(['SET']);

    isWritable = true;
    wait(REDIS_TIMES.coolDownMs);
    expect((await cache.read('page')).kind).toBe('record');
    expect(commands.slice(-3).map((command) => command.slice(0, 4))).toEqual(['SET', 'EVAL', 'GETR']);
    const kind = refusal.startsWith('-READONLY') ? 'connectionRefused' : 'writeRefused';
    expect(told).toEqual([
      { kind, command: 'SET', cause: expect.stringContaining(refusal.slice(1)) },
      { kind: 'recovered' },
    ]);
  });

  it('goes on when the scripts alone are refused only once they are allowed', async () => {
    let isAllowed = false;
    const { url } = await serve((command) => {
      if (command.startsWith('EVAL'))
        return isAllowed ? ':1\r\n' : "-NOPERM no permissions to run 'eval'\r\n";
      return command === 'GETRANGE' ? bulk(RECORD) : '+OK\r\n';
    });
    const { cache, wait } = cacheAt(url);
    await cache.markBusy('page', 'mine', 1_000);
    await cache.settle('page', 'mine', null);
    wait(REDIS_TIMES.coolDownMs);
    expect((await cache.read('page')).kind).toBe('miss');
    isAllowed = true;
    wait(REDIS_TIMES.coolDownMs);
    expect((await cache.read('page')).kind).toBe('record');
  });

  it.each([
    ['refused', '-OOM command not allowed\r\n'],
    ["another's", '$-1\r\n'],
  ])('releases no lock that was %s', async (_, response) => {
    const commands: string[] = [];
    const { url } = await serve((command) => {
      commands.push(command);
      return command === 'SET' ? response : ':1\r\n';
    });
    const { lock } = cacheAt(url);
    await lock.take('page', 'mine', 1_000);
    await lock.release('page', 'mine');
    expect(commands).toEqual(['HELLO', 'SET']);
  });

  it('releases a lock whose taking was never answered once Redis is back', async () => {
    const commands: string[] = [];
    const { url } = await serve((command) => {
      commands.push(command);
      return commands.length === 2 ? null : ':1\r\n';
    });
    const { lock, wait } = cacheAt(url, { ...PATIENT_REDIS, commandMs: 100 });
    expect(await lock.take('page', 'mine', 1_000)).toBe('unavailable');
    wait(REDIS_TIMES.coolDownMs);
    await lock.release('page', 'mine');
    expect(commands).toEqual(['HELLO', 'SET', 'HELLO', 'SET', 'EVAL', 'EVALSHA']);
  });

  it('tells of what it refuses, and of being away, once a minute each', async () => {
    const refusing = await serve(
      () => "-NOPERM User default has no permissions to run the 'getrange' command\r\n",
    );
    const { cache, wait, told } = cacheAt(refusing.url);
    const refusal = { kind: 'readRefused', command: 'GETRANGE', cause: expect.stringMatching(/^NOPERM/) };
    for (let call = 0; call < 3; call += 1) await cache.read('page');
    expect(told).toEqual([refusal]);
    await refusing.close();
    for (let call = 0; call < 3; call += 1) await cache.read('page');
    expect(told).toEqual([refusal, { kind: 'unreachable', command: 'GETRANGE', cause: expect.any(String) }]);
    wait(58_000);
    await cache.read('page');
    expect(told).toHaveLength(2);
    wait(2_000);
    await cache.read('page');
    expect(told.map((notice) => [notice.kind, 'command' in notice && notice.command])).toEqual([
      ['readRefused', 'GETRANGE'],
      ['unreachable', 'GETRANGE'],
      ['unreachable', 'SET'],
    ]);
  });

  it('waits for a hanging Redis once, then for a moment now and again', async () => {
    const { url } = await serve(() => null);
    const { cache, lock, wait } = cacheAt(url, { ...REDIS_TIMES, connectMs: 2_000, commandMs: 2_000 });
    expect(await timed(cache.read('page'))).toBeGreaterThan(1_900);
    const rest = async () => {
      await lock.take('page', 'mine', 1_000);
      await cache.markBusy('page', 'mine', 1_000);
      await cache.settle('page', 'mine', null);
      await lock.release('page', 'mine');
    };
    expect(await timed(rest())).toBeLessThan(1_000);
    wait(REDIS_TIMES.coolDownMs);
    // The probe's own wait, which is far less than a connection's, and once for all who come.
    expect(await timed(rest())).toBeLessThan(1_000);
  });

  it('costs nothing while Redis is down, and works again when it is back', async () => {
    const gone = await serve(() => null);
    await gone.close();
    const { cache, wait } = cacheAt(gone.url);
    expect(await cache.read('page')).toEqual({ kind: 'miss' });

    await serve(
      (command) => (command === 'GETRANGE' ? bulk(RECORD) : '+OK\r\n'),
      Number(new URL(gone.url).port),
    );
    wait(REDIS_TIMES.coolDownMs - 1);
    expect(await cache.read('page')).toEqual({ kind: 'miss' });
    wait(1);
    expect((await cache.read('page')).kind).toBe('record');
  });

  it('connects anew when Redis was started again between two calls', async () => {
    const first = await serve(() => bulk(RECORD));
    const { cache } = cacheAt(first.url);
    expect((await cache.read('page')).kind).toBe('record');
    await first.close();
    await serve(() => bulk(RECORD), Number(new URL(first.url).port));
    // The end of the old connection is on its way through the loop.
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect((await cache.read('page')).kind).toBe('record');
  });

  it('does not trust a connection that was unused for long', async () => {
    let connections = 0;
    const server = await listen((socket) => {
      connections += 1;
      // After a freeze the old connection is dead, and no event reports it.
      const isStale = connections === 1;
      let commands = 0;
      socket.on('data', () => {
        commands += 1;
        // What it says of itself, and one entry.
        if (!isStale || commands <= 2) socket.write(bulk(RECORD));
      });
    });
    open.push(() => server.close());
    const { cache, wait } = cacheAt(server.url, { ...PATIENT_REDIS, commandMs: NEVER_MS });
    await cache.read('page');
    wait(REDIS_TIMES.idleMaxMs + 1);
    expect((await cache.read('page')).kind).toBe('record');
    expect(connections).toBe(2);
  });

  it('finds the new primary after READONLY', async () => {
    let connections = 0;
    const server = await listen((socket) => {
      connections += 1;
      const response = connections === 1 ? '-READONLY replica\r\n' : '+OK\r\n';
      socket.on('data', () => socket.write(response));
    });
    open.push(() => server.close());
    const { lock, wait } = cacheAt(server.url);
    expect(await lock.take('page', 'mine', 1_000)).toBe('unavailable');
    wait(REDIS_TIMES.coolDownMs);
    expect(await lock.take('page', 'mine', 1_000)).toBe('taken');
    expect(connections).toBe(2);
  });

  it('leaves a server that was made a replica while it was connected', async () => {
    let role = 'master';
    const { url } = await serve((command) => {
      if (command === 'HELLO') return `*2\r\n${bulk('role')}${bulk(role)}`;
      return command === 'GETRANGE' ? bulk(RECORD) : '+OK\r\n';
    });
    const { cache, wait, told } = cacheAt(url);
    expect((await cache.read('page')).kind).toBe('record');
    role = 'replica';
    wait(REDIS_TIMES.roleMs);
    expect((await cache.read('page')).kind).toBe('miss');
    expect((await cache.read('page')).kind).toBe('miss');
    expect(told).toEqual([
      { kind: 'connectionRefused', command: 'GETRANGE', cause: expect.stringContaining('to the primary') },
    ]);
    role = 'master';
    wait(REDIS_TIMES.coolDownMs);
    expect((await cache.read('page')).kind).toBe('record');
  });

  it('asks a server as one of a cluster that keeps it to itself until it says MOVED', async () => {
    let isCluster = false;
    const server = await serve((command) => {
      if (command === 'HELLO') return "-ERR unknown command 'HELLO'\r\n";
      if (command === 'CLUSTER') {
        isCluster = true;
        const [, host = '', port = ''] = /\/\/(.*):(\d+)/.exec(server.url) ?? [];
        return `*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n${bulk(host)}:${port}\r\n`;
      }
      if (!isCluster) return '-MOVED 1 127.0.0.1:1\r\n';
      return command === 'GETRANGE' ? bulk(RECORD) : '+OK\r\n';
    });
    const { cache, wait, told } = cacheAt(server.url);
    expect((await cache.read('page')).kind).toBe('miss');
    wait(REDIS_TIMES.coolDownMs);
    expect((await cache.read('page')).kind).toBe('record');
    expect(told).toEqual([
      {
        kind: 'connectionRefused',
        command: 'GETRANGE',
        cause: expect.stringContaining('This server belongs to a cluster'),
      },
      { kind: 'recovered' },
    ]);
  });

  it('says nothing of a connection that is closed while it is being made', async () => {
    const { url } = await serve(() => null);
    const { cache, close, told } = cacheAt(url);
    const reading = cache.read('page');
    await close();
    expect(await reading).toEqual({ kind: 'miss' });
    expect(told).toEqual([]);
  });

  it('opens one connection for calls that come at once, and none before the first', async () => {
    let connections = 0;
    const server = await listen((socket) => {
      connections += 1;
      // Several commands may come in one piece; the answers, too.
      socket.on('data', (data) => {
        const commands = data.toString().match(/\*\d+\r\n/g) ?? [];
        socket.write(bulk(RECORD).repeat(commands.length));
      });
    });
    open.push(() => server.close());
    const { cache } = cacheAt(server.url);
    expect(connections).toBe(0);
    const reads = await Promise.all(Array.from({ length: 20 }, () => cache.read('page')));
    expect(reads.every(({ kind }) => kind === 'record')).toBe(true);
    expect(connections).toBe(1);
  });

  it('is a miss after it was closed', async () => {
    const { url } = await serve(() => bulk(RECORD));
    const { cache, lock, close } = cacheAt(url);
    await cache.read('page');
    await close();
    expect(await cache.read('page')).toEqual({ kind: 'miss' });
    expect(await lock.take('page', 'mine', 1_000)).toBe('unavailable');
  });
});

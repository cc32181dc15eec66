/** After a PUT no GET names an object that is gone, on every kind of server that people run; and if one may, how long. */
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import type { Measures } from '../../../lib/domain/ports.ts';
import { Problem } from '../../../lib/domain/problem.ts';
import { REDIS_TIMES } from '../../../lib/domain/times.ts';
import { harvest } from '../../../lib/harvest/harvest.ts';
import { lookUp } from '../../../lib/lookup/lookUp.ts';
import { createRedisCache } from '../../../lib/redis/cache.ts';
import type { RedisNotice } from '../../../lib/redis/connection.ts';
import { PATIENT_REDIS } from '../../contract/caches.ts';
import { readDocument } from '../../support/markdown.ts';
import { pngOf } from '../../support/pictures.ts';
import {
  certificate,
  findRedisPrograms,
  follow,
  type RealRedis,
  startRealCluster,
  startRealRedis,
} from '../../support/redisServers.ts';
import { until } from '../../support/until.ts';
import { createWorld, PAGE } from '../../support/world.ts';
import { report } from '../hostile/support/figures.ts';

const ROUNDS = 100;
/** As long as any test takes; and as short as an entry can live. */
const [LONG, SHORT] = [300, 1];
const CALL_MS = 5_000;
/** What the machine may add to a time to live. */
const SLACK_MS = 1_500;
/** The rights that the document gives, in one server and in a cluster. */
const storages = readDocument('docs/storages.md');
const [, rights = ''] = /^user images on >PASSWORD (.+)$/m.exec(storages) ?? [];
const [, moreRights = ''] = /A cluster needs `([^`]+)`/.exec(storages) ?? [];
const USER = `user app on >p@ss#w/rd ${rights}`;

interface Client {
  readonly url: string;
  readonly ca?: string;
}

/** A writer and a reader, as two functions are, over one bucket. */
function startBoth(writerAt: Client, readerAt: Client, ttlSeconds: number) {
  const told: RedisNotice[] = [];
  const world = createWorld();
  let now = 0;
  const open = (client: Client) => {
    const parts = {
      times: PATIENT_REDIS,
      tell: (notice: RedisNotice) => told.push(notice),
      elapsed: () => now,
    };
    const redis = createRedisCache({ ...client, ttlSeconds }, parts);
    return { ...world.services, cache: redis.cache, lock: redis.lock, close: redis.close };
  };
  const [writer, reader] = [open(writerAt), open(readerAt)];
  const measures: Measures = {};

  const put = async (round: number) => {
    world.web.set(PAGE, { type: 'text/html', body: `<img src="${round}.png">` });
    world.web.set(`${PAGE}${round}.png`, { type: 'image/png', body: pngOf(1 + (round % 200)) });
    // Short, so that the lock of a write whose server went in the middle of it is soon over.
    const call = { deadline: performance.now() + CALL_MS, measures: {} };
    await harvest(writer, { mode: 'update', url: new URL(PAGE), isDryRun: false }, call);
  };
  /** Whether a GET names what is gone. */
  const isStale = async () => {
    const { items } = await lookUp(reader, PAGE, measures);
    return items.some(({ name }) => !world.store.objects.has(name));
  };
  return {
    told,
    put,
    isStale,
    hits: () => measures.cacheHits ?? 0,
    /** Past the breaker's pause. */
    pause: () => {
      now += REDIS_TIMES.coolDownMs;
    },
    [Symbol.asyncDispose]: async () => {
      await writer.close();
      await reader.close();
    },
  };
}
type Both = ReturnType<typeof startBoth>;

/** Puts and gets in turn; the numbers of the rounds in which a GET named what was gone. */
async function staleRounds(both: Both): Promise<readonly number[]> {
  const stale: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    both.pause();
    await both.put(round);
    for (let get = 0; get < 2; get += 1) if (await both.isStale()) stale.push(round);
  }
  report({ inputs: ROUNDS });
  return stale;
}

/** Puts once with an entry of before in the cache; for how many milliseconds a GET names what is gone. */
async function staleMs(both: Both, round: number): Promise<number> {
  await until(() => both.put(round).then(() => true, isInProgress));
  const start = performance.now();
  await until(async () => !(await both.isStale()));
  return performance.now() - start;
}

/** A lock that a failover kept ends by itself: the caller comes again. */
function isInProgress(error: unknown): false {
  if (error instanceof Problem && error.code === 'URL_IN_PROGRESS') return false;
  throw error;
}

const programs = findRedisPrograms();
/** Debian's has TLS; the Valkey of the Python package has none. */
const withTls = programs.filter(({ name }) => name === 'redis-server');

describe('after a PUT no GET names what is gone', () => {
  if (programs.length === 0) {
    it('is left out only where REQUIRE_SERVICES does not ask for it', () => {
      expect(process.env.REQUIRE_SERVICES).not.toBe('1');
    });
    return;
  }

  it.each(programs)(`in ${ROUNDS} rounds on one $name with a user of its own`, async ({ program }) => {
    await using server = await startRealRedis(program, { settings: ['user default off', USER] });
    const url = `redis://app:${encodeURIComponent('p@ss#w/rd')}@127.0.0.1:${server.port}`;
    await using both = startBoth({ url }, { url }, LONG);
    expect(await staleRounds(both)).toEqual([]);
    // The first GET of a round has it from the writer.
    expect(both.hits()).toBe(2 * ROUNDS);
    expect(both.told).toEqual([]);
  });

  for (const { program } of withTls)
    it(`in ${ROUNDS} rounds with TLS and a user of its own`, async () => {
      const tls = certificate();
      await using server = await startRealRedis(program, { tls, settings: ['user default off', USER] });
      const url = `rediss://app:${encodeURIComponent('p@ss#w/rd')}@localhost:${server.port}`;
      await using both = startBoth({ url, ca: tls.cert }, { url, ca: tls.cert }, LONG);
      expect(await staleRounds(both)).toEqual([]);
      expect(both.hits()).toBe(2 * ROUNDS);
      expect(both.told).toEqual([]);
    });

  it.each(programs)(
    `in ${ROUNDS} rounds on a cluster of three $name, asked at different servers of it`,
    async ({ program }) => {
      const settings = [`${USER} ${moreRights}`];
      await using cluster = await startRealCluster(program, { settings });
      const [first, second] = cluster.primaries.map(({ port }) => {
        return { url: `redis://app:${encodeURIComponent('p@ss#w/rd')}@127.0.0.1:${port}` };
      });
      if (!first || !second) throw new Error('There are three.');
      await using both = startBoth(first, second, LONG);
      expect(await staleRounds(both)).toEqual([]);
      expect(both.hits()).toBe(2 * ROUNDS);
      expect(both.told).toEqual([]);
    },
  );

  it.each(programs)(`in ${ROUNDS} rounds while its slot moves in a cluster of $name`, async ({ program }) => {
    await using cluster = await startRealCluster(program, { settings: [`${USER} ${moreRights}`] });
    const id = async (node: RealRedis) => (await node.ask('CLUSTER', 'MYID')).split('\r\n')[1] ?? '';
    for (const kind of ['page', 'lock']) {
      const slot = (
        await cluster.primaries[0]?.ask('CLUSTER', 'KEYSLOT', `${kind}:${pageIdOf(PAGE)}`)
      )?.slice(1);
      if (slot === undefined) throw new Error('It has a slot.');
      const owner = cluster.primaries[Math.floor((3 * Number(slot)) / 16_384)];
      const next = cluster.primaries.find((node) => node !== owner);
      if (!owner || !next) throw new Error('There are three.');
      expect(await next.ask('CLUSTER', 'SETSLOT', slot.trim(), 'IMPORTING', await id(owner))).toMatch('OK');
      expect(await owner.ask('CLUSTER', 'SETSLOT', slot.trim(), 'MIGRATING', await id(next))).toMatch('OK');
    }
    const url = `redis://app:${encodeURIComponent('p@ss#w/rd')}@127.0.0.1:${cluster.primaries[0]?.port}`;
    await using both = startBoth({ url }, { url }, LONG);
    expect(await staleRounds(both)).toEqual([]);
    expect(both.hits()).toBe(2 * ROUNDS);
    expect(both.told).toEqual([]);
  });

  for (const { program } of withTls)
    it(`in ${ROUNDS} rounds on a cluster with TLS and names`, async () => {
      const tls = certificate();
      await using cluster = await startRealCluster(program, { tls });
      const [first, second] = cluster.primaries.map(({ url }) => ({ url, ca: tls.cert }));
      if (!first || !second) throw new Error('There are three.');
      await using both = startBoth(first, second, LONG);
      expect(await staleRounds(both)).toEqual([]);
      expect(both.hits()).toBe(2 * ROUNDS);
    });

  it.each(programs)(`in ${ROUNDS} rounds with a replica ($name), which is not used`, async ({ program }) => {
    await using primary = await startRealRedis(program, { settings: ['repl-diskless-sync-delay 0'] });
    // Also one that takes writes, which the primary never hears of.
    await using replica = await startRealRedis(program, { settings: ['replica-read-only no'] });
    await follow(replica, primary);
    await using reading = startBoth(primary, replica, LONG);
    expect(await staleRounds(reading)).toEqual([]);
    await using both = startBoth(replica, replica, LONG);
    expect(await staleRounds(both)).toEqual([]);
    expect([reading.hits(), both.hits()]).toEqual([0, 0]);
    const isReplica = { kind: 'connectionRefused', cause: expect.stringContaining('This is a replica') };
    expect(both.told).toContainEqual(expect.objectContaining(isReplica));
  });
});

describe('a GET that names what is gone', () => {
  if (programs.length === 0) return;

  interface Wrong {
    readonly what: string;
    readonly settings?: readonly string[];
    readonly writer: (server: RealRedis, replica: RealRedis) => string;
    readonly cause: string;
  }
  const wrong: readonly Wrong[] = [
    {
      what: "the writer's password is wrong",
      settings: ['user app on >right ~* +@all'],
      writer: ({ port }) => `redis://app:wrong@127.0.0.1:${port}`,
      cause: 'WRONGPASS',
    },
    {
      what: 'the writer may not write',
      settings: ['user app on >right ~* -@all +ping +getrange'],
      writer: ({ port }) => `redis://app:right@127.0.0.1:${port}`,
      cause: 'NOPERM',
    },
    { what: 'the writer is sent to a replica', writer: (_, { url }) => url, cause: 'READONLY' },
  ];
  it.each(wrong)('does so no longer than an entry lives, and the log says that $what', async (row) => {
    const [{ program } = { program: '' }] = programs;
    await using server = await startRealRedis(program, {
      settings: ['repl-diskless-sync-delay 0', ...(row.settings ?? [])],
    });
    await using replica = await startRealRedis(program);
    await follow(replica, server);
    await using both = startBoth({ url: row.writer(server, replica) }, server, SHORT);
    for (let round = 1; round <= 3; round += 1) {
      both.pause();
      expect(await staleMs(both, round)).toBeLessThan(SHORT * 1_000 + SLACK_MS);
      // It fills the cache for the next round.
      await both.isStale();
    }
    expect(both.hits()).toBeGreaterThan(0);
    expect(both.told).toContainEqual(expect.objectContaining({ cause: expect.stringContaining(row.cause) }));
  });

  it.each(programs)(
    `does so no longer than an entry lives in ${ROUNDS} rounds with ten failovers ($name)`,
    async ({ program }) => {
      const settings = ['repl-diskless-sync-delay 0'];
      await using one = await startRealRedis(program, { settings });
      await using two = await startRealRedis(program, { settings });
      let [primary, replica] = [one, two];
      await follow(replica, primary);
      await using endpoint = await startEndpoint(primary.port);
      await using both = startBoth(endpoint, endpoint, SHORT);
      let longest = 0;
      for (let round = 1; round <= ROUNDS; round += 1) {
        both.pause();
        if (round % 10 === 0) {
          [primary, replica] = [replica, primary];
          const failover = async () => {
            await primary.ask('REPLICAOF', 'NO', 'ONE');
            endpoint.moveTo(primary.port, round % 20 === 0);
            await follow(replica, primary);
          };
          // In the middle of a write.
          await Promise.all([failover(), both.put(round).catch(isInProgress)]);
        }
        longest = Math.max(longest, await staleMs(both, round));
      }
      expect(longest).toBeLessThan(SHORT * 1_000 + SLACK_MS);
      expect(both.hits()).toBeGreaterThan(ROUNDS / 2);
      report({
        inputs: ROUNDS,
        said: `a failover of ${program}: stale for ${longest.toFixed(0)} ms at most`,
      });
    },
  );

  it.each(programs)(
    `does so no longer than an entry lives in ${ROUNDS} rounds with failovers of a cluster of $name`,
    async ({ program }) => {
      await using cluster = await startRealCluster(program);
      const [first, second] = cluster.primaries;
      if (!first || !second) throw new Error('There are three.');
      await using both = startBoth(second, second, SHORT);
      let [primary, replica] = [first, cluster.replica];
      let longest = 0;
      for (let round = 1; round <= ROUNDS; round += 1) {
        both.pause();
        if (round % 20 === 0) {
          [primary, replica] = [replica, primary];
          const failover = async () => {
            await primary.ask('CLUSTER', 'FAILOVER', 'TAKEOVER');
            await until(async () =>
              (await replica.ask('INFO', 'replication')).includes('master_link_status:up'),
            );
          };
          await Promise.all([failover(), both.put(round).catch(isInProgress)]);
        }
        longest = Math.max(longest, await staleMs(both, round));
      }
      expect(longest).toBeLessThan(SHORT * 1_000 + SLACK_MS);
      expect(both.hits()).toBeGreaterThan(ROUNDS / 2);
      report({
        inputs: ROUNDS,
        said: `a cluster's failovers (${program}): stale for ${longest.toFixed(0)} ms at most`,
      });
    },
  );
});

/** An address that leads to the primary, as managed services give one. */
async function startEndpoint(target: number) {
  let to = target;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const line = connect({ port: to, host: '127.0.0.1', noDelay: true });
    for (const [socket, other] of [[client, line] as const, [line, client] as const]) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          other.destroy();
          sockets.delete(socket);
        });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${(server.address() as { readonly port: number }).port}`,
    /** What is open is cut, or stays with the server that was the primary. */
    moveTo: (port: number, isCut: boolean) => {
      to = port;
      if (isCut) cut();
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

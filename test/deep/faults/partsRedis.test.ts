/** F05–F08: Redis in every state. No response changes, no call waits long, and Redis is used again once it is back. */
import { describe, expect, it } from '@jest/globals';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import { REDIS_TIMES, STORE_TIMES } from '../../../lib/domain/times.ts';
import { CACHED_MAX_BYTES } from '../../../lib/record/recordText.ts';
import { PATIENT_REDIS } from '../../contract/caches.ts';
import { until } from '../../support/until.ts';
import { report } from '../hostile/support/figures.ts';
import type { LineFault } from './faultProxy.ts';
import { PATIENT_STORE, type PartsService, startPartsService, timed } from './partsService.ts';
import type { RedisFault } from './redisDouble.ts';

/** A clock that only the test moves, so that the cool-down passes at once. */
function stopped() {
  let now = 0;
  return {
    elapsed: () => now,
    wait: (ms: number) => {
      now += ms;
    },
  };
}

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

/** Long timeouts, for tests in which Redis and the bucket work. */
const PATIENT = { storeTimes: PATIENT_STORE, redisTimes: PATIENT_REDIS };

/** Checks that POST, GET, PUT and GET have the same responses as with a working Redis. */
async function expectSameAnswers(service: PartsService) {
  const first = await service.post(service.page);
  expect([first.status, first.code]).toEqual([201, 'OK']);
  expect((await service.get(service.page)).body.images).toEqual(first.body.images);
  expect((await service.post(service.page)).code).toBe('URL_ALREADY_PROCESSED');
  service.show(2, 3);
  const second = await service.put(service.page);
  expect([second.status, second.code]).toEqual([200, 'OK']);
  expect((await service.get(service.page)).body.images).toEqual(second.body.images);
  expect((await service.get(service.url('/3.png'))).body.count).toBe(1);
  expect((await service.get(service.url('/none'))).code).toBe('PAGE_NOT_FOUND');
  expect(await service.compare()).toEqual({ missing: [], orphans: [] });
}

/**
 * Checks that a GET does not use the bucket, if need be after some that do. Calls that were running when Redis came
 * back fail after their timeout. A machine that pauses for half a second looks like a Redis that does.
 */
async function expectCached(service: PartsService, wait: (ms: number) => void = () => {}) {
  await until(async () => {
    wait(REDIS_TIMES.coolDownMs);
    const before = service.s3.requests.length;
    expect((await service.get(service.page)).code).toBe('OK');
    return service.s3.requests.length === before;
  });
}

describe('F05 a Redis whose line', () => {
  const lines: readonly (readonly [string, LineFault])[] = [
    ['is down', 'refuse'],
    ['hangs', 'hang'],
    ['is reset', 'reset'],
    ['loses every answer', 'halfOpen'],
    ['breaks after a few bytes', { resetAfterBytes: 20 }],
    ['is slower than its time', { delayMs: 800 }],
  ];
  it.each(lines)('F05 %s changes no answer, and is used again when it is back', async (_, fault) => {
    const clock = stopped();
    await using service = await startPartsService({ elapsed: clock.elapsed, storeTimes: PATIENT_STORE });
    await service.redisLine.set(fault);
    const { ms } = await timed(() => expectSameAnswers(service));
    report({ inputs: 7 });
    // Of seven calls each writer insists twice, at up to half a second for the connection and for the command.
    expect(ms).toBeLessThan(30_000);
    await service.redisLine.set('pass');
    // A marker or a lock whose removal was lost expires.
    service.redis.entries.clear();
    await expectCached(service, clock.wait);
  });
});

describe('F05 a Redis that answers', () => {
  const replies: readonly (readonly [string, RedisFault])[] = [
    ['OOM', { reply: "-OOM command not allowed when used memory > 'maxmemory'.\r\n" }],
    ['READONLY', { reply: "-READONLY You can't write against a read only replica.\r\n" }],
    ['LOADING', { reply: '-LOADING Redis is loading the dataset in memory\r\n' }],
    ['NOAUTH', { reply: '-NOAUTH Authentication required.\r\n' }],
    ['WRONGTYPE', { reply: '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n' }],
    ['MISCONF', { reply: '-MISCONF Redis is configured to save RDB snapshots\r\n' }],
    ['what is no Redis at all', { reply: 'HTTP/1.1 400 Bad Request\r\n\r\n' }],
    ['an array where a text should be', { reply: '*2\r\n:1\r\n:2\r\n' }],
  ];
  it.each(replies)('F05 %s changes no answer, and is used again', async (_, fault) => {
    const clock = stopped();
    await using service = await startPartsService({ elapsed: clock.elapsed, storeTimes: PATIENT_STORE });
    service.redis.choose = () => fault;
    await expectSameAnswers(service);
    report({ inputs: 7 });
    service.redis.choose = () => 'pass';
    await expectCached(service, clock.wait);
  });
});

describe('F05 an entry that is', () => {
  const entries: readonly (readonly [string, (record: string) => string])[] = [
    ['garbage', () => 'garbage'],
    ['JSON that breaks off', (record) => record.slice(0, -1)],
    ['of an old schema', (record) => record.replace('"schema":1', '"schema":0')],
    ['null', () => 'null'],
    ['empty', () => ''],
    ['of another page', (record) => record.replace('/page"', '/other"')],
    ['larger than the cache keeps', (record) => record + ' '.repeat(CACHED_MAX_BYTES)],
  ];
  it.each(entries)('F05 %s is a miss: the bucket answers', async (_, make) => {
    await using service = await startPartsService(PATIENT);
    const { body } = await service.post(service.page);
    const key = `page:${pageIdOf(service.page)}`;
    const entry = service.redis.entries.get(key);
    if (entry === undefined) throw new Error('It was not cached.');
    service.redis.entries.set(key, { ...entry, value: make(entry.value) });
    const before = service.s3.requests.length;
    const { value, ms } = await timed(() => service.get(service.page));
    expect(value.body.images).toEqual(body.images);
    expect(ms).toBeLessThan(10_000);
    expect(service.s3.requests.slice(before).map(({ kind }) => kind)).toEqual(['GET record']);
    // A writer puts it right.
    service.show(1);
    expect((await service.put(service.page)).code).toBe('OK');
    await expectCached(service);
  });

  it('F05 a giant value costs no more than an entry may have', async () => {
    await using service = await startPartsService(PATIENT);
    await service.post(service.page);
    const asked: number[] = [];
    service.redis.choose = ({ name, args }) => {
      if (!name.startsWith('GET')) return 'pass';
      asked.push(name === 'GETRANGE' ? Number(args[2]) + 1 : Number.POSITIVE_INFINITY);
      return { reply: bulk('x'.repeat(1_000)) };
    };
    expect((await service.get(service.page)).body.count).toBe(2);
    // One byte more shows that there is more.
    expect(asked).toEqual([CACHED_MAX_BYTES + 1]);
  });
});

describe('F05 a Redis that is lost', () => {
  const GETS = 20;

  /** A service with a harvested page that is not in the cache, and what a GET of it usually takes. */
  async function startUncached() {
    const clock = stopped();
    const service = await startPartsService({ elapsed: clock.elapsed, storeTimes: PATIENT_STORE });
    await service.post(service.page);
    const get = async () => {
      const { value, ms } = await timed(() => service.get(service.page));
      expect(value.code).toBe('OK');
      return ms;
    };
    const getMany = async (before: () => void = () => {}) => {
      const times: number[] = [];
      for (let n = 0; n < GETS; n += 1) {
        before();
        times.push(await get());
      }
      return times;
    };
    const usual = await getMany(() => service.redis.entries.clear());
    service.redis.entries.clear();
    return { clock, service, get, getMany, usual: Math.max(...usual) };
  }

  it.each<LineFault>(['refuse', 'hang', 'reset'])(
    'F05 (%s) costs the first GET its time, and every one of the next twenty less than 50 ms',
    async (fault) => {
      const { service, get, getMany, usual } = await startUncached();
      await using _service = service;
      await service.redisLine.set(fault);
      const first = await get();
      expect(first).toBeLessThan(REDIS_TIMES.commandMs + REDIS_TIMES.connectMs + 2_000);
      const opened = service.redisLine.accepted();
      // Other work of the machine affects some rounds only. A lost Redis costs the same in every round.
      let most = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 10 && most >= usual + 50; round += 1) most = Math.max(...(await getMany()));
      expect(most).toBeLessThan(usual + 50);
      // Redis was not used at all.
      expect(service.redisLine.accepted()).toBe(opened);
      report({
        inputs: 1 + GETS,
        said: `a lost Redis (${fault}): ${first.toFixed(0)} ms once, then ${most.toFixed(1)} ms at most (${usual.toFixed(1)} ms with it)`,
      });
    },
  );

  it('F05 is asked again by one call after the pause, and used again', async () => {
    const { clock, service, get } = await startUncached();
    await using _service = service;
    await service.redisLine.set('hang');
    await get();

    // Half-open: after the pause one call asks, and waits for a moment only.
    clock.wait(REDIS_TIMES.coolDownMs);
    const accepted = service.redisLine.accepted();
    await Promise.all(Array.from({ length: 10 }, get));
    expect(service.redisLine.accepted() - accepted).toBeLessThanOrEqual(1);

    await service.redisLine.set('pass');
    await expectCached(service, clock.wait);
  });
});

describe('F06 FLUSHALL', () => {
  type Run = (service: PartsService) => ReturnType<PartsService['get']>;
  interface Row {
    readonly what: string;
    /** The page has been harvested before. */
    readonly isHarvested: boolean;
    readonly run: Run;
  }
  const rows: readonly Row[] = [
    { what: 'POST', isHarvested: false, run: ({ post, page }) => post(page) },
    { what: 'PUT', isHarvested: true, run: ({ put, page }) => put(page) },
    { what: 'PUT of a new page', isHarvested: false, run: ({ put, page }) => put(page) },
    { what: 'GET', isHarvested: true, run: ({ get, page }) => get(page) },
    { what: 'GET of an image', isHarvested: true, run: ({ get, url }) => get(url('/2.png')) },
  ];
  const startFor = async ({ isHarvested }: Row): Promise<PartsService> => {
    const service = await startPartsService(PATIENT);
    if (isHarvested) await service.post(service.page);
    service.show(2, 3);
    return service;
  };
  const stepsOf = async (row: Row): Promise<number> => {
    await using service = await startFor(row);
    const before = service.redis.commands.length;
    await row.run(service);
    return service.redis.commands.length - before;
  };

  it.each(rows)('F06 before every single step of a $what changes no answer', async (row) => {
    const steps = await stepsOf(row);
    expect(steps).toBeGreaterThan(0);
    report({ inputs: steps });
    for (let step = 1; step <= steps; step += 1) {
      await using service = await startFor(row);
      let taken = 0;
      service.redis.choose = () => {
        taken += 1;
        if (taken === step) service.redis.entries.clear();
        return 'pass';
      };
      expect((await row.run(service)).code).toBe('OK');
      // It came before this very step.
      expect(taken).toBeGreaterThanOrEqual(step);
      const names = (await service.recordOf())?.items.map(({ name }) => name);
      expect((await service.get(service.page)).body.images).toEqual(names);
      expect(await service.compare()).toEqual({ missing: [], orphans: [] });
    }
  });
});

describe('F07 a lock that is evicted in the middle of a PUT', () => {
  it('F07 lets a second PUT in: one commits, the other is URL_IN_PROGRESS or builds on it, nothing is lost', async () => {
    await using service = await startPartsService({ storeTimes: STORE_TIMES });
    await service.post(service.page);
    service.show(2, 3);
    const reached = Promise.withResolvers<void>();
    const overtaken = Promise.withResolvers<void>();
    let isFirst = true;
    service.breakStore(({ kind }) => {
      if (kind !== 'PUT image' || !isFirst) return 'pass';
      isFirst = false;
      reached.resolve();
      return { after: overtaken.promise };
    });
    const first = service.put(service.page);
    await reached.promise;
    service.redis.entries.delete(`lock:${pageIdOf(service.page)}`);
    const second = await service.put(service.page);
    overtaken.resolve();
    const late = await first;
    expect(second.code).toBe('OK');
    expect([late.code, late.headers['retry-after']]).toEqual(['URL_IN_PROGRESS', '2']);
    expect(await service.compare()).toEqual({ missing: [], orphans: [] });
    expect((await service.get(service.page)).body.images).toEqual(second.body.images);
  });
});

describe('F08 bucket and Redis are both down', () => {
  it.each<LineFault>(['refuse', 'reset', 'hang'])(
    'F08 is 503, never 404, and all is well afterwards (%s)',
    async (fault) => {
      const clock = stopped();
      await using service = await startPartsService({ elapsed: clock.elapsed });
      const { body } = await service.post(service.page);
      await service.redisLine.set(fault);
      await service.s3Line.set(fault);
      const urls = [service.page, service.url('/1.png'), service.url('/none')];
      for (const call of [service.get, service.post, service.put]) {
        for (const url of urls) {
          const { value, ms } = await timed(() => call(url));
          expect([value.status, value.code, value.headers['retry-after']]).toEqual([
            503,
            'STORAGE_UNAVAILABLE',
            '5',
          ]);
          expect(ms).toBeLessThan(20_000);
        }
      }
      await service.s3Line.set('pass');
      await service.redisLine.set('pass');
      clock.wait(REDIS_TIMES.coolDownMs);
      expect((await service.get(service.page)).body.images).toEqual(body.images);
      expect((await service.get(service.url('/none'))).code).toBe('PAGE_NOT_FOUND');
      expect((await service.put(service.page)).code).toBe('OK');
      expect(await service.compare()).toEqual({ missing: [], orphans: [] });
    },
  );
});

/** What the check of a bucket finds out beside conditions: its address, caches, a busy server, what was left behind. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { StoredObject } from '../../../lib/domain/ports.ts';
import { createS3Api, type S3Api } from '../../../lib/s3/api.ts';
import { checkBursts } from '../../../lib/s3/checkBursts.ts';
import { CHECKED_KEY } from '../../../lib/s3/checkNote.ts';
import { createS3Store, type StoreNotice } from '../../../lib/s3/store.ts';
import { createVerify } from '../../../lib/s3/verify.ts';
import { LOCAL_KEYS } from '../../../local-stack/embedded/localKeys.ts';
import { startAddressedStore } from '../../support/addressedStore.ts';
import { type Caching, startCachingProxy } from '../../support/cachingProxy.ts';
import { embeddedStore } from '../../support/embeddedStore.ts';
import { type StoreFault, type StoreRequest, startFaultyStore } from '../../support/faultyStore.ts';
import { until } from '../../support/until.ts';

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
const keep = <T extends { close(): Promise<void> | void }>(one: T): T => {
  open.push(() => one.close());
  return one;
};

const configAt = (endpoint: string) => ({
  ...{ bucket: 'bucket', region: 'us-east-1', credentials: LOCAL_KEYS, linkTtlSeconds: 60 },
  endpoint,
});
const apiAt = (endpoint: string) => keep(createS3Api(configAt(endpoint)));
const storeAt = (endpoint: string, told: StoreNotice[] = []) =>
  keep(createS3Store(configAt(endpoint), undefined, { tell: (notice) => told.push(notice) }));
const working = async () => keep(await embeddedStore('bucket'));
const fronted = async (choose: (request: StoreRequest) => StoreFault, target?: string) =>
  keep(await startFaultyStore(choose, target ?? (await working()).endpoint));

const detailOf = (verified: Promise<void>): Promise<string> =>
  verified.then(
    () => 'passed',
    ({ detail }) => String(detail),
  );
const namesIn = async (endpoint: string) => {
  const listed = await Array.fromAsync(storeAt(endpoint).images.list(''));
  return listed.map(({ name }) => name);
};

const TWICE =
  'S3_ENDPOINT names a bucket already, so the name of the bucket would begin each key: leave it out of S3_ENDPOINT.';

describe('an address that names the bucket already', () => {
  /** Whatever the path is, it is a key: the host name is the bucket's. */
  const asKeys = async () => {
    const { endpoint } = await working();
    const toTarget = (_: string, path: string) => `/bucket/images/host${path}`;
    return { endpoint, front: keep(await startAddressedStore(endpoint, { toTarget })) };
  };

  it('is refused, and nothing is left there', async () => {
    const { endpoint, front } = await asKeys();
    const { records } = storeAt(`http://127.0.0.1:${front.port}`);
    expect(await detailOf(records.verify())).toBe(TWICE);
    await until(async () => (await namesIn(endpoint)).length === 0);
  });

  it('is refused where a listing is answered in spite of the key', async () => {
    const listing = (keys: readonly string[]): StoreFault => ({
      reply: 200,
      headers: { 'content-type': 'application/xml' },
      body: `<ListBucketResult><IsTruncated>false</IsTruncated>${keys
        .map(
          (key) =>
            `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`,
        )
        .join('')}</ListBucketResult>`,
    });
    const between = await fronted(({ kind, path }) => {
      if (kind !== 'LIST') return 'pass';
      const prefix = new URL(path, 'http://any').searchParams.get('prefix') ?? '';
      return listing(prefix.startsWith('bucket/') ? [prefix] : []);
    });
    expect(await detailOf(storeAt(between.endpoint).records.verify())).toBe(TWICE);
  });

  it.each<StoreFault>([
    { status: 403, code: 'AccessDenied' },
    { status: 405, code: 'MethodNotAllowed' },
    { status: 501, code: 'NotImplemented' },
    { reply: 200, body: 'no list' },
  ])('is not looked for where the store does not list: %j', async (fault) => {
    const between = await fronted(({ kind }) => (kind === 'LIST' ? fault : 'pass'));
    await storeAt(between.endpoint).records.verify();
  });

  it('is not taken for a store that says of an empty listing that there is no key', async () => {
    const between = await fronted(({ kind, nthOfKind }) =>
      kind === 'LIST' && nthOfKind === 1 ? { status: 404, code: 'NoSuchKey' } : 'pass',
    );
    await storeAt(between.endpoint).records.verify();
  });

  it('is asked for once, for two seconds, at a store whose listings hang', async () => {
    const between = await fronted(({ kind }) => (kind === 'LIST' ? 'hang' : 'pass'));
    await storeAt(between.endpoint).records.verify();
    expect(between.requests.filter(({ kind }) => kind === 'LIST').length).toBeLessThanOrEqual(1);
  });

  it('is no bucket that does not exist', async () => {
    const between = await fronted(() => ({ status: 404, code: 'NoSuchBucket' }));
    expect(await detailOf(storeAt(between.endpoint).records.verify())).toMatch(/^The bucket does not exist/);
  });
});

describe('a listing', () => {
  const EMPTY: StoreFault = {
    reply: 200,
    headers: { 'content-type': 'application/xml' },
    body: '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>',
  };

  it('that never shows what was written is refused', async () => {
    const between = await fronted(({ kind }) => (kind === 'LIST' ? EMPTY : 'pass'));
    expect(await detailOf(storeAt(between.endpoint).records.verify())).toMatch(
      /^A listing does not show what was written: check S3_ENDPOINT/,
    );
  });

  it('may lag a little', async () => {
    // Before the first write, and once with each name after it.
    const between = await fronted(({ kind, nthOfKind }) =>
      kind === 'LIST' && nthOfKind <= 3 ? EMPTY : 'pass',
    );
    await storeAt(between.endpoint).records.verify();
  });
});

describe('a proxy that caches', () => {
  const STALE = /^A read does not show the write before it: turn off the cache/;
  const cached = async (caching: Caching) => {
    const { endpoint } = await working();
    const proxy = keep(await startCachingProxy(endpoint, caching));
    return detailOf(storeAt(proxy.endpoint).records.verify());
  };

  it.each([
    ['objects', 'none'],
    ['objects', 'unconditional'],
    ['objects', 'conditional'],
    ['misses', 'none'],
    ['misses', 'unconditional'],
  ] as const)('%s, and forgets %s writes, is refused', async (keeps, forgets) => {
    expect(await cached({ keeps, forgets })).toMatch(STALE);
  });

  it('listings is refused', async () => {
    expect(await cached({ keeps: 'listings', forgets: 'none' })).toMatch(/^A listing does not show/);
  });

  // A miss is only remembered until the first write, which is conditional.
  it('misses, and forgets them with a conditional write, shows no old content', async () => {
    expect(await cached({ keeps: 'misses', forgets: 'conditional' })).toBe('passed');
  });
});

describe('a proxy that repeats each conditional write', () => {
  it('and passes on the refusal of its own repetition: the check passes, and counts one winner', async () => {
    const told: StoreNotice[] = [];
    const between = await fronted(({ headers }) =>
      headers['if-match'] || headers['if-none-match'] ? 'repeat' : 'pass',
    );
    await storeAt(between.endpoint, told).records.verify();
    expect(told).toEqual([]);
  });

  it('before a server that ignores a condition is refused', async () => {
    const { endpoint } = await working();
    const ignoring = await fronted(() => ({ without: 'if-match' }), endpoint);
    const between = await fronted(({ method }) => (method === 'PUT' ? 'repeat' : 'pass'), ignoring.endpoint);
    expect(await detailOf(storeAt(between.endpoint).records.verify())).toMatch(/ignores If-Match/);
  });
});

describe('a server that is too busy for simultaneous writes', () => {
  const BUSY: readonly StoreFault[] = [
    { status: 503, code: 'SlowDown' },
    { status: 429, code: 'TooManyRequests' },
    { status: 500, code: 'InternalError' },
    'resetBefore',
  ];

  it.each(BUSY)('has shown nothing: the log says so, and not that it passed: %j', async (fault) => {
    const { endpoint } = await working();
    const between = await fronted(({ kind }) => (kind === 'PUT burst' ? fault : 'pass'), endpoint);
    const told: StoreNotice[] = [];
    const { records } = storeAt(between.endpoint, told);
    await records.verify();
    expect(told).toEqual([
      { kind: 'undecided', cause: expect.stringMatching(/^It did not answer enough simultaneous writes\. /) },
    ]);
    const bursts = new Set(
      between.requests.filter(({ kind }) => kind === 'PUT burst').map(({ path }) => path),
    );
    // The first one, and three repetitions.
    expect(bursts.size).toBe(4);
    const note = await apiAt(endpoint).get(CHECKED_KEY, 1_000);
    expect(JSON.parse(note.text ?? '')).toMatchObject({ isAtomic: null });
  });

  it('and answers one writer of each burst has shown nothing', async () => {
    const between = await fronted(({ kind, nth }) =>
      kind === 'PUT burst' && nth > 1 ? { status: 503, code: 'SlowDown' } : 'pass',
    );
    const told: StoreNotice[] = [];
    await storeAt(between.endpoint, told).records.verify();
    expect(told.map(({ kind }) => kind)).toEqual(['undecided']);
  });

  it('for a moment is asked again, and passes', async () => {
    const between = await fronted(({ kind, nthOfKind }) =>
      kind === 'PUT burst' && nthOfKind <= 16 ? { status: 503, code: 'SlowDown' } : 'pass',
    );
    const told: StoreNotice[] = [];
    await storeAt(between.endpoint, told).records.verify();
    expect(told).toEqual([]);
  });

  it('is checked again after ten minutes, by every process, and not before', async () => {
    const { endpoint } = await working();
    let isBusy = true;
    const between = await fronted(
      ({ kind }) => (isBusy && kind === 'PUT burst' ? { status: 503, code: 'SlowDown' } : 'pass'),
      endpoint,
    );
    let now = Date.now();
    let undecided = 0;
    const parts = {
      bucket: 'bucket',
      now: () => now,
      wait: async () => undefined,
      onUndecided: () => {
        undecided += 1;
      },
    };
    const api = apiAt(between.endpoint);
    const [one, other] = [createVerify(api, parts), createVerify(api, parts)];
    await one();
    const writes = () => between.requests.filter(({ kind }) => kind === 'PUT burst').length;
    const before = writes();
    await other();
    now += 10 * 60_000 - 1;
    await one();
    expect([writes(), undecided]).toEqual([before, 1]);
    now += 1;
    await one();
    expect(writes()).toBeGreaterThan(before);
    expect(undecided).toBe(2);
    isBusy = false;
    now += 10 * 60_000;
    await one();
    now += 23 * 60 * 60_000;
    const after = writes();
    await one();
    expect([writes(), undecided]).toEqual([after, 2]);
  });
});

describe('what another process has found meanwhile', () => {
  it('counts: a server that it refused for simultaneous writes is refused, and the note stays', async () => {
    const { endpoint } = await working();
    const note = JSON.stringify({ schema: 2, checkedAt: new Date().toISOString(), isAtomic: false });
    const put = () =>
      apiAt(endpoint).put(CHECKED_KEY, Buffer.from(note), { contentType: 'application/json' });
    let isPut = false;
    const between = await fronted(({ kind }) => {
      if (kind !== 'PUT burst' || isPut) return 'pass';
      isPut = true;
      return { after: put() };
    }, endpoint);
    expect(await detailOf(storeAt(between.endpoint).records.verify())).toMatch(/several simultaneous writes/);
    expect((await apiAt(endpoint).get(CHECKED_KEY, 1_000)).text).toBe(note);
  });
});

describe('bursts', () => {
  const OUTCOMES = ['applied', 412, 409, 503, 500, 'lost'] as const;
  /** The same numbers for the same seed. */
  const randomFrom = (seed: number) => () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed / 2 ** 32;
  };

  /** Each writer of each burst meets an outcome by chance, of which the first are the likelier ones. */
  async function play(seed: number) {
    const random = randomFrom(seed);
    const exponent = random() * 6;
    const bursts = new Map<string, (number | string)[]>();
    const waits: number[] = [];
    let keys = 0;
    const api = {
      putOnCondition: async (key: string, body: Buffer) => {
        if (body.toString() === 'first') return '"first"';
        const outcome = OUTCOMES[Math.floor(random() ** (1 / (1 + exponent)) * OUTCOMES.length)] ?? 412;
        bursts.set(key, [...(bursts.get(key) ?? []), outcome]);
        if (outcome === 'applied') return '"etag"';
        throw Object.assign(new Error('refused'), {
          ...(typeof outcome === 'number' && { $metadata: { httpStatusCode: outcome } }),
        });
      },
      get: async () => ({ text: 'another', etag: '"other"' }),
    } as unknown as S3Api;
    const finding = await checkBursts(api, {
      newKey: () => `checks/burst-${keys++}`,
      wait: async (ms) => waits.push(ms),
    });
    return { ...finding, late: await finding.late, waits, bursts: [...bursts.values()] };
  }

  it('say what they have shown, in a bounded number, whatever the server answers', async () => {
    const seen = new Map<string, number>();
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const { found, late, waits, bursts } = await play(seed);
      const won = bursts.map((outcomes) => outcomes.filter((each) => each === 'applied').length);
      const said = bursts.map(
        (outcomes) => outcomes.filter((each) => each === 'applied' || each === 412 || each === 409).length,
      );
      seen.set(found, (seen.get(found) ?? 0) + 1);
      expect([seed, found === 'notAtomic']).toEqual([seed, won.some((count) => count > 1)]);
      expect([seed, late]).toEqual([seed, found]);
      const shown = won.filter((count, index) => count === 1 && (said[index] ?? 0) >= 4).length;
      if (found === 'atomic') expect([seed, shown]).toEqual([seed, 10]);
      if (found === 'undecided') expect(shown).toBeLessThan(10);
      expect(bursts.length).toBeLessThanOrEqual(13);
      expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(1_750);
    }
    expect([...seen.keys()].sort()).toEqual(['notAtomic', 'undecided']);
  });
});

describe('what killed checks have left behind', () => {
  const DAY_MS = 86_400_000;
  const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

  it('is removed by the next check when it is older than a day, by the clock of the store; nothing else is', async () => {
    const { endpoint } = await working();
    const api = apiAt(endpoint);
    const ages: Readonly<Record<string, number>> = {
      [`checks/burst-${id(1)}`]: 2 * DAY_MS,
      [`checks/${id(2)}`]: DAY_MS + 60_000,
      [`checks/burst-${id(3)}`]: DAY_MS - 60_000,
      'checks/sweep.json': 9 * DAY_MS,
      'checks/burst-other': 9 * DAY_MS,
      [`checks/below/burst-${id(4)}`]: 9 * DAY_MS,
      [`images/burst-${id(5)}`]: 9 * DAY_MS,
    };
    const put = (key: string) => api.put(key, Buffer.from('x'), { contentType: 'text/plain' });
    for (const key of Object.keys(ages)) await put(key);
    const aged = (object: StoredObject): StoredObject => ({
      ...object,
      lastModified: new Date(object.lastModified.getTime() - (ages[object.name] ?? 0)),
    });
    const old: S3Api = {
      ...api,
      list: async (...args) => {
        const page = await api.list(...args);
        return { ...page, objects: page.objects.map(aged) };
      },
    };
    // The service's own clock is wrong by a year: it does not count.
    await createVerify(old, { bucket: 'bucket', now: () => Date.now() + 365 * DAY_MS })();
    const left = [
      `checks/below/burst-${id(4)}`,
      `checks/burst-${id(3)}`,
      'checks/burst-other',
      CHECKED_KEY,
      'checks/sweep.json',
      `images/burst-${id(5)}`,
    ].sort();
    await until(async () => (await namesIn(endpoint)).length === left.length);
    expect((await namesIn(endpoint)).sort()).toEqual(left);
  });

  it('is asked for once, however much there is', async () => {
    const between = await fronted(() => 'pass');
    await storeAt(between.endpoint).records.verify();
    const prefixes = between.requests
      .filter(({ kind }) => kind === 'LIST')
      .map(({ path }) => new URL(path, 'http://any').searchParams.get('prefix'));
    expect(prefixes.filter((prefix) => prefix === 'checks/')).toHaveLength(1);
  });

  it('holds nothing up, and hides nothing, when it cannot be removed', async () => {
    const between = await fronted(({ path }) => (path.includes('prefix=checks%2F&') ? 'hang' : 'pass'));
    await storeAt(between.endpoint).records.verify();
  });
});

/** A store whose clock is not this machine's: S3 refuses a signature whose time is over 15 minutes off. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createS3Store, type S3Store } from '../../../lib/s3/store.ts';
import { LOCAL_KEYS } from '../../../local-stack/embedded/localKeys.ts';
import type { ObjectStore } from '../../../local-stack/embedded/objectStore.ts';
import { newPage } from '../../support/builders.ts';
import { embeddedStore } from '../../support/embeddedStore.ts';
import { type FaultyStore, type StoreFault, startFaultyStore } from '../../support/faultyStore.ts';

const MINUTE_MS = 60_000;
const BYTES = Buffer.from('bytes of an image');
const IMAGE = 'images/i/p/op/a.png';

let offsetMs = 0;
let server: ObjectStore;
let between: FaultyStore;
let fault: StoreFault;
let choose: () => StoreFault;
const open: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  fault = 'pass';
  choose = () => fault;
  offsetMs = 0;
  server = await embeddedStore('bucket', { now: () => Date.now() + offsetMs });
  open.push(() => server.close());
  between = await startFaultyStore(() => choose(), server.endpoint);
  open.push(() => between.close());
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** As one more bundle of the process has it. */
const newStore = () => storeAt(between.endpoint);

/** The clock belongs to the endpoint: at another one the process knows of none. */
async function newProcess() {
  const front = await startFaultyStore(() => choose(), server.endpoint);
  // A time that the store accepts may be 15 minutes off, and so may the end of a link.
  const store = storeAt(front.endpoint, 3_600);
  return {
    store,
    requests: () => front.requests.length,
    [Symbol.asyncDispose]: async () => {
      store.close();
      await front.close();
    },
  };
}

function storeAt(endpoint: string, linkTtlSeconds = 60): S3Store {
  const config = { bucket: 'bucket', region: 'us-east-1', endpoint, linkTtlSeconds };
  const store = createS3Store({ ...config, credentials: LOCAL_KEYS });
  open.push(() => store.close());
  return store;
}

const put = ({ images }: S3Store) => images.put(IMAGE, BYTES, 'image/png', new AbortController().signal);
const written = async ({ records }: S3Store) => {
  const { pageId, recordOf } = newPage();
  expect(await records.write(pageId, recordOf([]), { ifAbsent: true })).toMatchObject({ kind: 'written' });
  expect(await records.read(pageId)).not.toBeNull();
};
const opened = async ({ images }: S3Store) => (await fetch(await images.link(IMAGE))).status;

const everyCall: readonly (readonly [string, (store: S3Store) => Promise<unknown>])[] = [
  ['a conditional write', written],
  ['the check of the bucket', ({ records }) => records.verify()],
  ['a reading', async ({ records }) => expect(await records.read('a'.repeat(32))).toBeNull()],
  ['an upload', put],
  ['a listing', async ({ images }) => expect(await Array.fromAsync(images.list('images/'))).toEqual([])],
  ['a removal', ({ images }) => images.remove([IMAGE])],
];

const OFFSETS = [120, -120, 16, -16, 60 * 24 * 400].map((minutes) => minutes * MINUTE_MS);

describe.each(OFFSETS)('when the store is %i ms ahead', (ms) => {
  beforeEach(() => {
    offsetMs = ms;
  });

  it.each(everyCall)('%s works as the first call of a process', async (_, call) => {
    await call(newStore());
  });

  it('a link opens, also one of a bundle that has asked the store for nothing', async () => {
    const first = newStore();
    await put(first);
    const requests = between.requests.length;
    const second = newStore();
    const links = [await first.images.link(IMAGE), await second.images.link(IMAGE)];
    expect(between.requests).toHaveLength(requests);
    for (const link of links) expect(await (await fetch(link)).text()).toBe(BYTES.toString());
  });

  it('every client of the process knows it after the first response', async () => {
    await put(newStore());
    const before = between.requests.length;
    await written(newStore());
    expect(between.requests).toHaveLength(before + 2);
  });
});

describe.each([
  ['forward', 0, 120],
  ['back', 0, -120],
  ['right again', 120, 0],
  ['right again from ahead', -120, 0],
  ['from behind to ahead', -20, 20],
])('when the clock jumps %s in the life of a process', (_, from, to) => {
  beforeEach(() => {
    offsetMs = from * MINUTE_MS;
  });

  it.each(everyCall)('%s works as the first call after it', async (_, call) => {
    const store = newStore();
    await store.records.verify();
    offsetMs = to * MINUTE_MS;
    await call(store);
    await put(store);
    expect(await opened(store)).toBe(200);
  });
});

/** The time of each clock is that of the service's own, and so much. */
const CLOCKS_MS = [0, 10, -10, 14, -14, 16, -16, 120, -120, 60 * 24 * 30, -60 * 24 * 30].map(
  (minutes) => minutes * MINUTE_MS,
);
const isNear = (one: number, other: number) => Math.abs(one - other) <= 15 * MINUTE_MS;
/** So near the limit a second more or less would decide. */
const isClear = (one: number, other: number) => Math.abs(Math.abs(one - other) - 15 * MINUTE_MS) > 5_000;
const COMBINATIONS = CLOCKS_MS.flatMap((store) => CLOCKS_MS.map((proxy) => [store, proxy] as const)).filter(
  ([store, proxy]) => isClear(store, 0) && isClear(store, proxy),
);

describe('behind a proxy that sends its own Date', () => {
  const behind = (storeMs: number, proxyMs: number, more: { readonly saysTime?: true } = {}) => {
    offsetMs = storeMs;
    const at = (ms: number) => new Date(Date.now() + ms);
    choose = () => ({
      rewriting: { date: at(proxyMs), ...(more.saysTime && { serverTime: at(storeMs) }) },
    });
  };

  it.each(everyCall)(
    '%s works as the first call where the store agrees with the service or with the proxy',
    async (_, call) => {
      for (const [store, proxy] of COMBINATIONS) {
        if (!isNear(store, 0) && !isNear(store, proxy)) continue;
        behind(store, proxy);
        await using process = await newProcess();
        await call(process.store);
        await call(process.store);
      }
    },
  );

  it('the same where the store says its time, and no two agree', async () => {
    for (const [store, proxy] of COMBINATIONS) {
      behind(store, proxy, { saysTime: true });
      await using process = await newProcess();
      await written(process.store);
      await put(process.store);
      expect([store, proxy, await opened(process.store)]).toEqual([store, proxy, 200]);
    }
  });

  it('a link opens after a single look-up', async () => {
    const { pageId, recordOf } = newPage();
    await newStore().records.write(pageId, recordOf([]), { ifAbsent: true });
    await put(newStore());
    for (const [store, proxy] of COMBINATIONS) {
      if (!isNear(store, 0) && !isNear(store, proxy)) continue;
      behind(store, proxy);
      await using process = await newProcess();
      expect(await process.store.records.read(pageId)).not.toBeNull();
      expect([store, proxy, await opened(process.store)]).toEqual([store, proxy, 200]);
    }
  });

  it('many first calls at once work, also where each response has another Date', async () => {
    const { pageId, recordOf } = newPage();
    await newStore().records.write(pageId, recordOf([]), { ifAbsent: true });
    await put(newStore());
    const dates = [() => 120, () => -120, () => Math.random() * 100_000 - 50_000];
    for (const minutes of dates) {
      behind(0, 0);
      choose = () => ({ rewriting: { date: new Date(Date.now() + minutes() * MINUTE_MS) } });
      await using process = await newProcess();
      const calls = Array.from({ length: 40 }, async (_, index) => {
        if (index % 2 === 0) return written(process.store);
        expect(await process.store.records.read(pageId)).not.toBeNull();
        return put(process.store);
      });
      await Promise.all(calls);
      expect(await opened(process.store)).toBe(200);
    }
  });

  it('and keeps responses: the time at which one was made says nothing', async () => {
    offsetMs = 120 * MINUTE_MS;
    const aged: StoreFault = {
      reply: 403,
      headers: { date: new Date(0).toUTCString(), age: '9' },
      body: '<Error><Code>RequestTimeTooSkewed</Code></Error>',
    };
    await using process = await newProcess();
    await written(process.store);
    let responses = 0;
    choose = () => (responses++ === 0 ? aged : 'pass');
    await written(process.store);
    // The kept one, and then a write and a read.
    expect(responses).toBe(3);
  });

  it('each call after the first costs its own requests alone', async () => {
    for (const [store, proxy] of COMBINATIONS) {
      if (!isNear(store, 0) && !isNear(store, proxy)) continue;
      behind(store, proxy);
      await using process = await newProcess();
      await written(process.store);
      const before = process.requests();
      await written(process.store);
      await written(process.store);
      expect([store, proxy, process.requests() - before]).toEqual([store, proxy, 4]);
    }
  });

  it('is told in its sentence where no clock is right, and works as soon as one is', async () => {
    behind(120 * MINUTE_MS, -120 * MINUTE_MS);
    await using process = await newProcess();
    await expect(process.store.records.read('a'.repeat(32))).rejects.toMatchObject({
      detail: 'The clock of the service and that of the storage differ: set them right.',
    });
    for (const [store, proxy] of [
      [120, 120],
      [120, -120],
      [0, -120],
      [0, 0],
      [-120, -120],
    ] as const) {
      behind(store * MINUTE_MS, proxy * MINUTE_MS);
      const isRight = store === proxy || store === 0;
      const read = process.store.records.read('a'.repeat(32));
      if (isRight) expect(await read).toBeNull();
      else await read.catch(() => undefined);
    }
  });
});

describe('a store that accepts any time but ends links by its own clock', () => {
  it.each(OFFSETS)('%i ms ahead, a link opens after a single look-up', async (ms) => {
    const { pageId, recordOf } = newPage();
    const lenient = await embeddedStore('bucket', {
      now: () => Date.now() + offsetMs,
      clockSkewMs: Number.MAX_SAFE_INTEGER,
    });
    open.push(() => lenient.close());
    offsetMs = ms;
    await storeAt(lenient.endpoint).records.write(pageId, recordOf([]), { ifAbsent: true });
    await put(storeAt(lenient.endpoint));
    const front = await startFaultyStore(() => 'pass', lenient.endpoint);
    open.push(() => front.close());
    const store = storeAt(front.endpoint);
    expect(await store.records.read(pageId)).not.toBeNull();
    expect(await opened(store)).toBe(200);
  });
});

describe('while the clocks differ', () => {
  it.each([5, 10, 120, -120])('by %i minutes, what is missing is not asked for again', async (minutes) => {
    offsetMs = minutes * MINUTE_MS;
    const store = newStore();
    await written(store);
    const before = between.requests.length;
    expect(await store.records.read('a'.repeat(32))).toBeNull();
    expect(between.requests).toHaveLength(before + 1);
  });
});

describe('a refusal of the time that stays', () => {
  const skewed: readonly StoreFault[] = [
    { status: 403, code: 'RequestTimeTooSkewed' },
    { reply: 403, headers: { date: '' }, body: '<Error><Code>RequestTimeTooSkewed</Code></Error>' },
  ];
  it.each(skewed)('is told in its sentence after one repetition: %j', async (given) => {
    fault = given;
    const { pageId, recordOf } = newPage();
    await expect(newStore().records.write(pageId, recordOf([]), { ifAbsent: true })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      detail: 'The clock of the service and that of the storage differ: set them right.',
    });
    expect(between.requests).toHaveLength(2);
  });

  it('no other refusal is repeated', async () => {
    fault = { status: 403, code: 'AccessDenied' };
    const { pageId, recordOf } = newPage();
    await expect(newStore().records.write(pageId, recordOf([]), { ifAbsent: true })).rejects.toThrow();
    expect(between.requests).toHaveLength(1);
  });
});

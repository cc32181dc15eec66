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
const open: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  fault = 'pass';
  server = await embeddedStore('bucket', { now: () => Date.now() + offsetMs });
  open.push(() => server.close());
  between = await startFaultyStore(() => fault, server.endpoint);
  open.push(() => between.close());
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** As one more bundle of the process has it. */
function newStore(): S3Store {
  const config = { bucket: 'bucket', region: 'us-east-1', endpoint: between.endpoint, linkTtlSeconds: 60 };
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

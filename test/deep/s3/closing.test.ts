/** A store that closes its connections unannounced: after any answer, and in the middle of one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StoreTimes } from '../../../lib/domain/times.ts';
import { commitRecord } from '../../../lib/record/commit.ts';
import { createS3Store, type S3Store } from '../../../lib/s3/store.ts';
import { LOCAL_KEYS } from '../../../local-stack/embedded/localKeys.ts';
import { type ObjectStore, startObjectStore } from '../../../local-stack/embedded/objectStore.ts';
import { newPage } from '../../support/builders.ts';
import {
  type Closing,
  type ClosingStore,
  type ClosingStoreParts,
  everyOther,
  startClosingStore,
} from '../../support/closingStore.ts';
import { type StoreFault, type StoreRequest, startFaultyStore } from '../../support/faultyStore.ts';

const BYTES = Buffer.from('bytes of an image');
/** What a busy machine does not exceed either: no time is the claim here. */
const TIMES: StoreTimes = {
  connectMs: 30_000,
  recordAttemptMs: 60_000,
  recordCallMs: 120_000,
  bulkAttemptMs: 60_000,
  bulkCallMs: 120_000,
};
/** Waited for where nothing comes; whatever does come must not take so long on a busy machine. */
const PATIENCE_MS = 2_000;
/** In the middle of an answer means of the first to each request: its repetition gets through. */
const CLOSINGS: readonly (readonly [Closing, () => ClosingStoreParts])[] = [
  ['whenUsedAgain', () => ({})],
  ['afterAnswer', () => ({})],
  ['withinAnswer', () => ({ applies: everyOther() })],
];

let server: ObjectStore;
const open: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'closing-store-'));
  open.push(() => rm(directory, { recursive: true, force: true }));
  server = await startObjectStore({ port: 0, directory, bucket: 'bucket' });
  open.push(() => server.close());
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function storeAt(endpoint: string, times = TIMES): S3Store {
  const credentials = LOCAL_KEYS;
  const store = createS3Store(
    { bucket: 'bucket', region: 'us-east-1', endpoint, credentials, linkTtlSeconds: 60 },
    times,
  );
  open.push(() => store.close());
  return store;
}

async function closingStore(
  closing: Closing,
  parts: ClosingStoreParts = {},
  target = server.endpoint,
): Promise<ClosingStore> {
  const front = await startClosingStore(target, closing, parts);
  open.push(() => front.close());
  return front;
}

async function faultyStore(choose: (request: StoreRequest) => StoreFault) {
  const between = await startFaultyStore(choose, server.endpoint);
  open.push(() => between.close());
  return between;
}

const put = ({ images }: S3Store, name: string) =>
  images.put(name, BYTES, 'image/png', new AbortController().signal);

describe.each(CLOSINGS)('a store that closes %s', (closing, parts) => {
  it('passes the check of the bucket', async () => {
    const front = await closingStore(closing, parts());
    await storeAt(front.endpoint).records.verify();
    // Two writes whose condition does not hold, and the others.
    expect(front.closed).toEqual(expect.arrayContaining(['404 GET', '200 PUT', '412 PUT']));
  });

  it('takes a commit, and says which one was lost', async () => {
    const front = await closingStore(closing, parts());
    const { records } = storeAt(front.endpoint);
    const { pageId, recordOf } = newPage();
    const commit = (opId: string, before: Parameters<typeof commitRecord>[3]) =>
      commitRecord(records, pageId, recordOf([], { opId }), before, () => true);

    expect(await commit('first', null)).toEqual({ kind: 'committed' });
    expect(await commit('too late', null)).toMatchObject({ kind: 'lost', current: { opId: 'first' } });
    const before = await records.read(pageId);
    expect(await commit('second', before)).toEqual({ kind: 'committed' });
    expect(await commit('too late', before)).toMatchObject({ kind: 'lost', current: { opId: 'second' } });
    expect(front.closed).toEqual(expect.arrayContaining(['200 GET', '200 PUT', '412 PUT']));
  });

  it('keeps, lists and removes images', async () => {
    const front = await closingStore(closing, parts());
    const store = storeAt(front.endpoint);
    const names = Array.from({ length: 5 }, (_, n) => `images/${n}.png`);
    for (const name of names) await put(store, name);
    const listed = async () => {
      const found: string[] = [];
      for await (const { name } of store.images.list('images/')) found.push(name);
      return found;
    };
    expect(await listed()).toEqual(names);
    await store.images.remove(names);
    expect(await listed()).toEqual([]);
    expect(front.closed).toEqual(expect.arrayContaining(['200 PUT', '200 GET', '200 POST']));
  });
});

it('answers a hundred reads at once after all kept connections were closed', async () => {
  let isClosing = false;
  const front = await closingStore('whenUsedAgain', { applies: () => isClosing });
  const { records } = storeAt(front.endpoint);
  const read = () => Promise.all(Array.from({ length: 100 }, () => records.read(newPage().pageId)));
  isClosing = true;
  // The second and the third time each connection is a dead one.
  for (let round = 0; round < 3; round += 1) expect(await read()).toEqual(Array(100).fill(null));
  expect(front.ignored.length).toBeGreaterThanOrEqual(100);
});

it('repeats over a new connection what a kept one does not answer', async () => {
  const front = await closingStore('silentWhenUsedAgain');
  const { records } = storeAt(front.endpoint, { ...TIMES, recordAttemptMs: PATIENCE_MS });
  const read = () => Promise.all([1, 2, 3, 4].map(() => records.read(newPage().pageId)));
  expect(await read()).toEqual(Array(4).fill(null));
  expect(await read()).toEqual(Array(4).fill(null));
  // Each kept one is met once.
  expect(front.ignored).toHaveLength(4);
});

describe('the check of the bucket', () => {
  const isNth = (n: number, { kind, nthOfKind }: StoreRequest) => kind === 'PUT check' && nthOfKind === n;
  /** One before the first write, one after each of two refusals, and one after each of three writes. */
  const READS = 6;
  const unclear: readonly StoreFault[] = [
    'resetBefore',
    'resetAfter',
    'hangAfter',
    { status: 500, code: 'InternalError' },
    { status: 409, code: 'ConditionalRequestConflict' },
  ];
  describe.each(unclear)('when a write is unclear (%j)', (fault) => {
    it.each([1, 2, 3, 4])('reads what became of write %i, and goes on', async (n) => {
      const between = await faultyStore((request) => (isNth(n, request) ? fault : 'pass'));
      await storeAt(between.endpoint, { ...TIMES, recordAttemptMs: PATIENCE_MS }).records.verify();
      expect(between.requests.filter(({ kind }) => kind === 'GET check')).toHaveLength(READS + 1);
    });
  });

  it.each([1, 4])('is not misled by a write %i that is applied after its repetition was sent', async (n) => {
    const between = await faultyStore((request) => {
      if (isNth(n, request)) return 'lateApply';
      return isNth(n + 1, request) ? { after: between.applyLate() } : 'pass';
    });
    await storeAt(between.endpoint, { ...TIMES, recordAttemptMs: PATIENCE_MS }).records.verify();
    const responses = between.requests.filter(({ kind }) => kind === 'GET check');
    // Before the repetition, and after its 412.
    expect(responses).toHaveLength(READS + 2);
  });

  it.each(['if-match', 'if-none-match'] as const)(
    'finds out a server that ignores %s although each answer is cut',
    async (without) => {
      const between = await faultyStore(() => ({ without }));
      const front = await closingStore('withinAnswer', { applies: everyOther() }, between.endpoint);
      await expect(storeAt(front.endpoint).records.verify()).rejects.toMatchObject({
        detail: expect.stringMatching(new RegExp(`ignores ${without} `, 'i')),
      });
    },
  );

  it('gives a server up that never gives a clear answer, and says why', async () => {
    const between = await faultyStore(({ kind }) => (kind === 'PUT check' ? 'resetBefore' : 'pass'));
    await expect(storeAt(between.endpoint).records.verify()).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      detail: expect.stringMatching(/connection .* lost/),
    });
    expect(between.requests.filter(({ kind }) => kind === 'PUT check')).toHaveLength(3);
  });
});

it('closed by its own process, it repeats nothing that was under way', async () => {
  const asked: string[] = [];
  const { promise: hasArrived, resolve: arrive } = Promise.withResolvers<void>();
  const silent = createServer((request) => {
    asked.push(`${request.method} ${request.url}`);
    arrive();
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  open.push(() => new Promise<void>((resolve) => silent.close(() => resolve())));
  const store = storeAt(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  const verified = store.records.verify();
  await hasArrived;
  store.close();
  await expect(verified).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  expect(asked).toHaveLength(1);
});

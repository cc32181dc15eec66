import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { imageIdOf } from '../../../lib/domain/identity.ts';
import { objectName } from '../../../lib/domain/objectName.ts';
import { STORE_TIMES } from '../../../lib/domain/times.ts';
import { copiesOf } from '../../../lib/lookup/copiesOf.ts';
import { createS3Api, type S3Api } from '../../../lib/s3/api.ts';
import { CHECKED_KEY } from '../../../lib/s3/checkNote.ts';
import { createS3Store, type S3Store } from '../../../lib/s3/store.ts';
import { createVerify } from '../../../lib/s3/verify.ts';
import { LOCAL_KEYS } from '../../../local-stack/embedded/localKeys.ts';
import { type ObjectStore, startObjectStore } from '../../../local-stack/embedded/objectStore.ts';
import { itemOf, newPage } from '../../support/builders.ts';
import {
  type FaultyStore,
  type StoreFault,
  type StoreRequest,
  startFaultyStore,
} from '../../support/faultyStore.ts';
import { signedFetch } from '../../support/signedFetch.ts';

const { pageId: PAGE, recordOf, url: PAGE_URL } = newPage();
const CHECKED = '/bucket/checks/conditional-writes.json';

describe('an S3 store', () => {
  let directory: string;
  let server: ObjectStore;
  const open: (() => Promise<void> | void)[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 's3-store-'));
    server = await startObjectStore({ port: 0, directory, bucket: 'bucket' });
  });
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });

  const storeAt = (endpoint: string, times = STORE_TIMES): S3Store => {
    const credentials = LOCAL_KEYS;
    const store = createS3Store(
      { bucket: 'bucket', region: 'us-east-1', endpoint, credentials, linkTtlSeconds: 60 },
      times,
    );
    open.push(() => store.close());
    return store;
  };
  const faulty = async (choose: (request: StoreRequest) => StoreFault): Promise<FaultyStore> => {
    const between = await startFaultyStore(choose, server.endpoint);
    open.push(() => between.close());
    return between;
  };
  const putRaw = (key: string, body: string) =>
    signedFetch(`${server.endpoint}/bucket/${key}`, { method: 'PUT', body });

  describe('a link', () => {
    const NAME = 'images/i/p/op/a b+ä.png';
    const storeFor = (parts: Partial<Parameters<typeof createS3Store>[0]>) => {
      const credentials = LOCAL_KEYS;
      const config = { bucket: 'bucket', region: 'us-east-1', linkTtlSeconds: 60, credentials };
      const store = createS3Store({ ...config, endpoint: server.endpoint, ...parts });
      open.push(() => store.close());
      return store;
    };

    it('is made for the public endpoint, path and all as for the endpoint, and opens there', async () => {
      const publicEndpoint = server.endpoint.replace('127.0.0.1', 'localhost');
      const store = storeFor({ publicEndpoint });
      await store.images.put(NAME, Buffer.from('bytes'), 'image/png', new AbortController().signal);
      const link = new URL(await store.images.link(NAME));
      expect(link.origin).toBe(publicEndpoint);
      expect(link.pathname).toBe(new URL(await storeFor({}).images.link(NAME)).pathname);
      const response = await fetch(link);
      expect([response.status, await response.text()]).toEqual([200, 'bytes']);
    });

    it('is signed for the public host and port: the signature is another one', async () => {
      const signatureOf = async (store: S3Store) =>
        new URL(await store.images.link(NAME)).searchParams.get('X-Amz-Signature');
      const [own, other] = [storeFor({}), storeFor({ publicEndpoint: 'https://files.example.test' })];
      expect(new URL(await other.images.link(NAME)).origin).toBe('https://files.example.test');
      expect(await signatureOf(other)).not.toBe(await signatureOf(own));
    });

    it('is made for the endpoint where there is no other', async () => {
      expect(new URL(await storeFor({}).images.link(NAME)).origin).toBe(server.endpoint);
    });
  });

  describe('reading a record', () => {
    const whole = recordOf([]);
    const foreign = [
      ['nothing', ''],
      ['no JSON', '{"schema":1'],
      ['null', 'null'],
      ['a list', '[]'],
      ['no schema', JSON.stringify({ ...whole, schema: undefined })],
      ['a schema that is no number', JSON.stringify({ ...whole, schema: '2' })],
      ['an earlier schema than any', JSON.stringify({ ...whole, schema: 0 })],
      ['an unknown kind', JSON.stringify({ ...whole, kind: 'other' })],
      ['no opId', JSON.stringify({ ...whole, opId: undefined })],
      ['predecessors of another kind', JSON.stringify({ ...whole, predecessors: [1] })],
      ['no items', JSON.stringify({ ...whole, items: undefined })],
      [
        'an item without a name',
        JSON.stringify({ ...whole, items: [{ url: 'x', sha256: 'y', foundIn: [] }] }),
      ],
      ["another page's record", JSON.stringify({ ...whole, url: `${PAGE_URL}#` })],
    ] as const;
    it.each(foreign)('does not take %s for a record, and not for none', async (_, body) => {
      await putRaw(`pages/${PAGE}.json`, body);
      await expect(storeAt(server.endpoint).records.read(PAGE)).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
      });
    });
  });

  describe('the copies of an image on two pages', () => {
    const IMAGE = 'https://site.test/shared.png';
    /** The record of one page has this text, the other one names the image. */
    const storeWith = async (body: string, choose: (request: StoreRequest) => StoreFault = () => 'pass') => {
      const other = newPage();
      const nameOf = (pageId: string) => objectName(imageIdOf(IMAGE), pageId, 'op', 'shared.png');
      for (const pageId of [PAGE, other.pageId]) await putRaw(nameOf(pageId), 'bytes');
      const { items, ...record } = other.recordOf([itemOf(IMAGE)]);
      const named = items.map((item) => ({ ...item, name: nameOf(other.pageId) }));
      await putRaw(`pages/${other.pageId}.json`, JSON.stringify({ ...record, items: named }));
      await putRaw(`pages/${PAGE}.json`, body);
      const store = storeAt((await faulty(choose)).endpoint);
      return {
        name: nameOf(other.pageId),
        copies: () => copiesOf(store, IMAGE, { limit: 100, isOver: () => false }),
      };
    };
    const texts = [
      ['no JSON', '{"schema":1'],
      ['an earlier schema', JSON.stringify({ ...recordOf([]), schema: 0 })],
      ["another page's record", JSON.stringify({ ...recordOf([]), url: `${PAGE_URL}#` })],
      ['2 MiB of nothing', ' '.repeat(2 * 1024 * 1024)],
      ['33 MiB of nothing', ' '.repeat(33 * 1024 * 1024)],
    ] as const;
    it.each(texts)('are those of the other, and not complete, when one record is %s', async (_, body) => {
      const { name, copies } = await storeWith(body);
      const { items, ...rest } = await copies();
      expect(items.map((item) => item.name)).toEqual([name]);
      expect(rest).toMatchObject({ complete: false });
    });

    it.each<StoreFault>([
      { status: 503, code: 'SlowDown' },
      { status: 403, code: 'AccessDenied' },
      'resetBefore',
    ])('are STORAGE_UNAVAILABLE when one record cannot be had: %j', async (fault) => {
      const isIt = ({ method, path }: StoreRequest) => method === 'GET' && path.includes(`pages/${PAGE}`);
      const { copies } = await storeWith('{}', (request) => (isIt(request) ? fault : 'pass'));
      await expect(copies()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    });
  });

  describe('writing a record', () => {
    const lostAnswers: readonly StoreFault[] = ['resetAfter', 'hangAfter'];
    it.each(lostAnswers)(
      'leaves it open when the answer is lost, and does not try again: %s',
      async (fault) => {
        const between = await faulty(({ method }) => (method === 'PUT' ? fault : 'pass'));
        const { records } = storeAt(between.endpoint, { ...STORE_TIMES, recordAttemptMs: 300 });
        const record = recordOf([], { opId: 'mine' });
        expect((await records.write(PAGE, record, { ifAbsent: true })).kind).toBe('unclear');
        expect(between.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
        expect((await records.read(PAGE))?.record.opId).toBe('mine');
      },
    );
  });

  describe('verifying', () => {
    const writesOf = ({ requests }: FaultyStore) => requests.filter(({ method }) => method === 'PUT').length;

    it('checks once a process, and once a bucket', async () => {
      const between = await faulty(() => 'pass');
      const { records } = storeAt(between.endpoint);
      await Promise.all([records.verify(), records.verify()]);
      await records.verify();
      // Five one after the other, ten times eight at once, five before them, and the note that all went well.
      expect(writesOf(between)).toBe(91);
      await storeAt(between.endpoint).records.verify();
      expect(writesOf(between)).toBe(91);
      const notes = between.requests.filter(({ kind }) => kind === 'GET mark');
      // Twice by the check, which looks again before it writes.
      expect(notes).toHaveLength(3);
    });

    it('leaves nothing but its note behind', async () => {
      const { records, images } = storeAt(server.endpoint);
      await records.verify();
      const names: string[] = [];
      for await (const { name } of images.list('')) names.push(name);
      expect(names).toEqual(['checks/conditional-writes.json']);
    });

    const ignored = ['if-match', 'if-none-match'] as const;
    it.each(ignored)('refuses a server that ignores %s, and checks again the next time', async (without) => {
      let isRepaired = false;
      const between = await faulty(() => (isRepaired ? 'pass' : { without }));
      const { records } = storeAt(between.endpoint);
      await expect(records.verify()).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        detail: expect.stringMatching(new RegExp(`ignores ${without} `, 'i')),
      });
      isRepaired = true;
      await records.verify();
    });

    const unknowing: readonly StoreFault[] = [
      { status: 501, code: 'NotImplemented' },
      { status: 404, code: 'NoSuchKey' },
    ];
    it.each(unknowing)('refuses a server that does not know conditions: %j', async (fault) => {
      const between = await faulty(({ method, path, headers }) =>
        method === 'PUT' && path.startsWith('/bucket/checks/') && headers['if-match'] ? fault : 'pass',
      );
      await expect(storeAt(between.endpoint).records.verify()).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        detail: expect.stringContaining('does not know conditional PUT'),
      });
    });

    it('refuses a server that takes a new object for one that is there', async () => {
      const between = await faulty(({ headers }) =>
        headers['if-none-match'] ? { status: 412, code: 'PreconditionFailed' } : 'pass',
      );
      await expect(storeAt(between.endpoint).records.verify()).rejects.toMatchObject({
        detail: expect.stringContaining('does not know conditional PUT'),
      });
    });

    it('refuses a server that takes no condition for met', async () => {
      const between = await faulty(({ headers }) =>
        headers['if-match'] ? { status: 412, code: 'PreconditionFailed' } : 'pass',
      );
      await expect(storeAt(between.endpoint).records.verify()).rejects.toMatchObject({
        detail: expect.stringContaining('refuses the right ETag'),
      });
    });

    const DAY_MS = 24 * 60 * 60 * 1000;
    const noteOf = (ageMs: number) =>
      JSON.stringify({ schema: 2, checkedAt: new Date(Date.now() - ageMs).toISOString() });
    const putNote = (note: string) => putRaw(CHECKED.replace('/bucket/', ''), note);

    it('believes the note of an earlier check of the same day', async () => {
      const between = await faulty(({ method }) => (method === 'GET' ? 'pass' : { status: 500 }));
      await putNote(noteOf(DAY_MS - 60_000));
      await storeAt(between.endpoint).records.verify();
    });

    it.each([
      ['a day old', noteOf(DAY_MS)],
      ['from the day after tomorrow', noteOf(-2 * DAY_MS)],
      ['without a date', '{"schema":2}'],
      ['of a check without simultaneous writes', noteOf(0).replace('"schema":2', '"schema":1')],
      ['no note', 'x'.repeat(20_000)],
    ])('checks a server again whose note is %s: it may know no conditions any more', async (_, note) => {
      await putNote(note);
      const between = await faulty(() => ({ without: 'if-match' }));
      await expect(storeAt(between.endpoint).records.verify()).rejects.toMatchObject({
        detail: expect.stringContaining('ignores If-Match'),
      });
      await storeAt(server.endpoint).records.verify();
      await storeAt(between.endpoint).records.verify();
    });

    it('checks again after a day in one process', async () => {
      let now = Date.now();
      const api = createS3Api({
        bucket: 'bucket',
        region: 'us-east-1',
        endpoint: server.endpoint,
        credentials: LOCAL_KEYS,
        linkTtlSeconds: 60,
      });
      open.push(() => api.close());
      let gets = 0;
      const counting: S3Api = {
        ...api,
        get: (...args) => {
          if (args[0] === CHECKED_KEY) gets += 1;
          return api.get(...args);
        },
      };
      const verify = createVerify(counting, { bucket: 'bucket', now: () => now });
      await verify();
      now += DAY_MS - 1;
      await verify();
      expect(gets).toBe(2);
      now += 1;
      await verify();
      expect(gets).toBe(4);
    });
  });

  it('removes 1,001 objects in two calls', async () => {
    const between = await faulty(() => 'pass');
    const { images } = storeAt(between.endpoint);
    await images.remove(Array.from({ length: 1_001 }, (_, n) => `images/${n}`));
    expect(between.requests).toHaveLength(2);
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { Problem } from '../../../lib/domain/problem.ts';
import type { StoreTimes } from '../../../lib/domain/times.ts';
import { createS3Store, type S3Store } from '../../../lib/s3/store.ts';
import { recordOf } from '../../support/builders.ts';
import {
  type FaultyStore,
  type StoreFault,
  type StoreRequest,
  startFaultyStore,
} from '../../support/faultyStore.ts';

/** Short attempts, so that a store that hangs costs the tests little. */
const TIMES: StoreTimes = {
  connectMs: 200,
  recordAttemptMs: 150,
  recordCallMs: 10_000,
  bulkAttemptMs: 150,
  bulkCallMs: 10_000,
};

const PAGE = 'a'.repeat(32);
const IMAGE = `images/${'b'.repeat(32)}/${PAGE}/op1/a.png`;
const BYTES = Buffer.from('bytes');

describe('an S3 store in its bad hours', () => {
  const open: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  const storeAt = (endpoint: string, times: StoreTimes): S3Store => {
    const store = createS3Store(
      {
        bucket: 'bucket',
        region: 'us-east-1',
        endpoint,
        credentials: { accessKeyId: 'access', secretAccessKey: 'secret' },
        linkTtlSeconds: 60,
      },
      times,
    );
    open.push(() => store.close());
    return store;
  };
  const faulty = async (choose: (request: StoreRequest) => StoreFault, times = TIMES) => {
    const server: FaultyStore = await startFaultyStore(choose);
    open.push(() => server.close());
    return { server, store: storeAt(server.endpoint, times) };
  };
  const always = (fault: StoreFault) => faulty(() => fault);
  const write = ({ records }: S3Store) => records.write(PAGE, recordOf([]), { ifAbsent: true });
  const put = ({ images }: S3Store, signal = new AbortController().signal) =>
    images.put(IMAGE, BYTES, 'image/png', signal);
  const list = async ({ images }: S3Store) => {
    for await (const _ of images.list('images/')) throw new Error('Nothing is there.');
  };
  const problemOf = async (call: Promise<unknown>): Promise<Problem> => {
    const error = await call.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error instanceof Problem) return error;
    throw new Error('It did not fail with a problem.', { cause: error });
  };

  const meanings: readonly (readonly [string, StoreFault, RegExp])[] = [
    ['the bucket is missing', { status: 404, code: 'NoSuchBucket' }, /bucket does not exist/],
    ['access is denied', { status: 403, code: 'AccessDenied' }, /access keys/],
    ['the key is unknown', { status: 403, code: 'InvalidAccessKeyId' }, /access keys/],
    ['the secret is wrong', { status: 403, code: 'SignatureDoesNotMatch' }, /access keys/],
    ['the clocks differ', { status: 403, code: 'RequestTimeTooSkewed' }, /clock/],
    ['the region is wrong', { status: 400, code: 'AuthorizationHeaderMalformed' }, /AWS_REGION/],
    ['the disk is full', { status: 507, code: 'XMinioStorageFull' }, /full/],
    ['it fails', { status: 500, code: 'InternalError' }, /failed/],
    ['a proxy answers for it', { status: 502, html: true }, /failed/],
    ['a proxy finds nothing', { status: 404, html: true }, /web page/],
    ['it hangs', 'hang', /in time/],
    ['it resets connections', 'resetBefore', /connection .* lost/],
  ];
  const calls: readonly (readonly [string, (store: S3Store) => Promise<unknown>])[] = [
    ['read', ({ records }) => records.read(PAGE)],
    ['verify', ({ records }) => records.verify()],
    ['put', put],
    ['remove', ({ images }) => images.remove([IMAGE])],
    ['list', list],
  ];
  describe.each(meanings)('when %s', (_, fault, detail) => {
    it.each(calls)('%s is STORAGE_UNAVAILABLE and says so', async (_, call) => {
      const { store } = await always(fault);
      const problem = await problemOf(call(store));
      expect(problem).toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryAfterSeconds: 5 });
      expect(problem.detail).toMatch(detail);
      expect(problem.detail).not.toMatch(/127\.0\.0\.1|10\.1\.2\.3|secret/);
      expect(problem.cause).toBeDefined();
    });
  });

  it('says that the store is overloaded, after waiting for it a little', async () => {
    const { server, store } = await always({ status: 503, code: 'SlowDown' });
    expect((await problemOf(store.records.read(PAGE))).detail).toMatch(/overloaded/);
    expect(server.requests).toHaveLength(3);
  });

  it('says that nothing listens there', async () => {
    const { server, store } = await always('hang');
    await server.close();
    const problems = await Promise.all(calls.map(([, call]) => problemOf(call(store))));
    for (const { detail } of problems) expect(detail).toMatch(/cannot be reached/);
  });

  it('ends a read whose body stops in the middle', async () => {
    const { store } = await faulty(() => 'hangInBody', { ...TIMES, recordCallMs: 300 });
    expect((await problemOf(store.records.read(PAGE))).detail).toMatch(/in time/);
  });

  it('takes a missing record for none only when the store itself says so', async () => {
    const { store } = await always({ status: 404, code: 'NoSuchKey' });
    expect(await store.records.read(PAGE)).toBeNull();
  });

  describe('writing a record', () => {
    const unclear: readonly StoreFault[] = [
      'hang',
      'resetBefore',
      { status: 500, code: 'InternalError' },
      { status: 503, code: 'SlowDown' },
      { status: 507, code: 'XMinioStorageFull' },
      { status: 502, html: true },
      { status: 404, code: 'NoSuchKey' },
      { status: 404, code: 'NoSuchBucket' },
      { status: 408, code: 'RequestTimeout' },
      { status: 409, code: 'ConditionalRequestConflict' },
      { status: 412, code: 'PreconditionFailed' },
      { status: 429, code: 'TooManyRequests' },
    ];
    it.each(unclear)('is unclear after one attempt: %j', async (fault) => {
      const { server, store } = await always(fault);
      const response = await write(store);
      expect(response).toMatchObject({ kind: 'unclear', cause: { code: 'STORAGE_UNAVAILABLE' } });
      expect(server.requests).toHaveLength(1);
    });

    const refused: readonly StoreFault[] = [
      { status: 400, code: 'InvalidRequest' },
      { status: 401, html: true },
      { status: 403, code: 'AccessDenied' },
      { status: 405, code: 'MethodNotAllowed' },
      { status: 413, html: true },
    ];
    it.each(refused)('is refused for certain: %j', async (fault) => {
      const { server, store } = await always(fault);
      await problemOf(write(store));
      expect(server.requests).toHaveLength(1);
    });

    it('is refused for certain when nothing listens there', async () => {
      const { server, store } = await always('hang');
      await server.close();
      await problemOf(write(store));
    });

    it('sends the condition and the type', async () => {
      const { server, store } = await always({ status: 412, code: 'PreconditionFailed' });
      await write(store);
      await store.records.write(PAGE, recordOf([]), { ifMatch: '"e0"' });
      expect(server.requests.map(({ headers }) => [headers['if-none-match'], headers['if-match']])).toEqual([
        ['*', undefined],
        [undefined, '"e0"'],
      ]);
      expect(server.requests[0]?.headers['content-type']).toBe('application/json');
    });
  });

  it('tries again what may be repeated, when the fault was a passing one', async () => {
    const { server, store } = await faulty(({ nth }) =>
      nth === 1 ? 'resetBefore' : { status: 404, code: 'NoSuchKey' },
    );
    expect(await store.records.read(PAGE)).toBeNull();
    expect(server.requests).toHaveLength(2);
  });

  it('rejects a put with the reason of its signal, not with a problem', async () => {
    const end = new AbortController();
    const reason = new Error('time is over');
    const { store } = await faulty(() => {
      end.abort(reason);
      return 'hang';
    });
    await expect(put(store, end.signal)).rejects.toBe(reason);
  });

  it('sends images whole and with their length, without asking first', async () => {
    const { server, store } = await always({ status: 403, code: 'AccessDenied' });
    const bytes = Buffer.alloc(3 * 1024 * 1024);
    await problemOf(store.images.put(IMAGE, bytes, 'image/png', new AbortController().signal));
    const { headers } = server.requests[0] ?? {};
    expect(headers).toMatchObject({ 'content-length': String(bytes.length), 'content-type': 'image/png' });
    expect(headers?.expect).toBeUndefined();
    expect(headers?.['content-encoding']).toBeUndefined();
    expect(headers?.['transfer-encoding']).toBeUndefined();
  });

  it('sends the Content-MD5 that older servers want for a removal', async () => {
    const { server, store } = await always({ status: 403, code: 'AccessDenied' });
    await problemOf(store.images.remove([IMAGE]));
    expect(server.requests[0]?.headers['content-md5']).toMatch(/^[\w+/]{22}==$/);
  });

  it('fails when one of several removals failed', async () => {
    const { store } = await always({ notRemoved: IMAGE, code: 'AccessDenied' });
    expect((await problemOf(store.images.remove([IMAGE]))).detail).toMatch(/access keys/);
  });

  it('does not mind that what is to be removed is not there', async () => {
    const { store } = await always({ notRemoved: IMAGE, code: 'NoSuchKey' });
    await store.images.remove([IMAGE]);
  });

  it('gives a link without asking the store', async () => {
    const { server, store } = await always('hang');
    const link = new URL(await store.images.link(IMAGE));
    expect(link.pathname).toBe(`/bucket/${IMAGE}`);
    expect(link.searchParams.get('X-Amz-Expires')).toBe('60');
    expect(server.requests).toHaveLength(0);
  });
});

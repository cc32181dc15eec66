/** F02–F04: what a bucket can make of the one write that counts, and of a disk that is full. */
import { describe, expect, it } from '@jest/globals';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import type { StoreFault, StoreRequest } from '../../support/faultyStore.ts';
import { until } from '../../support/until.ts';
import { type PartsService, startPartsService, timed } from './partsService.ts';

const commitIs =
  (fault: StoreFault, upTo = 1) =>
  ({ kind, nthOfKind }: StoreRequest): StoreFault =>
    kind === 'PUT record' && nthOfKind <= upTo ? fault : 'pass';

const commits = ({ s3 }: PartsService) => s3.requests.filter(({ kind }) => kind === 'PUT record').length;

describe('F02 a commit that was applied, and its answer lost', () => {
  const lost: readonly StoreFault[] = ['resetAfter', 'hangAfter'];
  it.each(lost)('F02 to a POST is 201, once (%s)', async (fault) => {
    await using service = await startPartsService();
    service.breakStore(commitIs(fault));
    const { value, ms } = await timed(() => service.post(service.page));
    expect([value.status, value.code]).toEqual([201, 'OK']);
    expect(ms).toBeLessThan(20_000);
    // It was looked at, not done again.
    expect(commits(service)).toBe(1);
    expect((await service.recordOf())?.predecessors).toEqual([]);
    expect(await service.compare()).toEqual({ missing: [], orphans: [] });
    expect((await service.get(service.page)).body.images).toEqual(value.body.images);
    expect((await service.post(service.page)).code).toBe('URL_ALREADY_PROCESSED');
  });

  it.each(lost)('F02 to a PUT is 200, once (%s)', async (fault) => {
    await using service = await startPartsService();
    await service.post(service.page);
    service.show(2, 3);
    service.breakStore(commitIs(fault, 2));
    const value = await service.put(service.page);
    expect([value.status, value.code]).toEqual([200, 'OK']);
    expect(commits(service)).toBe(2);
    expect((await service.recordOf())?.predecessors).toHaveLength(1);
    expect(await service.compare()).toEqual({ missing: [], orphans: [] });
    expect((await service.get(service.page)).body.images).toEqual(value.body.images);
  });

  it('F02 by the first of two that a proxy made of one, and the second refused, is 201 and 200, once', async () => {
    await using service = await startPartsService();
    service.breakStore(commitIs('repeat', Number.POSITIVE_INFINITY));
    expect((await service.post(service.page)).status).toBe(201);
    service.show(2, 3);
    expect((await service.put(service.page)).status).toBe(200);
    expect(commits(service)).toBe(2);
    expect((await service.recordOf())?.predecessors).toHaveLength(1);
    expect(await service.compare()).toEqual({ missing: [], orphans: [] });
    expect((await service.get(service.page)).body.count).toBe(2);
  });

  it('F02 whose answer never comes, and which is applied only after the 503, loses nothing', async () => {
    await using service = await startPartsService();
    service.breakStore(({ kind }) => (kind === 'PUT record' ? 'lateApply' : 'pass'));
    const response = await service.post(service.page);
    expect([response.code, response.headers['retry-after']]).toEqual(['STORAGE_UNAVAILABLE', '5']);
    expect((await service.compare()).orphans).toHaveLength(2);
    await service.s3.applyLate();
    service.mendStore();
    expect(await service.compare()).toEqual({ missing: [], orphans: [] });
    expect((await service.get(service.page)).body.count).toBe(2);
    expect((await service.post(service.page)).code).toBe('URL_ALREADY_PROCESSED');
  });

  it('F02 which is applied only while the next PUT is at work: that one loses or builds on it', async () => {
    await using service = await startPartsService();
    service.breakStore(({ kind }) => (kind === 'PUT record' ? 'lateApply' : 'pass'));
    expect((await service.post(service.page)).code).toBe('STORAGE_UNAVAILABLE');
    // The first image of the second call is on its way when the first call's commit comes to life.
    service.breakStore(({ kind }) => (kind === 'PUT image' ? { delayMs: 100 } : 'pass'));
    const uploads = () => service.s3.requests.filter(({ kind }) => kind === 'PUT image').length;
    const before = uploads();
    const second = service.put(service.page);
    await until(() => uploads() > before);
    await service.s3.applyLate();
    const { code, headers } = await second;
    expect([code, headers['retry-after']]).toEqual(['URL_IN_PROGRESS', '2']);
    expect(await service.compare()).toEqual({ missing: [], orphans: [] });
    service.mendStore();
    expect((await service.put(service.page)).code).toBe('OK');
  });
});

describe('F03 a bucket that', () => {
  const refusals: readonly (readonly [string, StoreFault, RegExp])[] = [
    ['is full', { status: 507, code: 'XMinioStorageFull' }, /full/],
    ['has no quota left', { status: 403, code: 'QuotaExceeded' }, /full/],
    ['refuses the keys', { status: 403, code: 'AccessDenied' }, /access keys/],
    ['is gone', { status: 404, code: 'NoSuchBucket' }, /bucket does not exist/],
  ];
  const places = ['PUT image', 'PUT record'];
  const rows = refusals.flatMap(([name, fault, detail]) =>
    places.map((place) => [name, place, fault, detail] as const),
  );
  it.each(rows)('F03 %s at %s of a PUT: 503, the old list is whole, the uploads are gone', async (...row) => {
    const [, place, fault, detail] = row;
    await using service = await startPartsService();
    const first = await service.post(service.page);
    const before = await service.recordOf();
    service.show(2, 3, 4);
    // Of three uploads at most the first gets through.
    let uploads = 0;
    service.breakStore(({ kind }) => {
      if (kind === 'PUT image') uploads += 1;
      return kind === place && (place === 'PUT record' || uploads > 1) ? fault : 'pass';
    });
    const { value, ms } = await timed(() => service.put(service.page));
    expect([value.status, value.code, value.headers['retry-after']]).toEqual([
      503,
      'STORAGE_UNAVAILABLE',
      '5',
    ]);
    expect(value.body.detail).toMatch(detail);
    expect(ms).toBeLessThan(20_000);
    expect(await service.recordOf()).toEqual(before);
    const { missing, orphans } = await service.compare();
    expect(missing).toEqual([]);
    // 507 and 404 may come from a proxy behind which the record was written: what it may name stays.
    const isUnclear =
      place === 'PUT record' && typeof fault === 'object' && 'status' in fault && fault.status !== 403;
    expect(orphans).toHaveLength(isUnclear ? 2 : 0);
    expect((await service.get(service.page)).body.images).toEqual(first.body.images);

    service.mendStore();
    expect((await service.put(service.page)).code).toBe('OK');
    expect((await service.get(service.page)).body.count).toBe(3);
  });

  it.each(refusals)(
    'F03 %s from the start: 503 for POST, PUT and GET, and nothing is left',
    async (_, fault, detail) => {
      await using service = await startPartsService();
      service.breakStore(() => fault);
      for (const call of [service.post, service.put, service.get]) {
        const { code, headers, body } = await call(service.page);
        expect([code, headers['retry-after']]).toEqual(['STORAGE_UNAVAILABLE', '5']);
        expect(body.detail).toMatch(detail);
      }
      expect(await service.namesIn('')).toEqual([]);
      expect([...service.redis.entries.keys()]).toEqual([]);
      service.mendStore();
      expect((await service.post(service.page)).status).toBe(201);
    },
  );
});

describe('F04 a commit that is answered with', () => {
  const conflicts: readonly (readonly [string, StoreFault])[] = [
    ['412', { status: 412, code: 'PreconditionFailed' }],
    ['409', { status: 409, code: 'ConditionalRequestConflict' }],
    ['404', { status: 404, code: 'NoSuchKey' }],
  ];
  it.each(conflicts)('F04 %s although nobody else wrote is tried again', async (_, fault) => {
    await using service = await startPartsService();
    service.breakStore(commitIs(fault));
    expect((await service.post(service.page)).status).toBe(201);
    expect(commits(service)).toBe(2);
    expect(await service.compare()).toEqual({ missing: [], orphans: [] });
  });

  it.each(conflicts)('F04 %s for ever is 503 after four attempts', async (_, fault) => {
    await using service = await startPartsService();
    service.breakStore(({ kind }) => (kind === 'PUT record' ? fault : 'pass'));
    expect((await service.post(service.page)).code).toBe('STORAGE_UNAVAILABLE');
    expect(commits(service)).toBe(4);
    service.mendStore();
    expect((await service.post(service.page)).status).toBe(201);
    expect((await service.compare()).missing).toEqual([]);
  });

  it.each(conflicts)(
    'F04 %s because another wrote: 409, the uploads are gone, the other’s list stands',
    async (_, fault) => {
      await using service = await startPartsService();
      await service.post(service.page);
      service.show(2, 3);
      const key = `pages/${pageIdOf(service.page)}.json`;
      const other = { ...(await service.recordOf()), opId: 'other' };
      let written: Promise<unknown> | undefined;
      service.breakStore(({ kind }) => {
        if (kind !== 'PUT record') return 'pass';
        written ??= service.putRaw(key, JSON.stringify(other));
        // The read that settles it comes after the other's write.
        return { delayMs: 50, next: fault };
      });
      const { code, headers } = await service.put(service.page);
      await written;
      expect([code, headers['retry-after']]).toEqual(['URL_IN_PROGRESS', '2']);
      expect((await service.recordOf())?.opId).toBe('other');
      expect(await service.compare()).toEqual({ missing: [], orphans: [] });
      service.mendStore();
      expect((await service.put(service.page)).code).toBe('OK');
    },
  );
});

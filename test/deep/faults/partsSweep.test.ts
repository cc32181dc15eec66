/** F01: every request of a sweep to the bucket fails in every way, once and for good. */
import { describe, expect, it } from '@jest/globals';
import { imageIdOf, pageIdOf } from '../../../lib/domain/identity.ts';
import { objectName } from '../../../lib/domain/objectName.ts';
import { Problem } from '../../../lib/domain/problem.ts';
import type { SweepReport } from '../../../lib/sweep/sweep.ts';
import { report } from '../hostile/support/figures.ts';
import { FAULT_NAMES, FAULTS, inEveryWay, SWEEP_REQUESTS, watch } from './bucketRequests.ts';
import { PATIENT_STORE, type PartsService, QUICK_STORE, startPartsService, timed } from './partsService.ts';

/**
 * A service with a harvested page and a page without a record, each with an object of a killed write. Only the sweep,
 * which meets the faults, has short timeouts.
 */
async function littered(sweepTimes = QUICK_STORE): Promise<PartsService> {
  const service = await startPartsService({ storeTimes: PATIENT_STORE, sweepTimes });
  expect((await service.post(service.page)).status).toBe(201);
  for (const page of [service.page, service.url('/lost')]) {
    await service.putRaw(objectName(imageIdOf(page), pageIdOf(page), 'f'.repeat(32), 'left.png'), 'left');
  }
  return service;
}

const outcomeOf = (service: PartsService): Promise<SweepReport | 'STORAGE_UNAVAILABLE'> =>
  service.sweepLater().catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'STORAGE_UNAVAILABLE') return error.code;
    throw error;
  });

/** Checks that named objects exist, that the next sweep removes all others, and that the page can be written. */
async function expectTidiedUpLater(service: PartsService) {
  expect((await service.compare()).missing).toEqual([]);
  service.mendStore();
  expect(await service.sweepLater()).toMatchObject({ failed: 0, leftAlone: 0, finished: true });
  for (const page of [service.page, service.url('/lost')]) {
    expect(await service.compare(page)).toEqual({ missing: [], orphans: [] });
  }
  expect((await service.get(service.page)).body.count).toBe(2);
  service.show(2, 3);
  expect((await service.put(service.page)).code).toBe('OK');
  expect((await service.post(service.url('/lost'))).status).toBe(201);
  expect(await service.compare()).toEqual({ missing: [], orphans: [] });
}

describe('F01 a sweep', () => {
  it('F01 makes these requests and no other', async () => {
    await using service = await littered(PATIENT_STORE);
    const names = watch(service, () => 'pass');
    expect(await service.sweepLater()).toEqual({
      listed: 4,
      fenced: 2,
      removed: 2,
      leftAlone: 0,
      failed: 0,
      finished: true,
      positionSaved: true,
    });
    expect(names).toEqual(SWEEP_REQUESTS);
    await expectTidiedUpLater(service);
  });

  it.each(SWEEP_REQUESTS)(
    'F01 whose %s fails once, in each way, does its work all the same',
    async (request) => {
      report({ inputs: FAULT_NAMES.length });
      await inEveryWay(async (fault) => {
        await using service = await littered();
        watch(service, (name, attempt) => (name === request && attempt === 1 ? FAULTS[fault] : 'pass'));
        const { value, ms } = await timed(() => outcomeOf(service));
        expect(ms).toBeLessThan(20_000);
        expect(value).toMatchObject({ removed: 2, leftAlone: 0, failed: 0, finished: true });
        await expectTidiedUpLater(service);
      });
    },
  );

  it.each(SWEEP_REQUESTS)(
    'F01 whose %s fails for good, in each way, says so and harms nothing',
    async (request) => {
      report({ inputs: FAULT_NAMES.length });
      await inEveryWay(async (fault) => {
        await using service = await littered();
        const isFence = request.startsWith('PUT record');
        // Each attempt to fence is a separate call.
        const fences = new Set<string>();
        watch(service, (name) => {
          if (!isFence) return name === request ? FAULTS[fault] : 'pass';
          if (name.startsWith('PUT record') && (name === request || fences.size > 0)) fences.add(name);
          return fences.has(name) ? FAULTS[fault] : 'pass';
        });
        const { value, ms } = await timed(() => outcomeOf(service));
        expect(ms).toBeLessThan(30_000);
        const isForAll = request === 'GET mark 1' || request === 'LIST 1';
        const isApplied = isFence && fault === 'RST once it was applied';
        const isDispensable = request.endsWith('place 1');
        if (isForAll) expect(value).toBe('STORAGE_UNAVAILABLE');
        else if (value === 'STORAGE_UNAVAILABLE') throw new Error('one sick page stopped the sweep');
        else {
          expect(value.finished).toBe(true);
          // The other page is swept, unless all fences fail for good.
          expect(value.removed).toBe(isApplied || isDispensable ? 2 : request === 'PUT record 1' ? 0 : 1);
          expect(value.failed + value.leftAlone).toBe(2 - value.removed);
        }
        await expectTidiedUpLater(service);
      });
    },
  );
});

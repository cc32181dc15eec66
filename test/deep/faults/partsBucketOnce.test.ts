/** F01: every single request to the bucket fails once, in every way. */
import { describe, expect, it } from '@jest/globals';
import { report } from '../hostile/support/figures.ts';
import {
  CASES,
  call,
  expectRecovered,
  FAULT_NAMES,
  FAULTS,
  inEveryWay,
  prepared,
  REQUESTS,
  watch,
} from './bucketRequests.ts';
import { PATIENT_STORE, timed } from './partsService.ts';

describe('F01 once', () => {
  it.each(CASES)('F01 $method makes these requests and no other', async ({ method, requests }) => {
    await using service = await prepared(method, { storeTimes: PATIENT_STORE });
    const names = watch(service, () => 'pass');
    expect((await call(service, method)).code).toBe('OK');
    // The check runs beside the reading of the page.
    expect([...names].sort()).toEqual([...requests].sort());
  });

  it.each(REQUESTS)('F01 %s: %s fails once, in each way', async (method, request) => {
    report({ inputs: FAULT_NAMES.length });
    await inEveryWay(async (fault) => {
      await using service = await prepared(method);
      watch(service, (name, attempt) => (name === request && attempt === 1 ? FAULTS[fault] : 'pass'));
      const { value, ms } = await timed(() => call(service, method));
      expect(ms).toBeLessThan(20_000);
      expect(value.code).toBe('OK');
      expect(await service.compare()).toEqual({ missing: [], orphans: [] });
      await expectRecovered(service, method);
    });
  });
});

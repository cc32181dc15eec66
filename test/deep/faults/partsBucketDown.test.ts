/** F01: every single request to the bucket fails for good, in every way, its repetitions too. */
import { describe, expect, it } from '@jest/globals';
import { report } from '../hostile/support/figures.ts';
import {
  call,
  expectRecovered,
  FAULT_NAMES,
  FAULTS,
  inEveryWay,
  prepared,
  REQUESTS,
  watch,
} from './bucketRequests.ts';
import { timed } from './partsService.ts';

describe('F01 for good', () => {
  it.each(REQUESTS)('F01 %s: %s fails for good, in each way', async (method, request, isDispensable) => {
    report({ inputs: FAULT_NAMES.length });
    await inEveryWay(async (fault) => {
      await using service = await prepared(method);
      const before = await service.recordOf();
      const isCommit = request.startsWith('PUT record');
      watch(service, (name) => {
        // Each attempt to commit is a separate call.
        const isIt = isCommit ? name.startsWith('PUT record') : name === request;
        return isIt ? FAULTS[fault] : 'pass';
      });
      const { value, ms } = await timed(() => call(service, method));
      expect(ms).toBeLessThan(20_000);
      // A read shows that it was applied. The other two writes of the check must not be applied.
      const isSettled = /^PUT (record|check [14])/.test(request) && fault === 'RST once it was applied';
      if (isDispensable || isSettled) expect(value.code).toBe('OK');
      else {
        expect([value.code, value.headers['retry-after']]).toEqual(['STORAGE_UNAVAILABLE', '5']);
        expect(await service.recordOf()).toEqual(before);
      }
      const { missing, orphans } = await service.compare();
      expect(missing).toEqual([]);
      // Objects of an unclear commit must stay, and so do those that could not be removed: a sweep removes them.
      if (!isCommit && !(isDispensable && method === 'PUT')) expect(orphans).toEqual([]);
      await expectRecovered(service, method);
    });
  });
});

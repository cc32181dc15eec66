/** F05: what a Redis that hangs costs each call, beside the same call without Redis. */
import { describe, expect, it } from '@jest/globals';
import { REDIS_TIMES, type RedisTimes } from '../../../lib/domain/times.ts';
import { report } from '../hostile/support/figures.ts';
import type { LineFault } from './faultProxy.ts';
import { PATIENT_STORE, type PartsService, startPartsService, timed } from './partsService.ts';

const CALLS = 15;
/** Milliseconds that a call may take longer than without Redis. */
const MORE_MS = 50;

const CALLED = ['post', 'put', 'get'] as const;

/** The shortest time of each call in milliseconds: what else the machine does comes and goes, what Redis costs comes every time. */
async function shortest(services: readonly PartsService[], before: () => void) {
  const times = services.map(() => ({ post: Infinity, put: Infinity, get: Infinity }));
  for (let n = 0; n < CALLS; n += 1) {
    for (const call of CALLED) {
      for (const [index, service] of services.entries()) {
        before();
        const { value, ms } = await timed(() => service[call](service.url(`/page?${n}`)));
        expect(value.code).toBe('OK');
        const of = times[index];
        if (of) of[call] = Math.min(of[call], ms);
      }
    }
  }
  return times;
}

describe('F05 a Redis that hangs', () => {
  const rows: readonly (readonly [string, LineFault, RedisTimes])[] = [
    ['it accepts, and no more', 'hang', REDIS_TIMES],
    ['it does what it is told, and no more', 'halfOpen', REDIS_TIMES],
    // A question ends before the next call, so that every call asks again.
    ['every call asks whether it is back', 'hang', { ...REDIS_TIMES, connectMs: 25, commandMs: 25 }],
  ];
  it.each(rows)(
    `F05 (%s) costs POST, PUT and GET at most ${MORE_MS} ms after the first call`,
    async (_, fault, redisTimes) => {
      // It moves past the breaker's pause before each call.
      let now = 0;
      await using service = await startPartsService({
        elapsed: () => now,
        redisTimes,
        storeTimes: PATIENT_STORE,
      });
      await using without = await startPartsService({ storeTimes: PATIENT_STORE, hasRedis: false });
      await service.redisLine.set(fault);
      const first = await timed(() => service.post(service.page));
      const [times, usual] = await shortest([service, without], () => {
        now += REDIS_TIMES.coolDownMs;
      });
      if (!times || !usual) throw new Error('There are two.');
      const said = CALLED.map((call) => `${call} ${times[call].toFixed(1)} ms (${usual[call].toFixed(1)})`);
      report({
        inputs: 3 * CALLS,
        said: `a Redis that hangs (${fault}): ${first.ms.toFixed(0)} ms once, then ${said.join(', ')}`,
      });
      expect(first.ms).toBeLessThan(redisTimes.connectMs + redisTimes.commandMs + 2_000);
      for (const call of CALLED) expect(times[call] - usual[call]).toBeLessThan(MORE_MS);
    },
  );
});

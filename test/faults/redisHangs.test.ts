/** F05: what a Redis that hangs costs each call, beside the same call without Redis. */
import { describe, expect, it } from '@jest/globals';
import { REDIS_TIMES, type RedisTimes } from '../../lib/record/redisServer.ts';
import { report } from '../hostile/support/figures.ts';
import type { LineFault } from './faultProxy.ts';
import { PATIENT_STORE, type PartsService, startPartsService, timed } from './partsService.ts';

const CALLS = 15;
/** Milliseconds that a call may take longer than without Redis. */
const MORE_MS = 50;

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** POST, PUT and GET of one page after another; milliseconds of each. */
async function timesOf(service: PartsService, before: () => void = () => {}) {
  const times = { post: [] as number[], put: [] as number[], get: [] as number[] };
  for (let n = 0; n < CALLS; n += 1) {
    const url = service.url(`/page?${n}`);
    for (const call of ['post', 'put', 'get'] as const) {
      before();
      const { value, ms } = await timed(() => service[call](url));
      expect(value.code).toBe('OK');
      times[call].push(ms);
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
      const usual = await timesOf(without);
      await service.redisLine.set(fault);
      const first = await timed(() => service.post(service.page));
      const times = await timesOf(service, () => {
        now += REDIS_TIMES.coolDownMs;
      });

      const said = (['post', 'put', 'get'] as const).map((call) => {
        const [with_, without_] = [median(times[call]), median(usual[call])];
        return {
          call,
          more: with_ - without_,
          text: `${call} ${with_.toFixed(0)} ms (${without_.toFixed(0)})`,
        };
      });
      report({
        inputs: 3 * CALLS,
        said: `a Redis that hangs (${fault}): ${first.ms.toFixed(0)} ms once, then ${said.map(({ text }) => text).join(', ')}`,
      });
      expect(first.ms).toBeLessThan(redisTimes.connectMs + redisTimes.commandMs + 2_000);
      for (const { more } of said) expect(more).toBeLessThan(MORE_MS);
    },
  );
});

/**
 * Searches the order of writing. Every call of a POST, a PUT, a GET and a sweep to the bucket and to Redis is broken in
 * every way. That is tried alone, and with another whole operation in between. After every step the invariants of
 * `order/invariants.ts` are checked.
 */
import { describe, expect, it } from '@jest/globals';
import { report } from '../hostile/support/figures.ts';
import { PAIRS, SCENARIOS, searchSingleFaults, searchTwoSwitches } from './order/search.ts';

const figure = (count: number) => count.toLocaleString('en');

describe('the order of writing', () => {
  it('holds whatever becomes of any one call, and whatever runs in the middle', async () => {
    const start = performance.now();
    const { runs, steps, calls, violation } = await searchSingleFaults();
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    report({
      inputs: runs,
      said: `${SCENARIOS.length} operations with and without Redis: ${calls} calls, ${figure(runs)} runs, ${figure(steps)} steps in ${seconds} s; each step looked at`,
    });
    expect(violation).toBeNull();
    expect(calls).toBeGreaterThan(100);
  }, 600_000);

  it('holds for every way to switch twice between two operations', async () => {
    const { runs, steps, violation } = await searchTwoSwitches();
    report({
      inputs: runs,
      said: `${PAIRS.length} pairs of operations, switched twice at every two calls: ${figure(runs)} runs, ${figure(steps)} steps`,
    });
    expect(violation).toBeNull();
    expect(runs).toBeGreaterThan(1_000);
  }, 600_000);
});

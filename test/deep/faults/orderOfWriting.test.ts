/**
 * The order of writing, searched: every call that a POST, a PUT, a GET and a sweep make of the bucket and of Redis
 * is broken in every way, alone and with another whole operation in the middle, and after every step everything is
 * looked at. What must hold is in `order/invariants.ts`.
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

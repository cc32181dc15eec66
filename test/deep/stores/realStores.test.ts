/** Apart from the others, so that two processors share the work. */
import { describe, expect, it } from '@jest/globals';
import { testStores } from '../../contract/storeSuite.ts';
import { realImplementations } from '../../contract/stores.ts';

testStores(realImplementations());

// Where the machine has none of them, a suite without a test would fail.
describe('the real servers', () => {
  it('have a name each', () => {
    const names = realImplementations().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

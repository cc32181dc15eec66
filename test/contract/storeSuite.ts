import { afterAll, beforeAll, describe } from '@jest/globals';
import { PNG, testImageStore } from './imageStore.ts';
import { testRecordStore } from './recordStore.ts';
import type { RunningStore, StoreImplementation } from './stores.ts';
import { testSweepProgress } from './sweepProgress.ts';

/** Every promise of a store, on each of them. */
export function testStores(implementations: readonly StoreImplementation[]): void {
  describe.each(implementations)('$name', ({ start }) => {
    let running: RunningStore | undefined;
    const store = (): RunningStore => {
      if (running === undefined) throw new Error('The store did not start.');
      return running;
    };
    beforeAll(async () => {
      running = await start();
    });
    afterAll(() => running?.close());

    describe('as the store of records', () => testRecordStore(() => store().records));
    describe('as the store of images', () =>
      testImageStore(() => store().images, {
        hasHttp: () => store().hasHttp,
        seed: (name) =>
          (store().seeded ?? store().images).put(name, PNG, 'image/png', new AbortController().signal),
      }));
    describe('as the store of the place of a sweep', () => testSweepProgress(() => store().sweepProgress));
  });
}

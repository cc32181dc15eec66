import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../lib/concurrency/waiting.ts';
import type { Clock } from '../../../lib/domain/ports.ts';
import { boundedStorage } from '../../../lib/invocation/boundedStorage.ts';
import { hang } from '../../fakes/intercept.ts';
import { createMemoryStore } from '../../fakes/memoryStore.ts';
import { recordOf } from '../../support/builders.ts';
import { codeOf } from '../../support/world.ts';

const clock: Clock = systemClock;
/** So much of it is left for the store. */
const deadlineIn = (ms: number) => performance.now() + 300 + ms;
const record = recordOf([]);

describe('storage that hangs', () => {
  const { records, images } = createMemoryStore({ intercept: hang });

  it.each([
    ['a read', () => boundedStorage({ records, images }, clock, deadlineIn(20)).records.read('page')],
    ['the check', () => boundedStorage({ records, images }, clock, deadlineIn(20)).records.verify()],
    ['a removal', () => boundedStorage({ records, images }, clock, deadlineIn(20)).images.remove(['a'])],
  ])('ends %s with STORAGE_UNAVAILABLE when the caller has to answer', async (_, call) => {
    expect(await codeOf(call())).toBe('STORAGE_UNAVAILABLE');
  });

  it('leaves a conditional write unclear', async () => {
    const bounded = boundedStorage({ records, images }, clock, deadlineIn(20));
    expect(await bounded.records.write('page', record, { ifAbsent: true })).toMatchObject({
      kind: 'unclear',
    });
  });

  it('is not waited for at all once the time is over', async () => {
    const start = performance.now();
    expect(await codeOf(boundedStorage({ records, images }, clock, start).records.read('page'))).toBe(
      'STORAGE_UNAVAILABLE',
    );
    // The store would hang for ever.
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

describe('storage that answers', () => {
  it('is as it was', async () => {
    const store = createMemoryStore();
    const { records, images } = boundedStorage(store, clock, deadlineIn(10_000));
    await records.verify();
    expect(await records.write('page', record, { ifAbsent: true })).toMatchObject({ kind: 'written' });
    expect((await records.read('page'))?.record).toEqual(record);
    await images.put('images/a', Buffer.from('a'), 'image/png', new AbortController().signal);
    expect(await images.link('images/a')).toContain('images/a');
    await images.remove(['images/a']);
    expect(await Array.fromAsync(images.list('images/'))).toEqual([]);
  });

  it('passes its own failures on', async () => {
    const store = createMemoryStore({
      intercept: async () => {
        throw new Error('a bug');
      },
    });
    const { records } = boundedStorage(store, clock, deadlineIn(10_000));
    await expect(records.read('page')).rejects.toThrow('a bug');
  });
});

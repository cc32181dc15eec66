import { describe, expect, it } from '@jest/globals';
import { recordOf } from '../support/builders.ts';
import { settled } from '../support/settled.ts';
import { hang } from './intercept.ts';
import { createMemoryCache } from './memoryCache.ts';
import { createMemoryStore } from './memoryStore.ts';

const BYTES = Buffer.from('bytes');
const signal = new AbortController().signal;

describe('the fakes', () => {
  it('fail the nth call before it is applied', async () => {
    const { images, objects } = createMemoryStore({
      intercept: ({ method, nth }, apply) => {
        if (method === 'put' && nth === 2) throw new Error('down');
        return apply();
      },
    });
    await images.put('a', BYTES, 'image/png', signal);
    await expect(images.put('b', BYTES, 'image/png', signal)).rejects.toThrow('down');
    expect([...objects.keys()]).toEqual(['a']);
  });

  it('lose the answer of a call that was applied', async () => {
    const { records, kept } = createMemoryStore({
      intercept: async ({ method }, apply) => {
        const response = await apply();
        return method === 'write' ? { kind: 'unclear', cause: new Error('reset') } : response;
      },
    });
    expect((await records.write('page', recordOf([]), { ifAbsent: true })).kind).toBe('unclear');
    expect(kept.has('page')).toBe(true);
  });

  it('never answer', async () => {
    const { cache, calls } = createMemoryCache({ intercept: () => hang() });
    expect(await settled(cache.read('page'))).toBe(false);
    expect(calls).toEqual([{ method: 'read', target: 'page', nth: 1 }]);
  });

  it('forget everything, and are down', async () => {
    const { cache, lock, flush, setDown } = createMemoryCache();
    await cache.fill('page', recordOf([]));
    await lock.take('page', 'mine', 1_000);
    setDown(true);
    expect(await cache.read('page')).toEqual({ kind: 'miss' });
    expect(await lock.take('page', 'theirs', 1_000)).toBe('unavailable');
    setDown(false);
    expect((await cache.read('page')).kind).toBe('record');
    flush();
    expect(await cache.read('page')).toEqual({ kind: 'miss' });
    expect(await lock.isHeld('page')).toBe(false);
  });
});

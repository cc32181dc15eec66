import { describe, expect, it } from '@jest/globals';
import type { Resolve, ResolvedAddress } from '../../../../lib/web/guard/resolve.ts';
import { createResolve, type ResolveOptions } from '../../../../lib/web/guard/resolveNames.ts';

const at = (address: string): ResolvedAddress => ({ address, family: 4 });
const SYSTEM = at('192.0.2.1');
const LISTED = at('192.0.2.2');
const SERVED = at('192.0.2.3');

/** Says who was asked for what. */
function watched(options: Partial<ResolveOptions> = {}) {
  const asked: string[] = [];
  const resolve = createResolve({
    ownNames: ['nginx', 'store.test'],
    patienceMs: 10_000,
    askSystem: async (name) => {
      asked.push(`system ${name}`);
      return [SYSTEM];
    },
    lookInHostsFile: async (name) => (name === 'listed.test' ? [LISTED] : []),
    askDns: async (name) => {
      asked.push(`dns ${name}`);
      return [SERVED];
    },
    ...options,
  });
  return { asked, resolve };
}

describe('the resolver', () => {
  it.each([
    ['nginx', SYSTEM, ['system nginx']],
    ['store.test', SYSTEM, ['system store.test']],
    ['listed.test', LISTED, []],
    ['other.test', SERVED, ['dns other.test']],
    ['a.store.test', SERVED, ['dns a.store.test']],
  ])('asks for %s whoever knows', async (name, address, expected) => {
    const { asked, resolve } = watched();
    expect(await resolve(name)).toEqual([address]);
    expect(asked).toEqual(expected);
  });

  it('never asks the system for a name that a page brought along', async () => {
    const failing: Resolve = async (name) => {
      throw Object.assign(new Error(name), { code: 'ENOTFOUND' });
    };
    const { asked, resolve } = watched({ askDns: failing });
    await expect(resolve('other.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(asked).toEqual([]);
  });

  it('shares one answer between those who ask for a name meanwhile, and keeps none', async () => {
    const { asked, resolve } = watched();
    expect(await Promise.all([resolve('a.test'), resolve('a.test')])).toEqual([[SERVED], [SERVED]]);
    expect(asked).toEqual(['dns a.test']);
    await resolve('a.test');
    expect(asked).toEqual(['dns a.test', 'dns a.test']);
  });

  it('shares a failure too, and goes on after it', async () => {
    let asked = 0;
    const { resolve } = watched({
      askDns: async () => {
        asked += 1;
        if (asked === 1) throw new Error('first');
        return [SERVED];
      },
    });
    const both = await Promise.allSettled([resolve('a.test'), resolve('a.test')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await resolve('a.test')).toEqual([SERVED]);
  });

  it('asks again for whoever came later than the one whose patience is over', async () => {
    let asked = 0;
    const first = Promise.withResolvers<never>();
    const { resolve } = watched({
      askDns: async () => {
        asked += 1;
        return asked === 1 ? first.promise : [SERVED];
      },
    });
    const responses = [resolve('a.test'), resolve('a.test'), resolve('a.test')];
    first.reject(Object.assign(new Error('over'), { code: 'ECANCELLED' }));
    const settled = await Promise.allSettled(responses);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(asked).toBe(2);
  });

  it('asks for any number of names at once', async () => {
    let running = 0;
    let most = 0;
    const { resolve } = watched({
      askDns: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((settle) => setImmediate(settle));
        running -= 1;
        return [SERVED];
      },
    });
    await Promise.all(Array.from({ length: 100 }, (_, index) => resolve(`${index}.test`)));
    expect(most).toBe(100);
  });

  it.each([
    ['the real system', ['localhost']],
    ['the real hosts file', []],
  ])('asks %s by default', async (_, ownNames) => {
    const resolve = createResolve({ ownNames, patienceMs: 10_000, askDns: async () => [] });
    const addresses = await resolve('localhost');
    expect(addresses.map(({ address }) => address)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(127\.0\.0\.1|::1)$/)]),
    );
  });
});

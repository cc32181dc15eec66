import { describe, expect, it } from '@jest/globals';
import { createResolve, type ResolvedAddress } from '../../../../lib/web/guard/resolveNames.ts';

type Settle = (addresses: readonly ResolvedAddress[]) => void;

const ADDRESS: ResolvedAddress = { address: '192.0.2.1', family: 4 };

function createAsk() {
  const pending = new Map<string, Settle>();
  const asked: string[] = [];
  return {
    asked,
    ask: (name: string) =>
      new Promise<readonly ResolvedAddress[]>((settle) => {
        asked.push(name);
        pending.set(name, settle);
      }),
    answer: async (name: string) => {
      pending.get(name)?.([ADDRESS]);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('the resolver', () => {
  it('asks for three names at once and for the next when one is answered', async () => {
    const { ask, asked, answer } = createAsk();
    const resolve = createResolve({ patienceMs: 10_000, ask });
    const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map(resolve));
    expect(asked).toEqual(['a', 'b', 'c']);
    await answer('b');
    expect(asked).toEqual(['a', 'b', 'c', 'd']);
    for (const name of ['a', 'c', 'd', 'e']) await answer(name);
    expect(await all).toEqual(Array(5).fill([ADDRESS]));
  });

  it('shares one answer between those who ask for a name meanwhile, and keeps none', async () => {
    const { ask, asked, answer } = createAsk();
    const resolve = createResolve({ patienceMs: 10_000, ask });
    const both = Promise.all([resolve('a'), resolve('a')]);
    await answer('a');
    expect(await both).toEqual([[ADDRESS], [ADDRESS]]);
    const again = resolve('a');
    await answer('a');
    await again;
    expect(asked).toEqual(['a', 'a']);
  });

  it('does not ask for a name whose caller has lost patience', async () => {
    const { ask, asked, answer } = createAsk();
    const resolve = createResolve({ patienceMs: -1, ask });
    await expect(resolve('a')).rejects.toMatchObject({ code: 'ETIMEOUT' });
    await answer('a');
    expect(asked).toEqual([]);
  });

  it('goes on after a name that fails', async () => {
    const resolve = createResolve({
      patienceMs: 10_000,
      ask: async (name) => {
        if (name !== 'good') throw new Error(name);
        return [ADDRESS];
      },
    });
    const results = await Promise.allSettled(['a', 'b', 'c', 'd', 'good'].map(resolve));
    expect(results.map(({ status }) => status)).toEqual([...Array(4).fill('rejected'), 'fulfilled']);
  });

  it('asks the system by default', async () => {
    const addresses = await createResolve({ patienceMs: 10_000 })('localhost');
    expect(addresses.map(({ address }) => address)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(127\.0\.0\.1|::1)$/)]),
    );
  });
});

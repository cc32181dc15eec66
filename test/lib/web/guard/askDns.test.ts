import { Resolver } from 'node:dns/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { createAskDns } from '../../../../lib/web/guard/askDns.ts';
import { type Say, startNameServer } from '../nameServer.ts';

const V4 = '192.0.2.1';
const V6 = '2001:db8::1';
const SERVFAIL = 2;
const NXDOMAIN = 3;
const NOTIMP = 4;
const REFUSED = 5;

const both = (say: Say) => ({ A: say, AAAA: say });

const SAID: Readonly<Record<string, Partial<Readonly<Record<'A' | 'AAAA', Say>>>>> = {
  'both.test': { A: [V4, '192.0.2.2'], AAAA: [V6] },
  'four.test': { A: [V4] },
  'six.test': { AAAA: [V6] },
  'none.test': {},
  'unknown.test': { A: NXDOMAIN, AAAA: NXDOMAIN },
  'fails.test': { A: SERVFAIL, AAAA: SERVFAIL },
  'half-fails.test': { AAAA: SERVFAIL },
  'half-silent.test': { A: [V4], AAAA: 'silence' },
  'silent-four.test': { A: 'silence', AAAA: [V6] },
  'loop.test': both({ cnames: ['a.loop.test', 'loop.test', 'a.loop.test'], addresses: [] }),
  'self.test': both({ cnames: ['self.test'], addresses: [] }),
  'lost.test': both({ cnames: ['nowhere.test'], addresses: [] }),
  'chain.test': both({
    cnames: Array.from({ length: 12 }, (_, i) => `c${i}.test`),
    addresses: [V4, V6],
  }),
  'loop-four.test': { A: { cnames: ['loop-four.test'], addresses: [] }, AAAA: [V6] },
  'silent.test': { A: 'silence', AAAA: 'silence' },
};

async function ask(name: string, patienceMs = 10_000) {
  await using names = await startNameServer((asked, type) => SAID[asked]?.[type] ?? []);
  const since = performance.now();
  const response = await createAskDns({ patienceMs, servers: [names.server] })(name).catch(
    ({ code }) => code,
  );
  return { response, ms: performance.now() - since, questions: names.questions };
}

const v4 = (address: string) => ({ address, family: 4 });
const v6 = (address: string) => ({ address, family: 6 });

describe('the name servers', () => {
  it.each([
    ['both.test', [v4(V4), v4('192.0.2.2'), v6(V6)]],
    ['BOTH.test.', [v4(V4), v4('192.0.2.2'), v6(V6)]],
    ['four.test', [v4(V4)]],
    ['six.test', [v6(V6)]],
    ['half-silent.test', [v4(V4)]],
    ['silent-four.test', [v6(V6)]],
    ['chain.test', [v4(V4), v6(V6)]],
    ['loop-four.test', [v6(V6)]],
  ])('give the addresses of %s, IPv4 first', async (name, expected) => {
    expect((await ask(name)).response).toEqual(expected);
  });

  it.each([
    ['none.test', 'ENODATA'],
    ['unknown.test', 'ENOTFOUND'],
    ['fails.test', 'ESERVFAIL'],
    ['half-fails.test', 'ESERVFAIL'],
    ['a..b', 'EBADNAME'],
    ['loop.test', 'ENODATA'],
    ['self.test', 'ENODATA'],
    ['lost.test', 'ENODATA'],
  ])('give no address of %s: %s', async (name, code) => {
    expect((await ask(name)).response).toBe(code);
  });

  it('are asked for the name as it is, once for each family', async () => {
    expect([...(await ask('four.test')).questions].sort()).toEqual(['four.test A', 'four.test AAAA']);
  });

  it('keep nobody waiting for the other family of a name that has one', async () => {
    // An attempt alone has a second, and all of them have seven.
    expect((await ask('half-silent.test')).ms).toBeLessThan(5_000);
  });

  it('are given up when they do not answer in time', async () => {
    const { response, ms } = await ask('silent.test', 150);
    expect(response).toBe('ECANCELLED');
    expect(ms).toBeGreaterThan(140);
    expect(ms).toBeLessThan(5_000);
  });

  it('are asked again when an answer is lost', async () => {
    let asked = 0;
    await using names = await startNameServer((_, type) => (type === 'A' && ++asked > 1 ? [V4] : 'silence'));
    expect(await createAskDns({ patienceMs: 10_000, servers: [names.server] })('lost.test')).toEqual([
      v4(V4),
    ]);
  });

  it('are asked again for the IPv4 addresses of a name whose IPv6 ones came at once', async () => {
    let asked = 0;
    await using names = await startNameServer((_, type) => {
      if (type === 'AAAA') return [V6];
      return ++asked > 1 ? [V4] : 'silence';
    });
    expect(await createAskDns({ patienceMs: 10_000, servers: [names.server] })('lost.test')).toEqual([
      v4(V4),
      v6(V6),
    ]);
  });

  const NAMES = [
    ['that knows the name', [V4], [v4(V4)]],
    ['that knows of no such name', NXDOMAIN, 'ENOTFOUND'],
    ['that fails too', SERVFAIL, 'ESERVFAIL'],
  ] as const;
  it.each(
    [SERVFAIL, NOTIMP, REFUSED, 'silence' as const].flatMap((first) =>
      NAMES.map(([what, second, expected]) => [first, what, second, expected] as const),
    ),
  )('that say %s leave the word to the next one, %s', async (first, _, second, expected) => {
    await using refusing = await startNameServer(() => first);
    await using next = await startNameServer(() => second);
    const askDns = createAskDns({ patienceMs: 20_000, servers: [refusing.server, next.server] });
    expect(await askDns('name.test').catch(({ code }) => code)).toEqual(expected);
    expect(new Set(next.questions)).toEqual(new Set(['name.test A', 'name.test AAAA']));
  });

  it('are not asked any further than to one that knows of no such name', async () => {
    await using first = await startNameServer(() => NXDOMAIN);
    await using second = await startNameServer(() => [V4]);
    const askDns = createAskDns({ patienceMs: 20_000, servers: [first.server, second.server] });
    await expect(askDns('name.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(second.questions).toEqual([]);
  });

  it('of the system are not asked for what is no name', async () => {
    await expect(createAskDns({ patienceMs: 10_000 })('a..b')).rejects.toMatchObject({ code: 'EBADNAME' });
  });

  it('of the system are asked as the system names them, so that a zone id (fe80::1%eth0) is kept', async () => {
    const set = jest.spyOn(Resolver.prototype, 'setServers');
    try {
      await expect(createAskDns({ patienceMs: 10_000 })('a..b')).rejects.toMatchObject({ code: 'EBADNAME' });
      expect(set).not.toHaveBeenCalled();
    } finally {
      set.mockRestore();
    }
  });

  it('have the whole time for one family where the other is a success without an address', async () => {
    let asked = 0;
    await using names = await startNameServer((_, type) => {
      if (type === 'A') return { cnames: ['loop.test'], addresses: [] };
      return ++asked > 1 ? [V6] : 'silence';
    });
    expect(await createAskDns({ patienceMs: 10_000, servers: [names.server] })('loop.test')).toEqual([
      v6(V6),
    ]);
  });
});

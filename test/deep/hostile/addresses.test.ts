/** U25: every address, judged by the guard and by a second opinion that shares nothing with it. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AddressClass, addressClass } from '../../../lib/web/guard/addressPolicy.ts';
import {
  classOfIpv4,
  classOfIpv6,
  edgesOf,
  ipv4Number,
  ipv4Text,
  ipv6Text,
} from './support/addressOracle.ts';
import { report } from './support/figures.ts';
import { type HostileService, startHostileService } from './support/hostileService.ts';

const MAPPED = 0xffffn << 32n;

/** Every way to carry an IPv4 address in an IPv6 one; `random` fills what the form leaves open. */
const EMBEDDINGS: Readonly<Record<string, (v4: bigint, random: bigint) => bigint>> = {
  'mapped, ::ffff:0:0/96': (v4) => MAPPED | v4,
  'compatible, ::/96': (v4) => v4,
  'translated, ::ffff:0:0:0/96': (v4) => (0xffffn << 48n) | v4,
  'NAT64, 64:ff9b::/96': (v4) => (0x64_ff9bn << 96n) | v4,
  'local NAT64, 64:ff9b:1::/48': (v4, random) =>
    (0x64_ff9b_0001n << 80n) | ((random % 2n ** 48n) << 32n) | v4,
  '6to4, 2002::/16': (v4, random) => (0x2002n << 112n) | (v4 << 80n) | (random % 2n ** 80n),
  'Teredo server, 2001::/32': (v4, random) => (0x2001_0000n << 96n) | (v4 << 64n) | (random % 2n ** 64n),
  'Teredo client, 2001::/32': (v4, random) =>
    (0x2001_0000n << 96n) | ((random % 2n ** 64n) << 32n) | (v4 ^ 0xffff_ffffn),
  'ISATAP, behind any prefix': (v4, random) => ((random % 2n ** 64n) << 64n) | (0x5efen << 32n) | v4,
  'ISATAP with the universal bit': (v4, random) => ((random % 2n ** 64n) << 64n) | (0x0200_5efen << 32n) | v4,
};

/** What is asserted of an embedding beside the second opinion: only a mapped address is what it carries. */
function expectedOf(form: string, v4: bigint): AddressClass {
  if (form.startsWith('mapped')) return classOfIpv4(v4);
  return form.startsWith('compatible') && v4 === 1n ? 'loopback' : 'special';
}

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);

describe('U25: at the edges of every range', () => {
  let service: HostileService;
  let inputs = 0;
  beforeAll(async () => {
    service = await startHostileService({ web: { classify: addressClass } });
  });
  afterAll(() => service[Symbol.asyncDispose]());

  /** Checks the guard's class, and that the whole service refuses all addresses that are not public, unread. */
  const expectJudged = async (address: string, expected: AddressClass) => {
    inputs += 1;
    expect([address, addressClass(address)]).toEqual([address, expected]);
    const url = `http://${bracketed(address)}/`;
    expect([address, service.web.refusalOf(new URL(url)) === null]).toEqual([address, expected === 'public']);
    // A public one would be dialled, and no test leaves the machine.
    if (expected === 'public') return;
    expect([address, (await service.post(url)).code]).toEqual([address, 'ADDRESS_FORBIDDEN']);
  };

  const edges4 = edgesOf(4).map((value) => [ipv4Text(value), classOfIpv4(value)] as const);
  it.each(edges4)('U25 %s is %s', async (address, expected) => {
    await expectJudged(address, expected);
    const mapped = `::ffff:${address}`;
    await expectJudged(mapped, expected);
    await expectJudged(ipv6Text(MAPPED | ipv4Number(address)), expected);
  });

  const edges6 = edgesOf(6).map((value) => [ipv6Text(value, 4), classOfIpv6(value)] as const);
  it.each(edges6)('U25 %s is %s', async (address, expected) => {
    await expectJudged(address, expected);
  });

  it.each(Object.keys(EMBEDDINGS))('U25 %s, around every IPv4 edge', async (form) => {
    for (const v4 of edgesOf(4)) {
      const value = EMBEDDINGS[form]?.(v4, 0x2606_4700_0000_0001n) ?? 0n;
      await expectJudged(ipv6Text(value, 4), expectedOf(form, v4));
    }
  });

  it('U25 left nothing, asked for nothing and went nowhere', () => {
    expect(inputs).toBeGreaterThan(1_000);
    expect([service.store.calls, service.cache.calls]).toEqual([[], []]);
    service.expectNothing();
    expect(service.site.accepted()).toBe(0);
    report({
      inputs,
      said: `${inputs} addresses at the edges of the ranges, each as the second opinion has it.`,
    });
  });
});

describe('a million addresses, half of them random and half of them near an edge', () => {
  const seed = Number(process.env.HOSTILE_SEED ?? randomInt(2 ** 31));
  let state = seed;
  /** Thirty-two bits (the mulberry32 generator). */
  const word = (): bigint => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return BigInt((mixed ^ (mixed >>> 14)) >>> 0);
  };
  const quad = () => (word() << 96n) | (word() << 64n) | (word() << 32n) | word();
  const edges = { 4: edgesOf(4), 6: edgesOf(6) };
  /** Half of them near an edge, where mistakes are. */
  const near = (version: 4 | 6): bigint => {
    const size = version === 4 ? 2n ** 32n : 2n ** 128n;
    const all = edges[version];
    const edge = all[Number(word()) % all.length] ?? 0n;
    return (edge + size + (word() % 512n) - 256n) % size;
  };

  it('U25 are classed alike by both, each in one of the embeddings and spellings, and none that carries another is public', () => {
    const forms = Object.entries(EMBEDDINGS);
    const seen: Record<AddressClass, number> = { public: 0, private: 0, loopback: 0, special: 0 };
    const inputs = 1_000_000;
    for (let i = 0; i < inputs; i += 1) {
      const isNear = word() % 2n === 0n;
      const v4 = isNear ? near(4) : word();
      const turn = i % (forms.length + 4);
      const [form, embed] = forms[turn] ?? [undefined, undefined];
      let text: string;
      let expected: AddressClass;
      if (embed !== undefined) {
        const value = embed(v4, quad());
        expected = expectedOf(form, v4);
        text = ipv6Text(value, Number(word()));
        if (classOfIpv6(value) !== expected) throw new Error(`The second opinion on ${text}, seed ${seed}`);
      } else if (turn % 2 === 0) {
        expected = classOfIpv4(v4);
        text = ipv4Text(v4);
      } else {
        const value = isNear ? near(6) : quad();
        expected = classOfIpv6(value);
        text = ipv6Text(value, Number(word()));
      }
      seen[expected] += 1;
      if (addressClass(text) !== expected) throw new Error(`${text} is no ${expected}, seed ${seed}`);
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(1_000);
    report({
      inputs,
      said: `1,000,000 addresses, half of them random and half near an edge (seed ${seed}): ${JSON.stringify(seen)}.`,
    });
  });

  it('U25 of fast-check too, which finds the smallest that is wrong', () => {
    const numRuns = 20_000;
    const forms = fc.constantFrom(...Object.keys(EMBEDDINGS));
    fc.assert(
      fc.property(
        forms,
        fc.bigInt(0n, 2n ** 32n - 1n),
        fc.bigInt(0n, 2n ** 128n - 1n),
        (form, v4, random) => {
          const value = EMBEDDINGS[form]?.(v4, random) ?? 0n;
          expect(addressClass(ipv6Text(value, Number(random % 5n)))).toBe(expectedOf(form, v4));
          expect(addressClass(ipv4Text(v4))).toBe(classOfIpv4(v4));
          expect(addressClass(ipv6Text(random))).toBe(classOfIpv6(random));
        },
      ),
      { numRuns, seed },
    );
    report({ inputs: 3 * numRuns });
  });

  it('U25 of text that is nearly an address is special, unless it is one', () => {
    const pieces = [
      '.',
      ':',
      '::',
      '%',
      '/',
      '[',
      ']',
      '0x',
      '08',
      '1',
      '255',
      '256',
      'ffff',
      '127',
      'g',
      ' ',
      '\0',
    ];
    const numRuns = 20_000;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const url = URL.parse(`http://${bracketed(text)}/`);
        const isPlain = url !== null && (url.hostname === text || text.includes(':'));
        if (addressClass(text) !== 'special') expect([text, isPlain]).toEqual([text, true]);
      }),
      { numRuns, seed },
    );
    report({ inputs: numRuns });
  });
});

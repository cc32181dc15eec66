/** D: what a name server may answer. The address that was judged is the address that is dialled, every time. */
import { lookup } from 'node:dns/promises';
import { describe, expect, it } from '@jest/globals';
import { createAskDns } from '../../../lib/web/guard/askDns.ts';
import type { Resolve, ResolvedAddress } from '../../../lib/web/guard/resolve.ts';
import { createResolve } from '../../../lib/web/guard/resolveNames.ts';
import { startNameServer } from '../../lib/web/nameServer.ts';
import { headerOf, PUBLIC_ADDRESS } from '../../lib/web/rawServer.ts';
import { resolveTestName } from '../../lib/web/testWeb.ts';
import { until } from '../../support/until.ts';
import { report } from './support/figures.ts';
import { startHostileService } from './support/hostileService.ts';
import { codesOf, PRIVATE, PUBLIC, resolved, siteOf } from './support/resolving.ts';

const failing =
  (code: string): Resolve =>
  async () => {
    throw Object.assign(new Error(code), { code });
  };

const FORBIDDEN: readonly (readonly [string, readonly ResolvedAddress[]])[] = [
  ...[
    '127.0.0.1',
    '127.0.0.3',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '0.0.0.0',
    '100.64.0.1',
    '::1',
    '::',
    'fd00::1',
    'fd00:ec2::254',
    'fe80::1',
    '64:ff9b::7f00:1',
  ].map((address) => [`D01 ${address}`, [resolved(address)]] as const),
  ...['::ffff:10.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:a9fe:a9fe'].map(
    (address) => [`D06 ${address}`, [resolved(address)]] as const,
  ),
  ['D04 several, all private', [PRIVATE, resolved('10.0.0.1'), resolved('::1')]],
  ['D10 garbage', [{ address: 'not-an-ip', family: 4 }]],
  ['D10 an empty text', [{ address: '', family: 4 }]],
  ['D10 a blank behind it', [{ address: `${PUBLIC_ADDRESS} `, family: 4 }]],
  ['D10 IPv4 said to be IPv6', [{ address: PUBLIC_ADDRESS, family: 6 }]],
  ['D10 IPv6 said to be IPv4', [{ address: '2606:4700::1', family: 4 }]],
  ['D10 family 0', [{ address: PUBLIC_ADDRESS, family: 0 }]],
  ['D10 a zone id', [{ address: 'fe80::1%lo', family: 6 }]],
  ['D10 a public address with a zone id', [{ address: '2606:4700::1%lo', family: 6 }]],
  ['D10 a decimal number', [{ address: '2130706434', family: 4 }]],
];

describe('D: a name that resolves to', () => {
  it.each(FORBIDDEN)('%s is forbidden as a page', async (_row, addresses) => {
    await using service = await startHostileService({ web: { resolve: async () => addresses } });
    const { status, code, text } = await service.post(service.url());
    expect([status, code]).toEqual([403, 'ADDRESS_FORBIDDEN']);
    for (const { address } of addresses) if (address.length > 2) expect(text).not.toContain(address);
    expect(service.site.accepted()).toBe(0);
    service.expectNothing();
  });

  it.each(FORBIDDEN)('%s is forbidden as an image', async (_row, addresses) => {
    await using service = await startHostileService({
      respond: (socket, head) =>
        siteOf(`<img src="http://trap.test:${service.site.port}/i.png">`)(socket, head, 0),
      web: { resolve: async (name) => (name === 'trap.test' ? addresses : resolveTestName(name)) },
    });
    const { code, body } = await service.post(service.url('/page'));
    expect([code, codesOf(body.skipped)]).toEqual(['OK', ['ADDRESS_FORBIDDEN']]);
    expect([service.site.accepted(), service.inside.accepted(), service.store.objects.size]).toEqual([
      1, 0, 0,
    ]);
  });

  it.each([
    ['D07 no address', async () => [], 1],
    ['D07 nothing at all', async () => undefined as unknown as [], 1],
    ['D10 a number', async () => 7 as unknown as [], 1],
    ['D07 ENOTFOUND', failing('ENOTFOUND'), 1],
    ['D07 ESERVFAIL', failing('ESERVFAIL'), 2],
    ['D07 EAI_AGAIN', failing('EAI_AGAIN'), 2],
  ] as readonly (readonly [string, Resolve, number])[])(
    '%s cannot be resolved',
    async (_row, resolve, times) => {
      let asked = 0;
      await using service = await startHostileService({
        web: {
          resolve: (name) => {
            asked += 1;
            return resolve(name);
          },
        },
      });
      const { status, code, body } = await service.post(service.url());
      expect([status, code, body.reason, asked]).toEqual([502, 'PAGE_UNREACHABLE', 'dns', times]);
      service.expectNothing();
    },
  );

  it('D07 EAI_AGAIN and then an address is read', async () => {
    let asked = 0;
    await using service = await startHostileService({
      respond: siteOf('<p>'),
      web: { resolve: async (name) => (asked++ === 0 ? failing('EAI_AGAIN')(name) : [PUBLIC]) },
    });
    expect([(await service.post(service.url('/page'))).code, asked]).toEqual(['OK', 2]);
  });

  it('D08 nothing, ever, is out of time with the connect timeout', async () => {
    await using service = await startHostileService({
      config: { connectTimeoutMs: 150 },
      web: { resolve: () => new Promise(() => {}) },
    });
    const since = performance.now();
    const { status, code } = await service.post(service.url());
    expect([status, code]).toEqual([504, 'PAGE_TIMEOUT']);
    // The page itself may take a minute, and a call half of one.
    expect(performance.now() - since).toBeLessThan(20_000);
    service.expectNothing();
  });

  it('D12 500 names of one page: no more are asked for at once than may be connected to, and only what is public is dialled', async () => {
    const count = 500;
    const connectionsMax = 8;
    let running = 0;
    let most = 0;
    let asked = 0;
    const ask: Resolve = async (name) => {
      running += 1;
      asked += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return name.startsWith('bad') ? [PRIVATE] : [PUBLIC];
    };
    await using service = await startHostileService({
      respond: (socket, head) => {
        const images = Array.from(
          { length: count },
          (_, i) => `http://${i % 2 ? 'bad' : 'fine'}${i}.test:${service.site.port}/`,
        );
        siteOf(images.map((url) => `<img src="${url}">`).join(''))(socket, head, 0);
      },
      config: { connectionsMax },
      web: { resolve: createResolve({ ownNames: [], patienceMs: 20_000, askDns: ask }) },
    });
    const { code, body } = await service.post(service.url('/page'));
    expect(code).toBe('OK');
    expect(body.counts).toMatchObject({
      discovered: count,
      items: 250,
      skipped: 250,
      byCode: { ADDRESS_FORBIDDEN: 250 },
    });
    expect(most).toBe(connectionsMax);
    expect(asked).toBeGreaterThan(count);
    expect(service.inside.accepted()).toBe(0);
    expect(service.site.heads).toHaveLength(251);
    report({ inputs: count });
  });
});

describe('D: silent names', () => {
  const SILENT = 40;
  /** How long each of them keeps a call waiting. */
  const SILENCE_MS = 6_000;

  /** A page of silent names, and others; the name server is asked over the network, as in production. */
  async function startAmongSilent() {
    const names = await startNameServer((name, type) => {
      if (name.startsWith('silent')) return 'silence';
      return type === 'A' ? [PUBLIC_ADDRESS] : [];
    });
    const service = await startHostileService({
      respond: (socket, head) => {
        const images = Array.from(
          { length: SILENT },
          (_, index) => `<img src="http://silent${index}.test:${service.site.port}/">`,
        );
        siteOf(headerOf(head, 'host')?.startsWith('attack') ? images.join('') : '<p>')(socket, head, 0);
      },
      config: { connectTimeoutMs: SILENCE_MS, connectionsPerHost: SILENT, connectionsMax: SILENT },
      timeMs: 2 * SILENCE_MS + 3_000,
      web: {
        resolve: createResolve({
          ownNames: [],
          patienceMs: SILENCE_MS,
          askDns: createAskDns({ patienceMs: SILENCE_MS, servers: [names.server] }),
        }),
      },
    });
    return { names, service };
  }

  it('D08 of one call keep neither another call’s names waiting nor those of the store', async () => {
    const { names, service } = await startAmongSilent();
    try {
      const times: number[] = [];
      const timed = async (work: () => Promise<unknown>): Promise<void> => {
        const since = performance.now();
        await work();
        times.push(performance.now() - since);
      };
      const attack = service.post(service.url('/page', 'attack.test'));
      const silent = () => new Set(names.questions.filter((each) => each.startsWith('silent'))).size;
      await until(() => silent() === 2 * SILENT);

      for (let turn = 0; turn < 5; turn += 1) {
        await timed(async () => {
          const { code } = await service.post(service.url('/page', `other${turn}.test`));
          expect(code).toBe('OK');
        });
        // As the store's and Redis' clients ask.
        await timed(() => lookup('localhost'));
      }
      // All of them while the silent names were still asked for.
      expect(Math.max(...times)).toBeLessThan(SILENCE_MS - 1_000);

      const { code, body } = await attack;
      expect([code, new Set(codesOf(body.skipped))]).toEqual(['OK', new Set(['IMAGE_TIMEOUT'])]);
      report({ inputs: SILENT });
    } finally {
      await service[Symbol.asyncDispose]();
      await names[Symbol.asyncDispose]();
    }
  });

  it('D08 are out of time with the connect timeout, over the network too', async () => {
    await using names = await startNameServer(() => 'silence');
    const askDns = createAskDns({ patienceMs: 150, servers: [names.server] });
    await using service = await startHostileService({
      config: { connectTimeoutMs: 150 },
      web: { resolve: createResolve({ ownNames: [], patienceMs: 150, askDns }) },
    });
    expect((await service.post(service.url('/', 'silent.test'))).code).toBe('PAGE_TIMEOUT');
    service.expectNothing();
  });
});

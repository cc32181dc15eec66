/** U: spellings of a URL. What its own text forbids is refused before a store, a cache or a name server is asked. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addressClass } from '../../../lib/web/guard/addressPolicy.ts';
import { answer, pathOf } from '../../lib/web/rawServer.ts';
import { report } from './support/figures.ts';
import { type HostileService, startHostileService } from './support/hostileService.ts';
import { measureCost } from './support/meter.ts';
import { FORBIDDEN, INVALID, spellings } from './support/urlSpellings.ts';

let service: HostileService;
const asked: string[] = [];
beforeAll(async () => {
  service = await startHostileService({
    web: {
      classify: addressClass,
      resolve: async (name) => {
        asked.push(name);
        return [];
      },
    },
  });
});
afterAll(() => service[Symbol.asyncDispose]());

function expectNothingAsked(): void {
  expect([service.store.calls, service.cache.calls, asked]).toEqual([[], [], []]);
  expect(service.site.accepted()).toBe(0);
  service.expectNothing();
}

describe('U: forbidden by the text of the URL', () => {
  it.each(spellings(FORBIDDEN))('%s', async (_row, url) => {
    // Asked first: were one of them public by a slip, a post of it would leave the machine.
    expect(service.web.refusalOf(new URL(url))).toMatchObject({ fault: 'forbidden' });
    const responses = [
      await service.post(url),
      await service.put(url),
      await service.post(url, { dryRun: true }),
    ];
    expect(responses.map(({ status, code }) => [status, code])).toEqual(
      Array(3).fill([403, 'ADDRESS_FORBIDDEN']),
    );
    expectNothingAsked();
  });

  it('U46 all get the same text, and it names no address', async () => {
    const texts = new Set<unknown>();
    for (const [, url] of spellings(FORBIDDEN)) texts.add((await service.post(url)).body.detail);
    expect([...texts]).toEqual([expect.not.stringMatching(/\d|local|private|metadata/i)]);
  });
});

describe('U: no URL to be used', () => {
  it.each(spellings(INVALID))('%s', async (_row, url) => {
    const codes = [await service.post(url), await service.put(url)].map(({ status, code }) => [status, code]);
    // A body of more than 16 KiB is not even parsed.
    const expected = url.length > 16 * 1024 ? [413, 'BODY_TOO_LARGE'] : [400, 'URL_INVALID'];
    expect(codes).toEqual([expected, expected]);
    const { status, code } = await service.get(url);
    expect([status, code]).toEqual([400, 'URL_INVALID']);
    expectNothingAsked();
  });

  it.each(['', ' ', '\t\r\n', '\u00a0', '\u0000'])('U32 nothing at all: %j', async (url) => {
    expect([(await service.post(url)).code, (await service.get(url)).code]).toEqual([
      'URL_REQUIRED',
      'URL_REQUIRED',
    ]);
    expectNothingAsked();
  });

  it.each([
    ['70,000 characters', `http://good.test/${'a'.repeat(70_000)}`],
    ['10,000,000 characters', `http://good.test/${'a'.repeat(10_000_000)}`],
    ['a million @', `http://${'@'.repeat(1_000_000)}`],
  ])('U41 %s are refused before they are parsed', async (_what, url) => {
    const { value, cost } = await measureCost(async () => [await service.post(url), await service.get(url)]);
    expect(value.map(({ code }) => code)).toEqual(['BODY_TOO_LARGE', 'URL_INVALID']);
    expect(cost.stallMs).toBeLessThan(1_000);
    expectNothingAsked();
    report({ stallMs: cost.stallMs, grownBytes: cost.grownBytes, inputs: 1 });
  });
});

describe('U: forbidden for an image too', () => {
  it('every spelling on one page is skipped with ADDRESS_FORBIDDEN, and nobody is asked for it', async () => {
    // Without two slashes a URL of the page's own scheme is a path.
    const all = spellings(FORBIDDEN)
      .map(([, url]) => url)
      .filter((url) => /^https?:[\\/]{2}/.test(url));
    const names: string[] = [];
    await using other = await startHostileService({
      respond: (socket, head) =>
        socket.write(
          pathOf(head) === '/page'
            ? answer(
                200,
                { 'Content-Type': 'text/html; charset=utf-8' },
                all.map((url) => `<img src="${url.replaceAll('&', '&amp;')}">`).join('\n'),
              )
            : answer(200, {}, 'no image'),
        ),
      web: {
        resolve: async (name) => {
          names.push(name);
          return [{ address: '127.0.0.2', family: 4 }];
        },
        classify: (address) => (address === '127.0.0.2' ? 'public' : addressClass(address)),
      },
    });
    const { code, body } = await other.post(other.url('/page'));
    expect(code).toBe('OK');
    const skipped = body.skipped as readonly { readonly url: string; readonly code: string }[];
    const hrefs = new Set(
      all.map((url) => new URL(url)).map((url) => `${url.origin}${url.pathname}${url.search}`),
    );
    hrefs.delete('http://127.0.0.2/');
    const refused = skipped.filter((line) => line.code === 'ADDRESS_FORBIDDEN').map(({ url }) => url);
    expect([...hrefs].filter((href) => !refused.includes(href))).toEqual([]);
    expect([...new Set(names)]).toEqual(['good.test']);
    expect(other.inside.accepted()).toBe(0);
    report({ inputs: hrefs.size });
  });
});

it('U are at least 150 spellings', () => {
  const all = [...spellings(FORBIDDEN), ...spellings(INVALID)].map(([, url]) => url);
  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBeGreaterThan(200);
  report({
    inputs: 1,
    said: `${all.length} spellings of URLs that are forbidden or none, by POST, PUT and GET.`,
  });
});

import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../lib/concurrency/waiting.ts';
import { imageIdOf, pageIdOf } from '../../../lib/domain/identity.ts';
import { objectName } from '../../../lib/domain/objectName.ts';
import { createHttpHandler } from '../../../lib/http/httpHandler.ts';
import { lookUpOperation } from '../../../lib/http/lookUpOperation.ts';
import { createMemoryCache } from '../../fakes/memoryCache.ts';
import { createMemoryStore } from '../../fakes/memoryStore.ts';

const IMAGE = 'https://site.test/shared.png';

/** Objects of the image that no record names; each record that is asked for takes a second. */
function createService(pages: number) {
  let elapsed = 0;
  const store = createMemoryStore({
    intercept: async ({ method }, apply) => {
      if (method === 'read') elapsed += 1_000;
      return apply();
    },
  });
  for (let n = 0; n < pages; n += 1) {
    const name = objectName(imageIdOf(IMAGE), pageIdOf(`https://site.test/${n}`), 'killed', 'shared.png');
    store.objects.set(name, { bytes: Buffer.alloc(1), contentType: 'image/png', lastModified: new Date(0) });
  }
  const handler = createHttpHandler(
    lookUpOperation({
      ...store,
      cache: createMemoryCache().cache,
      clock: { ...systemClock, elapsed: () => elapsed },
      metrics: { emit: async () => undefined },
    }),
  );
  return {
    elapsed: () => elapsed,
    async get(query: string) {
      const { log } = console;
      console.log = () => undefined;
      try {
        const context = { getRemainingTimeInMillis: () => 29_000 };
        const rawQueryString = `url=${encodeURIComponent(IMAGE)}${query}`;
        const { statusCode, body } = await handler({ rawQueryString }, context as never);
        return { statusCode, ...(JSON.parse(body) as { code?: string; next?: string; count?: number }) };
      } finally {
        console.log = log;
      }
    },
  };
}

describe('the look-up of an image by HTTP', () => {
  it('answers at half of its time with what there is, and goes on from there', async () => {
    const service = createService(40);
    let { next, ...first } = await service.get('');
    expect(first).toMatchObject({ statusCode: 200, count: 0 });
    expect(service.elapsed()).toBeGreaterThanOrEqual(14_500);
    expect(service.elapsed()).toBeLessThan(29_000);
    let responses = 1;
    for (; next !== undefined; responses += 1) ({ next } = await service.get(`&cursor=${next}`));
    expect(responses).toBe(3);
  });

  it.each(['&limit=0', '&cursor=nonsense', `&cursor=${'A'.repeat(43)}`, `&cursor=${'A'.repeat(9_000)}`])(
    'is 400 OPTION_INVALID with %.20s',
    async (query) => {
      expect(await createService(1).get(query)).toMatchObject({ statusCode: 400, code: 'OPTION_INVALID' });
    },
  );

  it('is 404 where no page holds it and all has been looked at', async () => {
    expect(await createService(3).get('')).toMatchObject({ statusCode: 404, code: 'PAGE_NOT_FOUND' });
  });
});

/** C01, C02: many calls on one page at the same moment. */

import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../lib/concurrency/waiting.ts';
import { sweep } from '../../../lib/sweep/sweep.ts';
import type { Intercept } from '../../fakes/intercept.ts';
import { answer, pathOf, type Respond } from '../../lib/web/rawServer.ts';
import { pngOf } from '../../support/pictures.ts';
import { report } from '../hostile/support/figures.ts';
import { type HostileAnswer, startHostileService } from '../hostile/support/hostileService.ts';

const HTML = { 'Content-Type': 'text/html' };
const PNG = { 'Content-Type': 'image/png' };
const DAYS_MS = 2 * 24 * 60 * 60 * 1_000;

const respond: Respond = (socket, head) => {
  const path = pathOf(head);
  if (path === '/') socket.write(answer(200, HTML, '<img src=a.png><img src=b.png>'));
  else socket.write(answer(200, PNG, pngOf(path === '/a.png' ? 1 : 2)));
};

/** Redis is there, is not, or goes when it has been asked so many times. */
interface RedisFate {
  readonly redis: string;
  readonly downAfter: (posts: number) => number;
  /** The lock is held from the first call to the last. */
  readonly hasLock: boolean;
}

const FATES: readonly RedisFate[] = [
  { redis: 'with Redis', downAfter: () => Number.POSITIVE_INFINITY, hasLock: true },
  { redis: 'without Redis', downAfter: () => 0, hasLock: false },
  { redis: 'with Redis killed after one lock', downAfter: () => 1, hasLock: false },
  { redis: 'with Redis killed when half have asked', downAfter: (posts) => posts / 2, hasLock: false },
  { redis: 'with Redis killed before the marker', downAfter: (posts) => posts, hasLock: true },
  { redis: 'with Redis killed before the settling', downAfter: (posts) => posts + 1, hasLock: true },
  { redis: 'with Redis killed before the release', downAfter: (posts) => posts + 2, hasLock: true },
];

const ROWS = FATES.flatMap((fate) => [2, 50].map((posts) => ({ ...fate, posts })));

describe('C01: of simultaneous POSTs', () => {
  it.each(ROWS)('C01 $posts $redis one is 201', async ({ posts, downAfter, hasLock }) => {
    let asked = 0;
    const cacheIntercept: Intercept = (_, apply) => {
      if (asked++ === downAfter(posts)) service.cache.setDown(true);
      return apply();
    };
    await using service = await startHostileService({ respond, cacheIntercept });
    const responses = await Promise.all(Array.from({ length: posts }, () => service.post(service.url())));

    expectOneWinner(responses, posts);
    const fetched = service.site.heads.filter((head) => pathOf(head) === '/').length;
    if (hasLock) expect(fetched).toBe(1);
    else expect(fetched).toBeLessThanOrEqual(posts);

    const images = (await service.get(service.url())).body.images as readonly string[];
    expect(images).toHaveLength(2);
    const { store, cache } = service;
    const clock = { ...systemClock, now: () => new Date(Date.now() + DAYS_MS) };
    // Its locks and markers are over by then.
    cache.flush();
    const services = { ...store, cache: cache.cache, lock: cache.lock, clock, newId: () => 'sweep' };
    await sweep(services, performance.now() + 60_000);
    expect([...store.objects.keys()].sort()).toEqual([...images].sort());
    report({ inputs: posts });
  });
});

function expectOneWinner(responses: readonly HostileAnswer[], posts: number): void {
  const statuses = responses.map(({ status }) => status).sort();
  expect(statuses).toEqual([201, ...Array<number>(posts - 1).fill(409)]);
  const codes = new Set(responses.filter(({ status }) => status === 409).map(({ code }) => code));
  expect(['URL_ALREADY_PROCESSED', 'URL_IN_PROGRESS']).toEqual(expect.arrayContaining([...codes]));
}

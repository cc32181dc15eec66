/** Fakes responses of the API and of the store in the browser, for states that a real run seldom has. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Item, SkippedLine } from '../../../../lib/domain/model.ts';
import { startSite } from '../../../../local-stack/front/site.ts';
import { pngOf } from '../../../support/pictures.ts';
import { ROOT } from '../../../support/startApp.ts';
import type { Served } from './suite.ts';

/** The store's origin, which the console's policy allows. Nothing listens there: the test responds. */
export const STORE = 'http://127.0.0.1:9';
const API_CALLS = '**/api/images**';

export const PAGE_URL = 'https://site.test/page';

export function itemNumber(index: number, parts: Partial<Item> = {}): Item {
  return {
    name: `images/${index}/page/op/picture-${index}.png`,
    url: `https://site.test/picture-${index}.png`,
    sha256: String(index).padStart(64, '0'),
    bytes: 1000 + index,
    contentType: 'image/png',
    width: 640,
    height: 480,
    outcome: 'stored',
    foundIn: [{ element: 'img', attribute: 'src', slot: index }],
    ...parts,
  };
}

/** The body of a response to POST or PUT. */
export function recordWith(items: readonly Item[], parts: Readonly<Record<string, unknown>> = {}) {
  const skipped = (parts.skipped ?? []) as readonly SkippedLine[];
  return {
    url: PAGE_URL,
    finalUrl: PAGE_URL,
    createdAt: '2026-01-01T10:00:00.000Z',
    updatedAt: '2026-01-02T11:30:00.000Z',
    complete: true,
    variants: 'all',
    counts: {
      discovered: items.length + skipped.length,
      items: items.length,
      skipped: skipped.length,
      byCode: {},
    },
    images: items.map(({ name }) => name),
    items,
    skipped,
    warnings: [],
    ...parts,
  };
}

/** The body of a response to GET with links. */
export function linkedWith(items: readonly Item[], query = '') {
  const linked = items.map((item) => ({ ...item, href: `${STORE}/bucket/${item.name}${query}` }));
  const { url, complete, updatedAt, images, skipped } = recordWith(items);
  return { url, images, count: items.length, complete, updatedAt, items: linked, skipped };
}

export interface StubbedAnswer {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The response is sent after this promise. */
  readonly after?: Promise<unknown>;
}

/** The console without a service behind it. */
export async function startStubbedSite(): Promise<Served> {
  const console = { api: STORE, storeOrigin: STORE };
  const site = await startSite({ folder: join(ROOT, 'static'), host: '127.0.0.1', port: 0, console });
  return { siteUrl: site.url, stop: site.close };
}

/** From now on, every call to the API gets the response for its method, and every picture of the store is a PNG. */
export async function stub(
  page: Page,
  responses: Readonly<Partial<Record<'GET' | 'POST' | 'PUT', StubbedAnswer>>>,
): Promise<void> {
  await page.unroute(API_CALLS);
  await page.route(API_CALLS, async (route) => {
    const response = responses[route.request().method() as 'GET' | 'POST' | 'PUT'];
    if (response === undefined) return route.abort('connectionrefused');
    await response.after;
    await route
      .fulfill({
        status: response.status ?? 200,
        contentType: typeof response.body === 'string' ? 'text/plain' : 'application/json',
        headers: { ...response.headers },
        body: typeof response.body === 'string' ? response.body : JSON.stringify(response.body),
      })
      // The page may have given up the request.
      .catch(() => undefined);
  });
  const png = pngOf(7, 64, 48);
  await page.route(`${STORE}/**`, (route) => route.fulfill({ contentType: 'image/png', body: png }));
}

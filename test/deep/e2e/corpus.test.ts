import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createByteBudget } from '../../../lib/concurrency/byteBudget.ts';
import { systemClock } from '../../../lib/concurrency/waiting.ts';
import { readConfig } from '../../../lib/config.ts';
import { type HarvestServices, harvest } from '../../../lib/harvest/harvest.ts';
import { createUploadPermits } from '../../../lib/harvest/uploadPermits.ts';
import { harvestResponse } from '../../../lib/http/views.ts';
import { createNoCache } from '../../../lib/redis/noCache.ts';
import { createS3Store, type S3Store } from '../../../lib/s3/store.ts';
import { createWeb } from '../../../lib/web/createWeb.ts';
import { type ObjectStore, startObjectStore } from '../../../local-stack/embedded/objectStore.ts';
import { CORPUS } from '../../support/corpus.ts';
import { pngOf } from '../../support/pictures.ts';

/**
 * Saved pages of the real web, harvested whole through the real guard, store and order of writing. Every name
 * resolves to a server on loopback that has a picture for every path, so nothing leaves the machine.
 */
const pages = readdirSync(CORPUS).filter((name) => name.endsWith('.html'));

let folder: string;
let site: Server;
let store: ObjectStore;
let s3: S3Store;
let web: ReturnType<typeof createWeb>;
let services: HarvestServices;
let port: number;
let items = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-api-'));
  store = await startObjectStore({ directory: folder, bucket: 'images', port: 0 });
  site = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site.test');
    const page = pathname.slice('/saved/'.length);
    if (pages.includes(page)) {
      const html = readFileSync(join(CORPUS, page), 'utf8');
      // Every address of the page on this server's port, with the host it had.
      const local = html.replace(
        /(?:https?:)?\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})(?=[/"'\s?)&])/gi,
        `http://$1:${port}`,
      );
      return response.setHeader('content-type', 'text/html; charset=utf-8').end(local);
    }
    if (request.headers.accept?.startsWith('text/css')) {
      return response.setHeader('content-type', 'text/css').end('body { background: url(in-css.png) }');
    }
    const seed = createHash('sha256')
      .update(request.headers.host ?? '')
      .update(request.url ?? '')
      .digest()
      .readUInt32BE();
    return response.setHeader('content-type', 'image/png').end(pngOf(seed));
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  port = (site.address() as AddressInfo).port;

  const config = readConfig({
    S3_BUCKET: 'images',
    S3_ENDPOINT: store.endpoint,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local-secret',
    FETCH_PORTS: String(port),
  });
  s3 = createS3Store(config.store);
  web = createWeb(config.fetch, {
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    classify: (address) => (address === '127.0.0.1' ? 'public' : 'special'),
  });
  let ids = 0;
  services = {
    web,
    records: s3.records,
    images: s3.images,
    ...createNoCache(),
    clock: systemClock,
    limits: config.limits,
    bytesInFlight: createByteBudget(64 * 1024 * 1024),
    uploadPermits: createUploadPermits(),
    newId: () => String(++ids).padStart(32, '0'),
  };
});
afterAll(async () => {
  s3.close();
  await web.close();
  await store.close();
  await new Promise((resolve) => {
    site.close(resolve);
    site.closeAllConnections();
  });
  await rm(folder, { recursive: true });
});

describe('the saved pages', () => {
  it.each(pages)('%s is harvested whole', async (page) => {
    const url = new URL(`http://site.test:${port}/saved/${page}`);
    const call = { deadline: performance.now() + 29_000, measures: {} };
    const harvested = await harvest(services, { mode: 'create', url, isDryRun: false }, call);
    const { record } = harvested;
    expect(harvestResponse(harvested, { isUpdate: false, isDryRun: false }).statusCode).toBe(201);
    expect(record.complete).toBe(true);
    expect(record.counts.discovered).toBe(record.counts.items + record.counts.skipped);
    expect(record.items).toHaveLength(record.counts.items);
    items += record.items.length;
    // Only the page itself may cause skipped lines: a placeholder, or a URL with another port.
    const unexpected = record.skipped.filter(
      ({ code }) => !['PLACEHOLDER', 'ADDRESS_FORBIDDEN', 'NOT_AN_IMAGE'].includes(code),
    );
    expect(unexpected).toEqual([]);
  });

  it('have thousands of images, all of them stored', async () => {
    expect(items).toBeGreaterThan(2_000);
    const names = new Set<string>();
    for await (const { name } of s3.images.list('images/')) names.add(name);
    expect(names.size).toBe(items);
  });
});

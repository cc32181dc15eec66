/** A store that is slow: what the harvests of one process send to it at once, and who still finds a socket. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ImageStore } from '../../../lib/domain/ports.ts';
import { harvest } from '../../../lib/harvest/harvest.ts';
import { createS3Store } from '../../../lib/s3/store.ts';
import { pngOf } from '../../support/pictures.ts';
import { until } from '../../support/until.ts';
import { createWorld } from '../../support/world.ts';

const PAGES = 8;
const IMAGES = 32;

describe('the uploads of a full process', () => {
  const open: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  /** Answers no upload before `letGo`; it has no records. */
  async function startSlowStore() {
    const held: ServerResponse[] = [];
    let isSlow = true;
    const accept = (response: ServerResponse) => void response.writeHead(200, { etag: '"1"' }).end();
    const server = createServer((request, response) => {
      if (request.method !== 'PUT') {
        response.writeHead(404, { 'content-type': 'application/xml' });
        response.end('<Error><Code>NoSuchKey</Code></Error>');
        return;
      }
      request.resume().on('end', () => {
        if (isSlow) held.push(response);
        else accept(response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => void server.close(() => resolve()));
    });
    const store = createS3Store({
      bucket: 'bucket',
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'access', secretAccessKey: 'secret' },
      linkTtlSeconds: 60,
    });
    open.push(() => store.close());
    const letGo = () => {
      isSlow = false;
      held.splice(0).forEach(accept);
    };
    return { store, letGo, heldCount: () => held.length };
  }

  it('leave sockets for the records, and are shared by all harvests', async () => {
    const pages = Array.from({ length: PAGES }, (_, index) => `https://site${index}.test/`);
    const names = Array.from({ length: IMAGES }, (_, index) => `${index}.png`);
    const site = Object.fromEntries(
      pages.flatMap((page, at) => [
        [page, { type: 'text/html', body: names.map((name) => `<img src="${name}">`).join('') }],
        ...names.map((name, nth) => [
          `${page}${name}`,
          { type: 'image/png', body: pngOf(at * IMAGES + nth) },
        ]),
      ]),
    );
    const { services, web } = createWorld({ site });
    const { store, letGo, heldCount } = await startSlowStore();
    let [underWay, most] = [0, 0];
    const images: ImageStore = {
      ...store.images,
      put: async (...upload) => {
        underWay += 1;
        most = Math.max(most, underWay);
        await store.images.put(...upload);
        underWay -= 1;
      },
    };

    const harvests = pages.map((page) => {
      const request = { mode: 'create' as const, url: new URL(page), isDryRun: false };
      const call = { deadline: performance.now() + 29_000, measures: {} };
      return harvest({ ...services, images }, request, call);
    });
    await until(() => web.asked.length === PAGES * (1 + IMAGES) && heldCount() >= 96);
    // What is downloaded is checked on its way to the store: let all of it get there.
    let [before, quiet] = [0, 0];
    await until(() => {
      quiet = underWay === before ? quiet + 1 : 0;
      before = underWay;
      return quiet === 100;
    });
    expect(await store.records.read('a'.repeat(32))).toBeNull();
    letGo();
    for (const { record } of await Promise.all(harvests)) {
      expect(record.counts).toMatchObject({ items: IMAGES, skipped: 0 });
    }
    expect(most).toBe(96);
  });
});

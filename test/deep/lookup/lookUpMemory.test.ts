/** Many look-ups of large records at once hold few of them in memory. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { StoredRecord } from '../../../lib/domain/model.ts';
import { lookUp } from '../../../lib/lookup/lookUp.ts';
import { createS3Store } from '../../../lib/s3/store.ts';
import { createMemoryCache } from '../../fakes/memoryCache.ts';
import { itemOf, newPage } from '../../support/builders.ts';

const MIB = 1024 * 1024;
/** Who stops at 1 MiB has given up long before; the rest of the way there is in the buffers of the system. */
const WANTED_BYTES = 14 * MIB;
const LOOK_UPS = 50;

/** A bucket of these records that counts the answers of which more than `WANTED_BYTES` are on their way. */
async function startBucket(records: Readonly<Record<string, StoredRecord>>) {
  let wanted = 0;
  let mostWanted = 0;
  let gate: Promise<void> | undefined;
  const reads: string[] = [];
  const texts = new Map(
    Object.entries(records).map(([id, record]) => [id, Buffer.from(JSON.stringify(record))]),
  );

  const send = async (text: Buffer, response: ServerResponse) => {
    response.writeHead(200, { etag: '"one"', 'content-length': text.length });
    let isCounted = false;
    response.once('close', () => {
      if (isCounted) wanted -= 1;
    });
    for (let start = 0; start < text.length && !response.destroyed; start += MIB) {
      if (!isCounted && start >= WANTED_BYTES) {
        isCounted = true;
        wanted += 1;
        mostWanted = Math.max(mostWanted, wanted);
        await gate;
      }
      const isRoom = response.write(text.subarray(start, start + MIB));
      if (!isRoom)
        await Promise.race([once(response, 'drain'), once(response, 'close')]).catch(() => undefined);
    }
    response.end();
  };
  const server = createServer((request, response) => {
    const [, pageId = ''] = /pages\/(\w+)\.json/.exec(request.url ?? '') ?? [];
    reads.push(pageId);
    send(texts.get(pageId) ?? Buffer.alloc(0), response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const store = createS3Store({
    bucket: 'bucket',
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    linkTtlSeconds: 60,
  });
  const { cache } = createMemoryCache();
  return {
    services: { records: store.records, images: store.images, cache },
    reads,
    mostWanted: () => mostWanted,
    /** From now on no large answer ends before this has come to pass. */
    holdUntil: (open: Promise<void>) => {
      gate = open;
    },
    async [Symbol.asyncDispose]() {
      store.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

const [hostile, usual] = [newPage(), newPage()];
const validators = { url: 'https://site.test/', etag: '"secret"' };
const name = `images/${'a'.repeat(32)}/${hostile.pageId}/op/a.png`;
const large = hostile.recordOf([itemOf('https://site.test/a.png', { name, validators })], {
  predecessors: Array.from({ length: 20 }, () => 'x'.repeat(MIB)),
});
const records = { [hostile.pageId]: large, [usual.pageId]: usual.recordOf([]) };

describe('look-ups of a record of 20 MiB', () => {
  it(`${LOOK_UPS} at once read one after the other, and keep only what an answer shows`, async () => {
    await using bucket = await startBucket(records);
    const found = await Promise.all(
      Array.from({ length: LOOK_UPS }, () => lookUp(bucket.services, hostile.url, {})),
    );
    // One may have just arrived, of which the server does not know it yet.
    expect(bucket.mostWanted()).toBeLessThanOrEqual(2);
    const { url, complete, updatedAt, items, skipped } = large;
    const shown = items.map(({ validators: _, ...item }) => item);
    for (const one of found) expect(one).toEqual({ url, complete, updatedAt, items: shown, skipped });
  });

  it('keep no look-up of a usual record waiting, which is one read as ever', async () => {
    await using bucket = await startBucket(records);
    const opened = Promise.withResolvers<void>();
    bucket.holdUntil(opened.promise);
    const waiting = Array.from({ length: 12 }, () => lookUp(bucket.services, hostile.url, {}));
    const { url } = await lookUp(bucket.services, usual.url, {});
    expect(url).toBe(usual.url);
    expect(bucket.reads.filter((pageId) => pageId === usual.pageId)).toHaveLength(1);
    opened.resolve();
    await Promise.all(waiting);
  });
});

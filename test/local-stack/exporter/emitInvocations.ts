/**
 * Run by a test: the service's own metrics, sent as the environment says. Every line of standard input is how many
 * invocations to tell of next, since a sender of datagrams never learns whether it is too fast.
 */
import { createInterface } from 'node:readline';
import { readConfig } from '../../../lib/config.ts';
import { createEmfMetrics } from '../../../lib/emf/emfMetrics.ts';

const { receiver } = readConfig({ ...process.env, S3_BUCKET: 'none' }).metrics;
const metrics = createEmfMetrics(receiver);
let index = 0;
for await (const line of createInterface(process.stdin)) {
  for (const end = index + Number(line); index < end; index += 1) {
    await metrics.emit({
      operation: ['get', 'post', 'put'][index % 3] ?? '',
      outcome: index % 10 === 0 ? 'PAGE_NOT_FOUND' : 'OK',
      durationMs: index % 1_000,
      measures:
        index % 3 === 0
          ? { storageMs: 3, cacheHits: index % 2, cacheMisses: (index + 1) % 2 }
          : {
              pageFetchMs: 40,
              storageMs: 12,
              discovered: 5,
              stored: 3,
              unchanged: 0,
              skippedByCode: { IMAGE_STATUS: 1, NOT_AN_IMAGE: 1 },
              bytesDownloaded: 100_000,
            },
    });
  }
}

/** What the documents say about the service, held against the service. */
import { createSocket } from 'node:dgram';
import { on } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Measures } from '../lib/domain/ports.ts';
import { STORAGE_SENTENCES } from '../lib/domain/storageSentences.ts';
import { createEmfMetrics } from '../lib/emf/emfMetrics.ts';
import { STORE_SENTENCES } from '../lib/s3/problem.ts';
import { listFiles, readDocument } from './support/markdown.ts';
import { ROOT } from './support/startApp.ts';

const documents = listFiles('**/*.md');

/** As GitHub makes them of headings. */
const anchorsOf = (file: string) =>
  [...readDocument(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the links of the documents', () => {
  it.each(documents)('lead somewhere: %s', (file) => {
    const links = [...readDocument(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? file : join(dirname(file), path);
        if (!existsSync(join(ROOT, target))) return true;
        return anchor !== undefined && !anchorsOf(target).includes(anchor);
      });
    expect(broken).toEqual([]);
  });
});

describe('docs/operating.md', () => {
  const operating = readDocument('docs/operating.md');

  it('says what to do about every sentence of a 503', () => {
    // Those of a server that is not fit have a common end, and the document what differs.
    const sentences = [...STORE_SENTENCES, ...Object.values(STORAGE_SENTENCES)].map((text) =>
      text.replace(/: use one that docs\/storages\.md lists as fit\.$/, ''),
    );
    expect(sentences.length).toBeGreaterThanOrEqual(30);
    expect(sentences.filter((sentence) => !operating.includes(sentence))).toEqual([]);
  });

  it('names every metric and every measure of the log line', async () => {
    const measures: Required<Measures> = {
      pageFetchMs: 1,
      storageMs: 1,
      discovered: 1,
      stored: 1,
      unchanged: 1,
      skippedByCode: { LIMIT_REACHED: 1 },
      bytesDownloaded: 1,
      cacheHits: 1,
      cacheMisses: 1,
    };
    const { port, documents: emitted } = await receive();
    await createEmfMetrics({ hostname: '127.0.0.1', port }).emit({
      operation: 'post',
      outcome: 'OK',
      durationMs: 1,
      measures,
    });
    const metrics = new Set<string>();
    for await (const { _aws } of emitted) {
      for (const { Metrics } of _aws.CloudWatchMetrics) for (const { Name } of Metrics) metrics.add(Name);
      // This metric comes in a separate document.
      if (metrics.has('ImagesSkipped')) break;
    }
    expect(metrics.size).toBeGreaterThanOrEqual(10);
    const names = [...metrics, ...Object.keys(measures)];
    expect(names.filter((name) => !operating.includes(`\`${name}\``))).toEqual([]);
  });
});

interface EmfDocument {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly { readonly Metrics: readonly { readonly Name: string }[] }[];
  };
}

/** A receiver of metrics on a free port. It is closed after the last awaited document. */
async function receive() {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const messages = on(socket, 'message');
  async function* documents(): AsyncGenerator<EmfDocument> {
    try {
      for await (const [message] of messages) yield JSON.parse(String(message)) as EmfDocument;
    } finally {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    }
  }
  return { port: socket.address().port, documents: documents() };
}

describe('docs/deploying.md', () => {
  it('gives parameters that the template takes, and no others', () => {
    const template = readDocument('serverless.yml');
    const given = documents.flatMap((file) => [...readDocument(file).matchAll(/--param="?([A-Z_]+)=/g)]);
    const names = [...new Set(given.map(([, name]) => name))];
    expect(names.length).toBeGreaterThanOrEqual(5);
    expect(names.filter((name) => !template.includes(`param:${name}`))).toEqual([]);
  });

  it('gives the functions the memory that they have', () => {
    const text = readDocument('docs/deploying.md');
    const template = readDocument('serverless.yml');
    expect(template).toContain('memorySize: 1024');
    expect(template.match(/memorySize: 512/g)).toHaveLength(2);
    expect(text).toContain('`getImages` (512 MB), `postImages` and `putImages` (1,024 MB)');
    expect(text).toContain('20 calls a second through, 40 in a burst');
    expect(template).toMatch(/ThrottlingBurstLimit: 40\s+ThrottlingRateLimit: 20/);
  });
});

describe('docs/from-the-go-service.md', () => {
  it('has the environment that the compose file gives the app', () => {
    const text = readDocument('docs/from-the-go-service.md');
    const compose = readDocument('docker-compose.yml');
    for (const value of ['minioadmin', 'us-east-1', 'mybucket', 'minio:9000', 'redis:6379', 'nginx:80']) {
      expect([value, text.includes(`\`${value}\``), compose.includes(value)]).toEqual([value, true, true]);
    }
  });
});

/** What the documents say about the service, held against the service. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { STORE_SENTENCES } from '../lib/s3/problem.ts';
import { listFiles, readDocument } from './support/markdown.ts';
import { ROOT } from './support/startApp.ts';

const documents = listFiles('**/*.md');
const sources = listFiles('lib/**/*.ts').map((file) => readFileSync(join(ROOT, file), 'utf8'));

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
    const elsewhere = sources.flatMap((source) => [
      ...source.matchAll(/(?:detail:|unavailable\()\s*'(The (?:storage|record)[^']*)'/g),
    ]);
    // Those of a server that is not fit have a common end, and the document what differs.
    const sentences = [...STORE_SENTENCES, ...elsewhere.map(([, text = '']) => text)].map((text) =>
      text.replace(/: use one that docs\/storages\.md lists as fit\.$/, ''),
    );
    expect(sentences.length).toBeGreaterThanOrEqual(35);
    expect(sentences.filter((sentence) => !operating.includes(sentence))).toEqual([]);
  });

  it('names every metric and every measure of the log line', () => {
    const metrics = readFileSync(join(ROOT, 'lib/emf/emfMetrics.ts'), 'utf8');
    const names = [...metrics.matchAll(/(?:count|time)\('(\w+)'|name: '(\w+)', unit/g)].map(
      ([, a, b]) => a ?? b,
    );
    expect(names.length).toBeGreaterThanOrEqual(11);
    const measures = [
      ...(/interface Measures \{([\s\S]*?)\n\}/
        .exec(readFileSync(join(ROOT, 'lib/domain/ports.ts'), 'utf8'))?.[1]
        ?.matchAll(/^ {2}(?:readonly )?(\w+)\?/gm) ?? []),
    ].map(([, name]) => name);
    expect(measures.length).toBeGreaterThanOrEqual(9);
    expect([...names, ...measures].filter((name) => !operating.includes(`\`${name}\``))).toEqual([]);
  });
});

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

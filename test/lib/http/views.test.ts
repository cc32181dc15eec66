import { describe, expect, it } from '@jest/globals';
import { changesBetween } from '../../../lib/harvest/compose.ts';
import type { Include } from '../../../lib/http/input.ts';
import { harvestResponse, lookUpResponse } from '../../../lib/http/views.ts';
import { createMemoryStore } from '../../fakes/memoryStore.ts';
import { itemOf, recordOf } from '../../support/builders.ts';

const item = itemOf('https://site.test/a.png', {
  validators: { url: 'https://site.test/a.png', etag: '"secret"' },
});
const record = recordOf([item], { url: 'https://site.test/?q=a b&c' });
const harvest = { record, changes: changesBetween(null, record), isNew: true };

describe('the answer to a harvest', () => {
  it('of a new page is 201 with the percent-encoded URL in Location', () => {
    const response = harvestResponse(harvest, { isUpdate: false, isDryRun: false });
    expect(response).toMatchObject({
      statusCode: 201,
      headers: {
        location: '/images?url=https%3A%2F%2Fsite.test%2F%3Fq%3Da%20b%26c',
        'content-type': 'application/json',
      },
    });
    const body = JSON.parse(response.body);
    expect(Object.keys(body)).toEqual([
      'url',
      'finalUrl',
      'createdAt',
      'updatedAt',
      'complete',
      'variants',
      'counts',
      'images',
      'items',
      'skipped',
      'warnings',
    ]);
    expect(body.images).toEqual([item.name]);
  });

  it('never shows validators, opIds or predecessors', () => {
    const { body } = harvestResponse(harvest, { isUpdate: true, isDryRun: false });
    expect(body).not.toMatch(/secret|validators|opId|predecessors|schema/);
  });

  it.each([
    [{ isNew: true, isUpdate: true, isDryRun: false }, 201],
    [{ isNew: false, isUpdate: true, isDryRun: false }, 200],
    [{ isNew: true, isUpdate: false, isDryRun: true }, 200],
  ])('of %j is %i', ({ isNew, ...options }, status) => {
    const response = harvestResponse({ ...harvest, isNew }, options);
    expect(response.statusCode).toBe(status);
    const body = JSON.parse(response.body);
    expect(body.dryRun).toBe(options.isDryRun ? true : undefined);
    expect('changes' in body).toBe(options.isUpdate);
    expect('location' in response.headers).toBe(status === 201);
  });
});

describe('the answer to a look-up', () => {
  const { images } = createMemoryStore();
  const ask = (include: readonly Include[] = [], ifNoneMatch?: string, found = record) =>
    lookUpResponse(found, new Set(include), images, ifNoneMatch);

  it('has the names, their count and an ETag', async () => {
    const response = await ask();
    expect(JSON.parse(response.body)).toEqual({
      url: record.url,
      images: [item.name],
      count: 1,
      complete: true,
      updatedAt: record.updatedAt,
    });
    expect(response.headers).toMatchObject({
      etag: expect.stringMatching(/^"[\w-]{27}"$/),
      'cache-control': 'no-cache',
    });
  });

  it('has items and skipped lines with details, without validators, under another ETag', async () => {
    const [plain, response] = await Promise.all([ask(), ask(['details'])]);
    const { validators: _, ...shown } = item;
    expect(JSON.parse(response.body)).toMatchObject({ items: [shown], skipped: [] });
    expect(response.body).not.toContain('secret');
    expect(response.headers.etag).not.toBe(plain.headers.etag);
  });

  it.each([
    [['links'], { name: item.name, href: `https://store.test/${item.name}?signed` }],
    [
      ['links', 'details'],
      { name: item.name, sha256: item.sha256, href: `https://store.test/${item.name}?signed` },
    ],
  ] as const)('with %j has presigned links, no ETag, and must not be stored', async (include, expected) => {
    const response = await ask(include);
    expect(JSON.parse(response.body).items).toMatchObject([expected]);
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(response.headers).not.toHaveProperty('etag');
  });

  it('with links alone has items of name and href only', async () => {
    const body = JSON.parse((await ask(['links'])).body);
    expect(body.items.map((line: object) => Object.keys(line))).toEqual([['name', 'href']]);
    expect(body).not.toHaveProperty('skipped');
  });

  it('is 304 without a body for whoever has it already', async () => {
    const { etag = '' } = (await ask()).headers;
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      expect(await ask([], tags)).toMatchObject({ statusCode: 304, body: '', headers: { etag } });
    }
    for (const tags of ['"other"', etag.replaceAll('"', ''), '']) {
      expect(await ask([], tags)).toMatchObject({ statusCode: 200 });
    }
  });

  it('has an ETag of the content, whoever wrote it', async () => {
    const { etag } = (await ask()).headers;
    const rewritten = { ...record, opId: 'fence', predecessors: [record.opId] };
    expect((await ask([], undefined, rewritten)).headers.etag).toBe(etag);
    expect((await ask([], undefined, { ...record, complete: false })).headers.etag).not.toBe(etag);
  });
});

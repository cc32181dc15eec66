/** F: a bucket that answers, but wrongly. Each answer has a code and a sentence, and loses nothing. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import { RECORD_MAX_BYTES } from '../../../lib/record/recordText.ts';
import type { StoreFault } from '../../support/faultyStore.ts';
import { report } from '../hostile/support/figures.ts';
import { measureCost } from '../hostile/support/meter.ts';
import { type PartsService, startPartsService } from './partsService.ts';

const XML = { 'content-type': 'application/xml' };
const HTML = { 'content-type': 'text/html' };
const PORTAL = '<html><body>Please log in to this network.</body></html>';
const listing = (inside: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>parts</Name><Prefix>images/</Prefix><MaxKeys>1000</MaxKeys>${inside}</ListBucketResult>`;
const object = (key: string) =>
  `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents>`;

/** Harvested, and then looked up as an image, past the cache: the page's record, the listing, the holder's record. */
async function harvested(): Promise<PartsService> {
  const service = await startPartsService();
  expect((await service.post(service.page)).code).toBe('OK');
  service.redis.entries.clear();
  return service;
}

/** The bucket is mended: everything is as it was, without a restart. */
async function expectUnharmed(service: PartsService) {
  service.mendStore();
  service.redis.entries.clear();
  expect(await service.compare()).toEqual({ missing: [], orphans: [] });
  expect((await service.get(service.page)).body.count).toBe(2);
  expect((await service.get(service.url('/1.png'))).body.count).toBe(1);
  expect((await service.put(service.page)).code).toBe('OK');
}

describe('F01 a listing that is', () => {
  let tokens = 0;
  const responses: readonly (readonly [string, StoreFault | (() => StoreFault)])[] = [
    ['no XML but a page of a network that wants a login', { reply: 200, headers: HTML, body: PORTAL }],
    ['empty', { reply: 200, headers: XML, body: '' }],
    ['another XML', { reply: 200, headers: XML, body: '<?xml version="1.0"?><Other><Name>x</Name></Other>' }],
    [
      'XML that breaks off',
      {
        reply: 200,
        headers: XML,
        body: listing(`<IsTruncated>false</IsTruncated>${object('images/a')}`).slice(0, -40),
      },
    ],
    ['XML that breaks off within the head', { reply: 200, headers: XML, body: listing('').slice(0, 150) }],
    [
      'announced to go on, without a token',
      { reply: 200, headers: XML, body: listing('<IsTruncated>true</IsTruncated>') },
    ],
    [
      'the same token for ever',
      {
        reply: 200,
        headers: XML,
        body: listing('<IsTruncated>true</IsTruncated><NextContinuationToken>a</NextContinuationToken>'),
      },
    ],
    [
      'two tokens in turn',
      () => ({
        reply: 200,
        headers: XML,
        body: listing(
          `<IsTruncated>true</IsTruncated><NextContinuationToken>${++tokens % 2}</NextContinuationToken>`,
        ),
      }),
    ],
    [
      'ever new tokens and nothing else',
      () => ({
        reply: 200,
        headers: XML,
        body: listing(
          `<IsTruncated>true</IsTruncated><NextContinuationToken>${++tokens}</NextContinuationToken>`,
        ),
      }),
    ],
    [
      'ever new tokens and always the same objects',
      () => ({
        reply: 200,
        headers: XML,
        body: listing(
          `<IsTruncated>true</IsTruncated><NextContinuationToken>${++tokens}</NextContinuationToken>${object('images/a')}`,
        ),
      }),
    ],
  ];
  it.each(responses)('%s is STORAGE_UNAVAILABLE, not PAGE_NOT_FOUND, and ends', async (_, fault) => {
    await using service = await harvested();
    service.breakStore(({ kind }) =>
      kind !== 'LIST' ? 'pass' : typeof fault === 'function' ? fault() : fault,
    );
    const before = service.s3.requests.length;
    const { code, headers } = await service.get(service.url('/1.png'));
    expect([code, headers['retry-after']]).toEqual(['STORAGE_UNAVAILABLE', '5']);
    expect(service.s3.requests.length - before).toBeLessThan(200);
    await expectUnharmed(service);
  });

  it('endless, with ever new objects, ends with the time of the call', async () => {
    await using service = await startPartsService({ timeMs: 1_500 });
    service.breakStore(({ kind }) =>
      kind !== 'LIST'
        ? 'pass'
        : {
            reply: 200,
            headers: XML,
            body: listing(
              `<IsTruncated>true</IsTruncated><NextContinuationToken>${++tokens}</NextContinuationToken>${object(`images/${tokens}`)}`,
            ),
          },
    );
    const { value, cost } = await measureCost(() => service.get(service.url('/1.png')));
    expect(value.code).toBe('STORAGE_UNAVAILABLE');
    expect(cost.elapsedMs).toBeLessThan(20_000);
  });
});

describe('F01 a record that is', () => {
  const ownRecord = async (service: PartsService) => {
    const record = await service.recordOf();
    if (record === null) throw new Error('It was not harvested.');
    return record;
  };
  const renamed = (record: Awaited<ReturnType<typeof ownRecord>>, name: string) => ({
    ...record,
    items: record.items.map((item, index) => (index === 0 ? { ...item, name } : item)),
  });
  const UNKNOWN = 'This version cannot read the record of this page';
  const WEB_PAGE = 'S3_ENDPOINT answers with a web page';
  const bodies: readonly (readonly [string, (service: PartsService) => Promise<string | Buffer>])[] = [
    ['a page of a network that wants a login', async () => PORTAL],
    ['compressed', async (service) => gzipSync(JSON.stringify(await ownRecord(service)))],
    [
      'of another page',
      async (service) => JSON.stringify({ ...(await ownRecord(service)), url: service.url('/other') }),
    ],
    [
      'one that names an object of another page',
      async (service) => {
        const record = await ownRecord(service);
        const [name = ''] = record.items.map((item) => item.name);
        return JSON.stringify(renamed(record, name.replace(pageIdOf(service.page), 'f'.repeat(32))));
      },
    ],
    [
      'one that names a record',
      async (service) =>
        JSON.stringify(renamed(await ownRecord(service), `pages/${pageIdOf(service.url('/other'))}.json`)),
    ],
    [
      'one that names a way up',
      async (service) => JSON.stringify(renamed(await ownRecord(service), 'images/../pages/x.json')),
    ],
  ];
  it.each(bodies)('%s is STORAGE_UNAVAILABLE for every call, and nothing is removed', async (what, make) => {
    await using service = await startPartsService();
    expect((await service.post(service.url('/other'))).code).toBe('OK');
    expect((await service.post(service.page)).code).toBe('OK');
    const whole = JSON.stringify(await ownRecord(service));
    const key = `pages/${pageIdOf(service.page)}.json`;
    await service.putRaw(key, await make(service));
    service.redis.entries.clear();
    service.show(3);
    const objects = await service.namesIn('images/');

    const { value, cost } = await measureCost(async () => [
      await service.get(service.page),
      await service.post(service.page),
      await service.put(service.page),
    ]);
    report({ inputs: 3, grownBytes: cost.grownBytes });
    for (const { code, body, text } of value) {
      expect(code).toBe('STORAGE_UNAVAILABLE');
      expect(body.detail).toContain(what.startsWith('a page of a network') ? WEB_PAGE : UNKNOWN);
      expect(text).not.toMatch(/127\.0\.0\.1|log in/);
    }
    expect(await service.namesIn('images/')).toEqual(objects);

    await service.putRaw(key, whole);
    expect((await service.get(service.page)).body.count).toBe(2);
    expect((await service.put(service.page)).body.count).toBe(undefined);
    expect((await service.get(service.url('/other'))).body.count).toBe(2);
  });

  it('of a hundred megabytes is STORAGE_UNAVAILABLE, and not read to its end', async () => {
    await using service = await harvested();
    const body = Buffer.alloc(RECORD_MAX_BYTES + 1, ' ');
    // The announced rest never comes: a service that waits for it does not answer in time.
    const headers = { etag: '"big"', 'content-length': '100000000' };
    service.breakStore(({ kind }) => (kind === 'GET record' ? { reply: 200, headers, body } : 'pass'));
    for (const call of [service.get, service.post, service.put]) {
      const { code, body: problem } = await call(service.page);
      expect(code).toBe('STORAGE_UNAVAILABLE');
      expect(problem.detail).toMatch(/cannot read the record of this page/);
    }
    await expectUnharmed(service);
  });

  it('without an ETag is STORAGE_UNAVAILABLE: there would be nothing to commit against', async () => {
    await using service = await harvested();
    const text = JSON.stringify(await ownRecord(service));
    service.breakStore(({ kind }) => (kind === 'GET record' ? { reply: 200, body: text } : 'pass'));
    expect((await service.put(service.page)).code).toBe('STORAGE_UNAVAILABLE');
    await expectUnharmed(service);
  });

  it('cut off by the line is STORAGE_UNAVAILABLE', async () => {
    await using service = await harvested();
    await service.s3Line.set({ resetAfterBytes: 400 });
    expect((await service.get(service.page)).code).toBe('STORAGE_UNAVAILABLE');
    await service.s3Line.set('pass');
    await expectUnharmed(service);
  });
});

describe('F01 a write whose answer', () => {
  it.each([
    ['is a page of a network that wants a login', { reply: 200, headers: HTML, body: PORTAL }],
    ['has no ETag', { reply: 200, body: '' }],
  ] as const)('%s was no upload', async (_, fault) => {
    await using service = await startPartsService();
    service.breakStore(({ kind }) => (kind === 'PUT image' ? fault : 'pass'));
    expect((await service.post(service.page)).code).toBe('STORAGE_UNAVAILABLE');
    service.mendStore();
    expect((await service.get(service.page)).code).toBe('PAGE_NOT_FOUND');
    expect((await service.post(service.page)).status).toBe(201);
    expect(await service.compare()).toEqual({ missing: [], orphans: [] });
  });
});

describe('F01 a bucket that', () => {
  const elsewhere = 'http://127.0.0.1:1/leak';
  const refusals: readonly (readonly [string, StoreFault, RegExp])[] = [
    [
      'sends elsewhere with 301',
      {
        reply: 301,
        headers: { ...XML, location: elsewhere },
        body: '<Error><Code>PermanentRedirect</Code></Error>',
      },
      /AWS_REGION or S3_ENDPOINT/,
    ],
    [
      'sends elsewhere with 307',
      {
        reply: 307,
        headers: { ...XML, location: elsewhere },
        body: '<Error><Code>TemporaryRedirect</Code></Error>',
      },
      /AWS_REGION or S3_ENDPOINT/,
    ],
    [
      'sends elsewhere with 302, as a proxy would',
      { reply: 302, headers: { ...HTML, location: elsewhere }, body: '<html>' },
      /AWS_REGION or S3_ENDPOINT/,
    ],
    [
      'sends elsewhere with 308, as a proxy would',
      { reply: 308, headers: { ...HTML, location: elsewhere }, body: '<html>' },
      /AWS_REGION or S3_ENDPOINT/,
    ],
    [
      'lies in another region',
      {
        reply: 400,
        headers: { ...XML, 'x-amz-bucket-region': 'eu-west-1' },
        body: '<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>',
      },
      /AWS_REGION or S3_ENDPOINT/,
    ],
    [
      'has another clock',
      { reply: 403, headers: XML, body: '<Error><Code>RequestTimeTooSkewed</Code></Error>' },
      /clock/,
    ],
  ];
  it.each(refusals)(
    '%s is STORAGE_UNAVAILABLE for every call; nobody is followed',
    async (_, fault, detail) => {
      await using service = await harvested();
      service.breakStore(() => fault);
      for (const call of [service.get, service.post, service.put]) {
        const { code, headers, body, text } = await call(service.page);
        expect([code, headers['retry-after']]).toEqual(['STORAGE_UNAVAILABLE', '5']);
        expect(body.detail).toMatch(detail);
        expect(text).not.toContain('127.0.0.1');
      }
      await expectUnharmed(service);
    },
  );

  it('sends elsewhere is asked once a try: the credentials go to nobody else', async () => {
    await using service = await harvested();
    await using other = await startPartsService();
    service.breakStore(() => ({
      reply: 307,
      headers: { location: `${other.s3.endpoint}/parts/pages/x.json` },
    }));
    await service.get(service.page);
    await service.put(service.page);
    expect(other.s3.requests).toEqual([]);
  });
});

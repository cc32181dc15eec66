/** Real servers that know the bucket by their host name: an endpoint with the bucket in it, and path style as well. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { StoreConfig } from '../../../lib/config.ts';
import { createS3Store } from '../../../lib/s3/store.ts';
import { findMinIo, startMinIo } from '../../support/minio.ts';
import { namesLeadHere } from '../../support/namesLeadHere.ts';
import { FIT_SERVERS, startS3Server } from '../../support/s3Servers.ts';
import { until } from '../../support/until.ts';

const DOMAIN = 'store.test';

interface Started {
  readonly config: StoreConfig;
  close(): Promise<void>;
}

/** Those that this machine has, each with `DOMAIN` as the one below which buckets are. */
const SERVERS: readonly (readonly [string, () => Promise<Started>])[] = [
  ...[findMinIo()].flatMap((program) =>
    program === null
      ? []
      : [['MinIO', (): Promise<Started> => startMinIo(program, { MINIO_DOMAIN: DOMAIN })] as const],
  ),
  ...FIT_SERVERS.flatMap(({ name, find, command }) => {
    const program = find();
    if (program === null || name !== 'versitygw') return [];
    const withDomain: typeof command = async (place) => {
      const [path = '', ...args] = await command(place);
      return [path, '--virtual-domain', DOMAIN, ...args];
    };
    const { environment } = FIT_SERVERS.find((each) => each.name === name) ?? {};
    return [
      [
        name,
        (): Promise<Started> =>
          startS3Server({ command: withDomain, ...(environment && { environment }) }, program),
      ] as const,
    ];
  }),
];

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

describe('an endpoint that names the bucket', () => {
  it('is tried where there is a server', () => {
    if (process.env.REQUIRE_SERVICES === '1')
      expect(SERVERS.map(([name]) => name)).toEqual(['MinIO', 'versitygw']);
  });

  for (const [name, start] of SERVERS) {
    it(`is refused at ${name}, which keeps nothing of the check; the same without the bucket is right`, async () => {
      open.push(namesLeadHere(DOMAIN));
      const { config, close } = await start();
      open.push(close);
      const { port } = new URL(config.endpoint ?? '');
      const storeAt = (parts: Partial<StoreConfig>) => {
        const store = createS3Store({ ...config, ...parts });
        open.push(() => store.close());
        return store;
      };
      const doubled = storeAt({
        endpoint: `http://${config.bucket}.${DOMAIN}:${port}`,
        forcePathStyle: true,
      });
      await expect(doubled.records.verify()).rejects.toMatchObject({
        detail: expect.stringMatching(/^S3_ENDPOINT names a bucket already/),
      });
      const { images } = storeAt({});
      await until(async () => (await Array.fromAsync(images.list(''))).length === 0);
      const inHostName = storeAt({ endpoint: `http://${DOMAIN}:${port}`, forcePathStyle: false });
      await inHostName.records.verify();
    });
  }
});

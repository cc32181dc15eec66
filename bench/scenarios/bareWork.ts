/** Where the bare reference puts its bytes, and how it is let in. */
import { randomUUID } from 'node:crypto';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { BareWork } from '../subjects/bareHarvest.ts';
import type { BenchPage, World } from '../world.ts';

/** The links are signed before anything is measured. */
export async function bareWorkOf({ store }: World, page: BenchPage): Promise<BareWork> {
  const keys = page.pictures.map((_, number) => `images/bench/${randomUUID()}/${number}.png`);
  const { url, pictures } = page;
  const client = new S3Client({
    endpoint: store.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: {
      accessKeyId: store.env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: store.env.AWS_SECRET_ACCESS_KEY ?? '',
    },
  });
  const sign = (Key: string) => new PutObjectCommand({ Bucket: store.bucket, Key }) as never;
  const targets = await Promise.all(keys.map((key) => getSignedUrl(client as never, sign(key))));
  client.destroy();
  return { page: url, pictures, targets, headers: {} };
}

/** Causes failures that MinIO counts only once they have happened: without them, panels would be empty. */
import { request } from 'node:http';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { call } from '../../local-stack/smoke/calls.ts';
import { check } from './steps.ts';
import { APP, BUCKET } from './storeClient.ts';

const SILENCE_MS = 20_000;

/** @param store URL of MinIO on this machine */
export async function failAtStore(store: string): Promise<void> {
  // MinIO lacks this part of S3, and answers 501 to every user.
  const { status } = await call(`${store}/${BUCKET}?inventory`);
  check(status === 501, `status ${status} for what MinIO does not know`);
  await cutUpload(store);
}

/** Disconnects in the middle of an upload, once the store has begun to read it. */
async function cutUpload(store: string): Promise<void> {
  const [accessKeyId = '', secretAccessKey = ''] = APP.split(':');
  const client = new S3Client({
    endpoint: store,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const command = new PutObjectCommand({ Bucket: BUCKET, Key: 'images/cut-off' });
  const url = await getSignedUrl(client, command, { expiresIn: 60 });
  const headers = { 'Content-Length': 1_000_000, Expect: '100-continue' };
  const upload = request(url, { method: 'PUT', headers });
  await new Promise<void>((resolve, reject) => {
    upload
      .once('continue', resolve)
      .once('response', ({ statusCode }) => reject(new Error(`status ${statusCode} before the upload`)))
      .once('error', reject)
      .setTimeout(SILENCE_MS, () => upload.destroy(new Error('the store does not answer an upload')))
      .flushHeaders();
  });
  upload.on('error', () => undefined).destroy();
}

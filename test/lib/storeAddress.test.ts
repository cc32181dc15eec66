/** The rules of addressing against the SDK, which decides where requests go. Links are made without a connection. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { readConfig } from '../../lib/config.ts';
import { createS3Store } from '../../lib/s3/store.ts';
import { LOCAL_KEYS } from '../../local-stack/embedded/localKeys.ts';

const BUCKETS = [
  ...['abc', 'a-b', '123', 'a'.repeat(63), 'xn--abc', 'storage'],
  ...['ab', 'a'.repeat(64), 'a'.repeat(255), 'my.bucket', 'my..bucket', '1.2.3.4', '...', 'a.'],
  ...['Bucket', 'a_b', '-ab', 'ab-', 'a:b', 'ä', 'a%2fb', "a'b", 'a*b'],
  'arn:aws:s3:eu-north-1:123456789012:accesspoint/images',
];
const ENDPOINTS = [
  ...['http://store.test', 'https://store.test:9000', 'https://store.test/s3', 'http://localhost:9000'],
  ...['http://10.0.0.1:9000', 'http://[::1]:9000', 'http://1.2.3', 'https://storage.googleapis.com'],
];

const settingsOf = (bucket: string, endpoint: string, style: string | undefined) => ({
  S3_BUCKET: bucket,
  S3_ENDPOINT: endpoint,
  ...(style !== undefined && { S3_FORCE_PATH_STYLE: style }),
});

/** null when the settings are refused. */
function configOf(settings: Readonly<Record<string, string>>) {
  try {
    return readConfig(settings);
  } catch {
    return null;
  }
}

describe('the address of a bucket', () => {
  // The SDK reports each address that cannot be.
  beforeEach(() => {
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each(BUCKETS)('%s is in the host name with S3_FORCE_PATH_STYLE=false, or is refused', async (bucket) => {
    for (const endpoint of ENDPOINTS) {
      const config = configOf(settingsOf(bucket, endpoint, 'false'));
      const { hostname } = new URL(endpoint);
      const store = createS3Store({
        ...{ bucket, endpoint, region: 'us-east-1', linkTtlSeconds: 60, credentials: LOCAL_KEYS },
        forcePathStyle: false,
      });
      const link = await store.images.link('images/x').then(
        (text) => new URL(text),
        () => null,
      );
      store.close();
      const isInHostName = link !== null && link.hostname !== hostname;
      expect([bucket, endpoint, config !== null]).toEqual([bucket, endpoint, isInHostName]);
      if (config === null) continue;
      expect(config.fetch.ownEndpoints.map((own) => own.hostname)).toContain(link?.hostname);
    }
  });

  it.each(BUCKETS)('%s is in the path otherwise, or is refused', async (bucket) => {
    for (const endpoint of ENDPOINTS) {
      for (const style of ['true', undefined]) {
        const config = configOf(settingsOf(bucket, endpoint, style));
        expect([bucket, config === null]).toEqual([bucket, bucket.startsWith('arn:')]);
        if (config === null) continue;
        const store = createS3Store({ ...config.store, credentials: LOCAL_KEYS });
        const { hostname, pathname } = new URL(await store.images.link('images/x'));
        store.close();
        const base = new URL(config.store.endpoint ?? '');
        expect(hostname).toBe(base.hostname);
        expect(decodeURIComponent(pathname)).toBe(`${base.pathname.replace(/\/$/, '')}/${bucket}/images/x`);
      }
    }
  });

  it('may be one that only AWS has, in either style', () => {
    for (const style of ['true', 'false', undefined]) {
      for (const S3_BUCKET of ['my.bucket', 'images']) {
        const config = configOf({ S3_BUCKET, ...(style !== undefined && { S3_FORCE_PATH_STYLE: style }) });
        expect(config?.store.bucket).toBe(S3_BUCKET);
      }
    }
  });

  it('may be a path within and a host name for links', () => {
    const settings = settingsOf('images', 'http://10.0.0.1:9000', 'false');
    expect(configOf({ ...settings, S3_PUBLIC_ENDPOINT: 'https://files.test' })).not.toBeNull();
    expect(configOf({ ...settings, S3_PUBLIC_ENDPOINT: 'https://10.0.0.2' })).toBeNull();
  });

  it.each([
    [{ S3_BUCKET: 'my.bucket' }, /S3_FORCE_PATH_STYLE must not be false with this S3_BUCKET/],
    [
      { S3_ENDPOINT: '10.0.0.1:9000' },
      /S3_FORCE_PATH_STYLE must not be false with an IP address in S3_ENDPOINT/,
    ],
    [
      { S3_BUCKET: 'arn:aws:s3:eu-north-1:123456789012:accesspoint/images', S3_FORCE_PATH_STYLE: '' },
      /S3_BUCKET is an ARN, which has no place in a path: set S3_FORCE_PATH_STYLE to false/,
    ],
  ])('is refused in a sentence: %j', (settings, sentence) => {
    expect(() => readConfig({ ...settingsOf('images', 'store.test', 'false'), ...settings })).toThrow(
      sentence,
    );
  });

  it('may begin with the bucket in the host name, which says nothing', () => {
    const settings = settingsOf('storage', 'https://storage.googleapis.com', undefined);
    expect(configOf({ ...settings, S3_PUBLIC_ENDPOINT: 'https://storage.example.test' })).not.toBeNull();
  });
});

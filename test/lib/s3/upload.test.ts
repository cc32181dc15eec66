import { createHash } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Sha256 } from '../../../lib/s3/sha256.ts';
import { createUploader } from '../../../lib/s3/upload.ts';
import { type FaultyStore, type StoreFault, startFaultyStore } from '../../support/faultyStore.ts';

const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const body = Buffer.from('bytes of an image');
const sha256 = createHash('sha256').update(body).digest('hex');
const options = { abortSignal: new AbortController().signal, requestTimeout: 2_000 };

let server: FaultyStore | undefined;
afterEach(() => server?.close());

const TAKEN: StoreFault = { reply: 200, headers: { etag: '"1"' } };

async function uploader(
  fault: StoreFault,
  settings: { readonly sessionToken?: string; readonly link?: (endpoint: string) => string } = {},
) {
  server = await startFaultyStore(() => fault);
  const { endpoint } = server;
  const link = settings.link ?? ((base) => `${base}/bucket/images/x?${usual('eu-north-1')}`);
  const client = new S3Client({
    endpoint,
    region: 'eu-north-1',
    sha256: Sha256,
    credentials: { ...CREDENTIALS, ...(settings.sessionToken && { sessionToken: settings.sessionToken }) },
  });
  return createUploader(client, async () => link(endpoint));
}

const usual = (region: string) =>
  `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261122%2F${region}%2Fs3%2Faws4_request`;

const upload = (key: string) => ({ key, body, sha256, headers: { 'content-type': 'image/png' } });

describe('the first attempt of an upload', () => {
  it('goes where the SDK would send it, with the hash that was given', async () => {
    const put = await uploader(TAKEN);
    expect(await put(upload('images/a/b/c/one.png'), options)).toBe(true);
    expect(server?.requests).toHaveLength(1);
    expect(server?.requests[0]).toMatchObject({
      method: 'PUT',
      path: '/bucket/images/a/b/c/one.png',
      headers: { 'content-type': 'image/png', 'content-length': '17', 'x-amz-content-sha256': sha256 },
    });
    expect(server?.requests[0]?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-north-1\/s3\/aws4_request, SignedHeaders=content-length;content-type;host;x-amz-content-sha256;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
  });

  it('is signed without hashing the image', async () => {
    const image = { ...upload('images/a.png'), body: Buffer.alloc(100_000, 7) };
    const put = await uploader(TAKEN);
    const update = jest.spyOn(Sha256.prototype, 'update');
    expect(await put(image, options)).toBe(true);
    const hashed = update.mock.calls.reduce((sum, [piece]) => sum + piece.length, 0);
    update.mockRestore();
    expect(hashed).toBeGreaterThan(0);
    expect(hashed).toBeLessThan(2_000);
  });

  it('signs the token of a session, and encodes each byte of a key once', async () => {
    const put = await uploader(TAKEN, { sessionToken: 'of a role' });
    expect(await put(upload("images/ä b!'()*+%41.png"), options)).toBe(true);
    const [request] = server?.requests ?? [];
    expect(request?.path).toBe('/bucket/images/%C3%A4%20b%21%27%28%29%2A%2B%2541.png');
    expect(request?.headers['x-amz-security-token']).toBe('of a role');
    expect(request?.headers.authorization).toContain(';x-amz-security-token,');
  });

  it.each<readonly [string, StoreFault]>([
    ['an error', { status: 503, code: 'SlowDown' }],
    ['a refusal', { status: 403, code: 'SignatureDoesNotMatch' }],
    ['a 200 without an ETag', { reply: 200 }],
    ['a lost connection', 'resetBefore'],
  ])('leaves %s to the SDK', async (_, fault) => {
    const put = await uploader(fault);
    expect(await put(upload('images/x.png'), options)).toBe(false);
    expect(server?.requests).toHaveLength(1);
  });

  it.each([
    ['another signature', (base: string) => `${base}/bucket/images/x?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256`],
    [
      'another service',
      (base: string) => `${base}/bucket/images/x?${usual('a').replace('%2Fs3', '%2Fs3express')}`,
    ],
    ['another path', (base: string) => `${base}/bucket/elsewhere?${usual('a')}`],
  ])('is not made where the SDK uses %s', async (_, link) => {
    const put = await uploader(TAKEN, { link });
    expect(await put(upload('images/x.png'), options)).toBe(false);
    expect(server?.requests).toEqual([]);
  });
});

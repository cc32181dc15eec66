import { createHash, createHmac } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { keyOf, Sha256 } from '../../../lib/s3/sha256.ts';

const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const bytes = Buffer.from('some bytes');

async function digestOf(hash: Sha256, ...pieces: readonly Uint8Array[]): Promise<string> {
  for (const piece of pieces) hash.update(piece);
  return Buffer.from(await hash.digest()).toString('hex');
}

describe('the hash of the signer', () => {
  it('is SHA-256 without a secret, in one piece or several', async () => {
    const expected = createHash('sha256').update(bytes).digest('hex');
    expect(await digestOf(new Sha256(), bytes)).toBe(expected);
    expect(await digestOf(new Sha256(), bytes.subarray(0, 3), bytes.subarray(3))).toBe(expected);
  });

  it.each([
    ['text', 'clé', Buffer.from('clé')],
    ['text without a character', '', Buffer.alloc(0)],
    ['bytes', new Uint8Array([1, 2, 3]), Buffer.from([1, 2, 3])],
    ['a part of a buffer', Buffer.from('-secret-').subarray(1, 7), Buffer.from('secret')],
    ['a view of other units', new Uint16Array([0x0201]), Buffer.from([1, 2])],
    ['a buffer without a view', new Uint8Array([9, 8]).buffer, Buffer.from([9, 8])],
  ])('is an HMAC with a secret that is %s', async (_, secret, key) => {
    const expected = createHmac('sha256', key).update(bytes).digest('hex');
    expect(await digestOf(new Sha256(secret), bytes)).toBe(expected);
  });

  it('begins again after a reset', async () => {
    const hash = new Sha256('secret');
    hash.update(Buffer.from('other bytes'));
    hash.reset();
    expect(await digestOf(hash, bytes)).toBe(createHmac('sha256', 'secret').update(bytes).digest('hex'));
  });

  it('of no bytes is that of no bytes', async () => {
    expect(await digestOf(new Sha256())).toBe(createHash('sha256').digest('hex'));
    expect(await digestOf(new Sha256('secret'))).toBe(createHmac('sha256', 'secret').digest('hex'));
  });

  it('is the right one when secrets and bytes take turns', async () => {
    const others = Buffer.from('same bytes');
    for (const [secret, data] of [
      ['one', bytes],
      ['one', others],
      ['other', others],
      ['one', others],
      ['one', others],
    ] as const) {
      const expected = createHmac('sha256', secret).update(data).digest('hex');
      expect(await digestOf(new Sha256(secret), data)).toBe(expected);
    }
  });

  it('makes one key for the same bytes, and another one for others', () => {
    const secret = new Uint8Array([1, 2, 3]);
    expect(keyOf(secret)).toBe(keyOf(secret));
    expect(keyOf(new Uint8Array([1])).equals(keyOf(new Uint8Array([2])))).toBe(false);
  });

  it("makes the signature that the SDK's own makes", async () => {
    const request = {
      method: 'PUT',
      protocol: 'https:',
      hostname: 'bucket.example',
      path: '/images/a.png',
      query: {},
      headers: { host: 'bucket.example', 'content-type': 'image/png' },
      body: bytes,
    };
    const signingDate = new Date('2026-11-22T10:00:00Z');
    const signatureBy = async (settings: { sha256?: typeof Sha256 }) => {
      const client = new S3Client({ region: 'eu-north-1', credentials: CREDENTIALS, ...settings });
      const signed = await (await client.config.signer()).sign(structuredClone(request) as never, {
        signingDate,
      });
      return (signed as { headers: Record<string, string> }).headers.authorization;
    };
    expect(await signatureBy({ sha256: Sha256 })).toBe(await signatureBy({}));
  });
});

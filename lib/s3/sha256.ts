/**
 * SHA-256 and HMAC-SHA-256 (RFC 2104) for the SDK's signer. Node takes four times as long for an HMAC whose key is
 * bytes or text, and the signer computes two for each request, with the same two keys all day.
 */
import { createHash, createHmac, createSecretKey, type Hash, type Hmac, type KeyObject } from 'node:crypto';
import type { S3ClientConfig } from '@aws-sdk/client-s3';

type Secret = ConstructorParameters<NonNullable<S3ClientConfig['sha256']>>[0];

/** What the SDK asks of a hash: `new Sha256()`, or `new Sha256(secret)` for an HMAC. */
export class Sha256 {
  readonly #secret: Secret;
  #hash: Hash | Hmac;

  constructor(secret?: Secret) {
    this.#secret = secret;
    this.#hash = startHash(secret);
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** To be called once. */
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = startHash(this.#secret);
  }
}

function startHash(secret: Secret): Hash | Hmac {
  return secret === undefined ? createHash('sha256') : createHmac('sha256', keyOf(secret));
}

/** The signer keeps the derived key of a day, always the same bytes. */
const keysOfBytes = new WeakMap<object, KeyObject>();
/** The secret access key; with other credentials, theirs. */
let keyOfText: { readonly text: string; readonly key: KeyObject } | undefined;

/** The same key for the same secret. Bytes must not change meanwhile. */
export function keyOf(secret: NonNullable<Secret>): KeyObject {
  if (typeof secret === 'string') {
    if (keyOfText?.text !== secret) keyOfText = { text: secret, key: createSecretKey(secret, 'utf8') };
    return keyOfText.key;
  }
  const kept = keysOfBytes.get(secret);
  if (kept !== undefined) return kept;
  const key = createSecretKey(
    ArrayBuffer.isView(secret)
      ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
      : new Uint8Array(secret),
  );
  keysOfBytes.set(secret, key);
  return key;
}

/**
 * SHA-256 and HMAC-SHA-256 (RFC 2104) for the SDK's signer. For a request it hashes some hundred bytes in three
 * calls, of which one is the same each time. Node takes four times as long for an HMAC whose key is bytes or text.
 */
import {
  createHash,
  createHmac,
  createSecretKey,
  type Hash,
  type Hmac,
  hash,
  type KeyObject,
} from 'node:crypto';
import type { S3ClientConfig } from '@aws-sdk/client-s3';

type Secret = ConstructorParameters<NonNullable<S3ClientConfig['sha256']>>[0];

/** What the SDK asks of a hash: `new Sha256()`, or `new Sha256(secret)` for an HMAC. */
export class Sha256 {
  readonly #secret: Secret;
  /** Nearly always all there is. */
  #first: Uint8Array | undefined;
  #longer: Hash | Hmac | undefined;

  constructor(secret?: Secret) {
    this.#secret = secret;
  }

  update(bytes: Uint8Array): void {
    if (this.#first === undefined) {
      this.#first = bytes;
      return;
    }
    this.#longer ??= startHash(this.#secret).update(this.#first);
    this.#longer.update(bytes);
  }

  /** To be called once. */
  async digest(): Promise<Uint8Array> {
    return this.#longer?.digest() ?? digestOf(this.#first ?? new Uint8Array(0), this.#secret);
  }

  reset(): void {
    this.#first = undefined;
    this.#longer = undefined;
  }
}

function startHash(secret: Secret): Hash | Hmac {
  return secret === undefined ? createHash('sha256') : createHmac('sha256', keyOf(secret));
}

/** By its secret access key and the id of that key the signer finds the key of the day. */
let last: { readonly secret: string; readonly bytes: Uint8Array; readonly digest: Uint8Array } | undefined;

function digestOf(bytes: Uint8Array, secret: Secret): Uint8Array {
  if (secret === undefined) return hash('sha256', bytes, 'buffer');
  if (typeof secret !== 'string') return createHmac('sha256', keyOf(secret)).update(bytes).digest();
  if (last?.secret !== secret || Buffer.compare(last.bytes, bytes) !== 0) {
    const digest = createHmac('sha256', secret).update(bytes).digest();
    last = { secret, bytes: bytes.slice(), digest };
  }
  return last.digest;
}

/** The signer keeps the derived key of a day, always the same bytes. */
const keys = new WeakMap<object, KeyObject>();

/** The same key for the same secret. Its bytes must not change meanwhile. */
export function keyOf(secret: NonNullable<Secret>): KeyObject {
  if (typeof secret === 'string') return createSecretKey(secret, 'utf8');
  const kept = keys.get(secret);
  if (kept !== undefined) return kept;
  const bytes = ArrayBuffer.isView(secret)
    ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
    : new Uint8Array(secret);
  const key = createSecretKey(bytes);
  keys.set(secret, key);
  return key;
}

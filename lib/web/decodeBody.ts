/** Undoes a body's Content-Encoding piece by piece, never further ahead than its reader. */
import { pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { faultError } from './faults.ts';

const CHUNK_BYTES = 64 * 1024;
/**
 * How far the encoded bytes may run ahead of the decoded ones. Empty blocks decode to nothing, so no limit on decoded
 * bytes would ever end them.
 */
const ENCODED_LEAD_BYTES = 1024 * 1024;

const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  // Several members are one body (RFC 1952 section 2.2) and zeros after the last are padding; other bytes are damage.
  ['gzip', () => createGunzip({ chunkSize: CHUNK_BYTES })],
  ['x-gzip', () => createGunzip({ chunkSize: CHUNK_BYTES })], // RFC 9110 section 8.4.1.3
  ['br', () => createBrotliDecompress({ chunkSize: CHUNK_BYTES, rejectGarbageAfterEnd: true })],
]);

/** Whether the coding leaves the bytes as they are, so that Content-Length counts the decoded ones. */
export function isIdentity(contentEncoding: string | undefined): boolean {
  const coding = codingOf(contentEncoding);
  return coding === '' || coding === 'identity';
}

/**
 * The decoded body. One coding is undone: gzip, br or none.
 * @throws fault `encoding` for any other coding or list of codings, for damage, and for an end in the middle. Errors
 * of `body` itself pass through.
 */
export function decodeBody(
  body: AsyncIterable<Buffer>,
  contentEncoding: string | undefined,
): AsyncIterable<Buffer> {
  if (isIdentity(contentEncoding)) return body;
  const createDecoder = DECODERS.get(codingOf(contentEncoding));
  if (createDecoder === undefined) throw faultError('encoding');
  return decodeWith(createDecoder(), body);
}

async function* decodeWith(decoder: Transform, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let source: { readonly error: unknown } | undefined;
  let encodedBytes = 0;
  let decodedBytes = 0;
  const encoded = async function* (): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of body) {
        encodedBytes += chunk.length;
        if (encodedBytes > decodedBytes * 1.125 + ENCODED_LEAD_BYTES) throw faultError('encoding');
        yield chunk;
      }
    } catch (error) {
      source = { error };
      throw error;
    }
  };
  // The reader below meets every error; the callback only keeps it from being thrown a second time.
  pipeline(encoded, decoder, () => {});
  try {
    for await (const chunk of decoder) {
      decodedBytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (source !== undefined) throw source.error;
    // Some servers label an empty body too.
    if (encodedBytes > 0) throw faultError('encoding', { cause: error });
  } finally {
    decoder.destroy();
  }
}

function codingOf(contentEncoding: string | undefined): string {
  return (contentEncoding ?? '').trim().toLowerCase();
}

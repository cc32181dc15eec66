/** Undoes a body's Content-Encoding piece by piece, never further ahead than its reader. */
import { pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { faultError } from './faults.ts';
import { createTurns, type Turns } from './turns.ts';

const CHUNK_BYTES = 64 * 1024;
/**
 * How far the encoded bytes may run ahead of the decoded ones. Empty blocks decode to nothing, so no limit on decoded
 * bytes would ever end them.
 */
const ENCODED_LEAD_BYTES = 1024 * 1024;

/** How much of a body is read before its turn to be decoded, so that a short one keeps nobody waiting for its server. */
const AHEAD_BYTES = 256 * 1024;
/** The same where many are under way at once. */
const AHEAD_OF_WAITING_BYTES = 64 * 1024;

interface Coding {
  readonly createDecoder: () => Transform;
  /** A decoder of it takes so much memory that few may be at work at once. */
  readonly isLarge?: true;
}

const createDecoderOfGzip = () => createGunzip({ chunkSize: CHUNK_BYTES });

const CODINGS: ReadonlyMap<string, Coding> = new Map([
  // Several members are one body (RFC 1952 section 2.2) and zeros after the last are padding; other bytes are damage.
  ['gzip', { createDecoder: createDecoderOfGzip }],
  ['x-gzip', { createDecoder: createDecoderOfGzip }], // RFC 9110 section 8.4.1.3
  [
    'br',
    {
      createDecoder: () => createBrotliDecompress({ chunkSize: CHUNK_BYTES, rejectGarbageAfterEnd: true }),
      isLarge: true,
    },
  ],
]);

/**
 * Who may decode. Two hundred bytes of Brotli make a decoder take a window of 16 MiB (RFC 7932 section 9.1), which no
 * limit on decoded bytes counts: over all readings of a process few are at work at once.
 */
export interface DecodingTurns {
  /** For those who wait for nothing but the processor, so that no server can keep these. */
  readonly quick: Turns;
  /** For those who may wait for their server. */
  readonly slow: Turns;
  /** For those who may wait for their reader too: images, of which any page can name many, and slow ones. */
  readonly waiting: Turns;
}

/** Five windows at most. */
export function createDecodingTurns(): DecodingTurns {
  return { quick: createTurns(2), slow: createTurns(2), waiting: createTurns(1) };
}

export interface DecodeOptions {
  readonly turns: DecodingTurns;
  /** The reader may make the decoder wait. */
  readonly mayWait: boolean;
  readonly signal: AbortSignal;
}

/** Whether the coding leaves the bytes as they are, so that Content-Length counts the decoded ones. */
export function isIdentity(contentEncoding: string | undefined): boolean {
  const coding = codingOf(contentEncoding);
  return coding === '' || coding === 'identity';
}

/**
 * The decoded body. One coding is undone: gzip, br or none.
 * @throws fault `encoding` for any other coding or list of codings, for damage, and for an end in the middle; the
 * signal's reason when it comes before the turn to decode. Errors of `body` itself pass through.
 */
export function decodeBody(
  body: AsyncIterable<Buffer>,
  contentEncoding: string | undefined,
  options: DecodeOptions,
): AsyncIterable<Buffer> {
  if (isIdentity(contentEncoding)) return body;
  const coding = CODINGS.get(codingOf(contentEncoding));
  if (coding === undefined) throw faultError('encoding');
  const { createDecoder, isLarge } = coding;
  return isLarge ? decodeInTurn(createDecoder, body, options) : decodeWith(createDecoder(), body);
}

async function* decodeInTurn(
  createDecoder: () => Transform,
  body: AsyncIterable<Buffer>,
  { turns, mayWait, signal }: DecodeOptions,
): AsyncGenerator<Buffer> {
  const rest = body[Symbol.asyncIterator]();
  const { pieces, isWhole } = await readAhead(rest, mayWait ? AHEAD_OF_WAITING_BYTES : AHEAD_BYTES);
  const turnsOfItsKind = isWhole ? turns.quick : turns.slow;
  const endTurn = await (mayWait ? turns.waiting : turnsOfItsKind).take(signal);
  try {
    yield* decodeWith(createDecoder(), joined(pieces, rest));
  } finally {
    endTurn();
  }
}

async function readAhead(body: AsyncIterator<Buffer>, maxBytes: number) {
  const pieces: Buffer[] = [];
  for (let length = 0; length < maxBytes; ) {
    const { done, value } = await body.next();
    if (done) return { pieces, isWhole: true };
    pieces.push(value);
    length += value.length;
  }
  return { pieces, isWhole: false };
}

async function* joined(first: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
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

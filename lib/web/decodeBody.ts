/** Undoes a body's Content-Encoding piece by piece, never further ahead than its reader. */
import { pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { createFairSemaphore, type FairSemaphore } from '../concurrency/fairSemaphore.ts';
import { createBlocks } from './collectBody.ts';
import { faultError } from './faults.ts';

const CHUNK_BYTES = 64 * 1024;
/**
 * How far the encoded bytes may run ahead of the decoded ones. Empty blocks decode to nothing, so no limit on decoded
 * bytes would ever end them.
 */
const ENCODED_LEAD_BYTES = 1024 * 1024;

/** How much of a page is read before its decoder is made, so that a short one keeps nobody waiting for its server. */
const AHEAD_BYTES = 256 * 1024;
/** Kept in one piece until it is decoded, and given to the decoder in such. */
const SLICE_BYTES = 64 * 1024;

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
 * limit on decoded bytes counts: few are at work at once.
 */
export interface Decoders {
  /** Of one process, for those who wait for nothing but the processor: no server and no reader keeps one of these. */
  readonly quick: FairSemaphore;
  /** One for each call, for a page or stylesheet whose end has not come. */
  readonly slow: FairSemaphore;
}

/** Two windows, and one for each call. */
export function createDecoders(): Decoders {
  return {
    quick: createFairSemaphore({ perKey: 2, perOwner: 2 }),
    slow: createFairSemaphore({ perKey: Number.POSITIVE_INFINITY, perOwner: 1 }),
  };
}

/** The one key of each semaphore. */
const WINDOW = 'window';

export interface DecodeOptions {
  readonly decoders: Decoders;
  /** Who decodes: decoders are shared fairly among callers. */
  readonly caller: string;
  readonly signal: AbortSignal;
  /** Where it is given: waits for room in memory for so many bytes more. The reader then never waits. */
  readonly room?: (count: number) => Promise<void>;
  /** Of decoded bytes, inclusive. */
  readonly maxBytes: number;
  /** Awaits what is not the server's doing. */
  readonly untimed: <T>(waiting: Promise<T>) => Promise<T>;
}

/** Whether the coding leaves the bytes as they are, so that Content-Length counts the decoded ones. */
export function isIdentity(contentEncoding: string | undefined): boolean {
  const coding = codingOf(contentEncoding);
  return coding === '' || coding === 'identity';
}

/**
 * The decoded body, each piece after there was room for it. One coding is undone: gzip, br or none.
 * @throws fault `encoding` for any other coding or list of codings, for damage, and for an end in the middle;
 * `tooLarge` when a body that is kept until it is decoded has more than `maxBytes`; the signal's reason when it comes
 * before there is a decoder. Errors of `body` itself pass through.
 */
export function decodeBody(
  body: AsyncIterable<Buffer>,
  contentEncoding: string | undefined,
  options: DecodeOptions,
): AsyncIterable<Buffer> {
  if (isIdentity(contentEncoding)) return inRoom(body, options);
  const coding = CODINGS.get(codingOf(contentEncoding));
  if (coding === undefined) throw faultError('encoding');
  const { createDecoder, isLarge } = coding;
  if (!isLarge) return inRoom(decodeWith(createDecoder(), body), options);
  return options.room === undefined
    ? decodeAsItComes(createDecoder, body, options)
    : decodeWhole(createDecoder, body, options);
}

async function* inRoom(body: AsyncIterable<Buffer>, options: DecodeOptions): AsyncGenerator<Buffer> {
  for await (const piece of body) {
    await takeRoom(options, piece.length);
    yield piece;
  }
}

async function takeRoom({ room, untimed }: DecodeOptions, count: number): Promise<void> {
  if (room !== undefined) await untimed(room(count));
}

/** Its reader never waits; its server may, but not for the decoder of another call. */
async function* decodeAsItComes(
  createDecoder: () => Transform,
  body: AsyncIterable<Buffer>,
  { decoders, caller, signal, untimed }: DecodeOptions,
): AsyncGenerator<Buffer> {
  const rest = body[Symbol.asyncIterator]();
  const { pieces, isWhole } = await readAhead(rest, AHEAD_BYTES);
  const release = await untimed((isWhole ? decoders.quick : decoders.slow).acquire(WINDOW, caller, signal));
  try {
    yield* decodeWith(createDecoder(), joined(pieces, rest));
  } finally {
    release();
  }
}

/**
 * Decodes twice once everything is there: to learn the size, and, when there is room for it, to keep it. So a decoder
 * waits neither for the server nor for room.
 */
async function* decodeWhole(
  createDecoder: () => Transform,
  body: AsyncIterable<Buffer>,
  options: DecodeOptions,
): AsyncGenerator<Buffer> {
  const { decoders, caller, signal, untimed, maxBytes } = options;
  const encoded = createBlocks();
  for await (const piece of body) {
    await takeRoom(options, piece.length);
    encoded.add(piece);
    if (encoded.length() > maxBytes * 1.125 + ENCODED_LEAD_BYTES) throw faultError('tooLarge');
  }
  const whole = encoded.whole();
  const decodeInTurn = async function* (): AsyncGenerator<Buffer> {
    const release = await untimed(decoders.quick.acquire(WINDOW, caller, signal));
    try {
      yield* decodeWith(createDecoder(), sliced(whole));
    } finally {
      release();
    }
  };

  let size = 0;
  for await (const piece of decodeInTurn()) {
    size += piece.length;
    if (size > maxBytes) throw faultError('tooLarge');
  }
  await takeRoom(options, size);
  yield* decodeInTurn();
}

async function* sliced(whole: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < whole.length; start += SLICE_BYTES) {
    yield whole.subarray(start, start + SLICE_BYTES);
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

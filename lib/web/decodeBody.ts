/** Undoes a body's Content-Encoding piece by piece, never further ahead than its reader. */
import { createFairSemaphore, type FairSemaphore } from '../concurrency/fairSemaphore.ts';
import { createBlocks } from './collectBody.ts';
import { type Coding, codingsOf, type Encoded } from './contentCodings.ts';
import { faultError } from './faults.ts';

/**
 * How far the encoded bytes may run ahead of the decoded ones. Empty blocks decode to nothing, so no limit on decoded
 * bytes would ever end them.
 */
const ENCODED_LEAD_BYTES = 1024 * 1024;

/** How much of a page is read before its decoder is made: a short page then never holds a decoder while its server sends. */
const AHEAD_BYTES = 256 * 1024;
/** Kept in one piece until it is decoded, and given to the decoder in such. */
const SLICE_BYTES = 64 * 1024;

/**
 * Semaphores that bound the decoders at work. Two hundred bytes of Brotli make a decoder take a window of 16 MiB (RFC
 * 7932 section 9.1). No limit on decoded bytes counts that window.
 */
export interface Decoders {
  /** Of one process, for bodies that wait only for the processor: no server and no reader can hold one of these. */
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
  /** The transport says where the body ends, so that no checksum has to. */
  readonly isDelimited: boolean;
  /** Awaits what is not the server's doing. */
  readonly untimed: <T>(waiting: Promise<T>) => Promise<T>;
}

/**
 * Whether the bytes are as they were made, so that Content-Length counts the decoded ones.
 * @throws fault `encoding`
 */
export function isIdentity(contentEncoding: string | undefined): boolean {
  return codingsOf(contentEncoding).length === 0;
}

/**
 * The decoded body, each piece after there was room for it.
 * @throws fault `encoding` for a coding that cannot be undone, for damage, and for an end in the middle; `tooLarge`
 * when a body that is kept until it is decoded has more than `maxBytes`; the signal's reason when it comes before there
 * is a decoder. Errors of `body` itself pass through.
 */
export function decodeBody(
  body: AsyncIterable<Buffer>,
  contentEncoding: string | undefined,
  options: DecodeOptions,
): AsyncIterable<Buffer> {
  const codings = codingsOf(contentEncoding);
  const [last] = codings;
  let decoded = body;
  for (const coding of codings.toReversed()) {
    // Of several codings each result is encoded again.
    const maxBytes = coding === last ? options.maxBytes : leadOf(options.maxBytes);
    if (!coding.isLarge) decoded = decodeWith(coding, decoded, options);
    else if (codings.length === 1 && options.room === undefined)
      decoded = decodeAsItComes(coding, decoded, options);
    // So that no decoder of a large window waits for another one.
    else decoded = decodeWhole(coding, decoded, { ...options, maxBytes });
  }
  return last?.isLarge ? decoded : inRoom(decoded, options);
}

/** How many encoded bytes there may be for so many decoded ones. */
function leadOf(decodedBytes: number): number {
  return decodedBytes * 1.125 + ENCODED_LEAD_BYTES;
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
  coding: Coding,
  body: AsyncIterable<Buffer>,
  options: DecodeOptions,
): AsyncGenerator<Buffer> {
  const { decoders, caller, signal, untimed } = options;
  const rest = body[Symbol.asyncIterator]();
  const { pieces, isWhole } = await readAhead(rest, AHEAD_BYTES);
  const release = await untimed((isWhole ? decoders.quick : decoders.slow).acquire(WINDOW, caller, signal));
  try {
    yield* decodeWith(coding, joined(pieces, rest), options);
  } finally {
    release();
  }
}

/**
 * Decodes twice once everything is there: to learn the size, and, when there is room for it, to keep it. So a decoder
 * waits neither for the server nor for room.
 */
async function* decodeWhole(
  coding: Coding,
  body: AsyncIterable<Buffer>,
  options: DecodeOptions,
): AsyncGenerator<Buffer> {
  const { decoders, caller, signal, untimed, maxBytes } = options;
  const encoded = createBlocks();
  for await (const piece of body) {
    await takeRoom(options, piece.length);
    encoded.add(piece);
    if (encoded.length() > leadOf(maxBytes)) throw faultError('tooLarge');
  }
  const whole = encoded.whole();
  const decodeInTurn = async function* (): AsyncGenerator<Buffer> {
    const release = await untimed(decoders.quick.acquire(WINDOW, caller, signal));
    try {
      yield* decodeWith(coding, sliced(whole), options);
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

async function* decodeWith(
  { decode }: Coding,
  body: AsyncIterable<Buffer>,
  { isDelimited }: DecodeOptions,
): AsyncGenerator<Buffer> {
  const pieces = body[Symbol.asyncIterator]();
  let source: { readonly error: unknown } | undefined;
  let unread: Buffer | undefined;
  let encodedBytes = 0;
  let decodedBytes = 0;
  const fetch = async (): Promise<Buffer | undefined> => {
    for (;;) {
      const { done, value } = await pieces.next();
      if (done) return undefined;
      if (value.length > 0) return value;
    }
  };
  const encoded: Encoded = {
    async next() {
      const kept = unread;
      unread = undefined;
      if (kept !== undefined) return kept;
      const piece = await fetch().catch((error) => {
        source = { error };
        throw error;
      });
      encodedBytes += piece?.length ?? 0;
      if (encodedBytes > leadOf(decodedBytes)) throw faultError('encoding');
      return piece;
    },
    unread(rest) {
      unread = unread === undefined ? rest : Buffer.concat([rest, unread]);
    },
  };
  try {
    for await (const chunk of decode(encoded, isDelimited)) {
      decodedBytes += chunk.length;
      yield chunk;
    }
    // What stands behind the end of the coding: the body may still be cut off in it.
    while ((await encoded.next()) !== undefined);
  } catch (error) {
    if (source !== undefined) throw source.error;
    // Some servers label an empty body too.
    if (encodedBytes > 0) throw faultError('encoding', { cause: error });
  } finally {
    await pieces.return?.();
  }
}

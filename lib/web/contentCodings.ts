/**
 * Content codings (RFC 9110 section 8.4) and what undoes each. As in browsers, bytes behind the end of a stream are
 * ignored. A gzip or zlib trailer counts only where nothing else says that the body is whole.
 */
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { faultError } from './faults.ts';

/** Encoded bytes, in pieces of any length but 0. */
export interface Encoded {
  /** undefined at the end. */
  next(): Promise<Buffer | undefined>;
  /** Puts bytes back before those to come. */
  unread(rest: Buffer): void;
}

export interface Coding {
  /**
   * The decoded bytes, no further ahead than their reader. An error of zlib means damage.
   * @param isVouched the transport says that the body is whole
   */
  readonly decode: (encoded: Encoded, isVouched: boolean) => AsyncIterable<Buffer>;
  /** It takes so much memory that few may be at work at once. */
  readonly isLarge?: true;
}

const CHUNK_BYTES = 64 * 1024;
const chunkSize = CHUNK_BYTES;
/** RFC 9659: a larger window than 8 MiB is no `zstd` of HTTP. */
const ZSTD_WINDOW_LOG = 23;

/** Node has it from 22.15 on. */
export const HAS_ZSTD = typeof zlib.createZstdDecompress === 'function';

const CODINGS: ReadonlyMap<string, Coding> = new Map<string, Coding>([
  ['gzip', { decode: gunzip }],
  ['x-gzip', { decode: gunzip }], // RFC 9110 section 8.4.1.3
  ['deflate', { decode: inflate }],
  [
    'br',
    { decode: (encoded) => through(zlib.createBrotliDecompress({ chunkSize }), encoded), isLarge: true },
  ],
  ...(HAS_ZSTD ? ([['zstd', { decode: unzstd, isLarge: true }]] as const) : []),
]);

/** Codings of IANA's registry that nothing here undoes. */
const NOT_UNDONE: ReadonlySet<string> = new Set([
  'aes128gcm',
  'compress',
  'x-compress',
  'dcb',
  'dcz',
  'exi',
  'pack200-gzip',
  'zstd',
]);
/** Some proxies apply a coding twice by mistake. No honest server applies more than these. */
const CODINGS_MAX = 4;

/**
 * The codings in the order in which they were applied. The list is empty when one name is not a coding, as the Fetch
 * standard says ("handle content codings").
 * @throws fault `encoding` for more than four, or for one that cannot be undone
 */
export function codingsOf(contentEncoding: string | undefined): readonly Coding[] {
  const names = (contentEncoding ?? '')
    .split(',')
    .map((each) => each.split(';', 1).join().trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.some((name) => !CODINGS.has(name) && !NOT_UNDONE.has(name))) return [];
  const codings = names.flatMap((name) => CODINGS.get(name) ?? []);
  if (codings.length < names.length || codings.length > CODINGS_MAX) throw faultError('encoding');
  return codings;
}

/** One stream; what stands behind its end is put back. */
async function* through(decoder: Transform & zlib.Zlib, encoded: Encoded): AsyncGenerator<Buffer> {
  let failure: Error | undefined;
  let isEnded = false;
  let wake = (): void => {};
  decoder.on('readable', () => wake());
  decoder.on('end', () => {
    isEnded = true;
    wake();
  });
  decoder.on('error', (error) => {
    failure = error;
    wake();
  });
  try {
    for (;;) {
      const piece = await encoded.next();
      const before = decoder.bytesWritten;
      let isTaken = false;
      const onTaken = (): void => {
        isTaken = true;
        wake();
      };
      if (piece === undefined) decoder.end();
      else decoder.write(piece, onTaken);
      for (;;) {
        const chunk: Buffer | null = decoder.read();
        if (chunk !== null) yield chunk;
        else if (failure !== undefined) throw failure;
        else if (isTaken || isEnded) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      if (piece === undefined) return;
      const taken = decoder.bytesWritten - before;
      if (taken < piece.length) {
        encoded.unread(piece.subarray(taken));
        return;
      }
    }
  } finally {
    decoder.destroy();
  }
}

/** Up to `count` bytes; fewer at the end. */
async function take(encoded: Encoded, count: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of exactly(encoded, count)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function startsWith(encoded: Encoded, start: Buffer): Promise<boolean> {
  const taken = await take(encoded, start.length);
  if (taken.length > 0) encoded.unread(taken);
  return taken.equals(start);
}

/** Each member or frame takes a decoder, some 70 microseconds: many are allowed where they hold something. */
const MEMBERS_MAX = 1_000;
const MEMBER_BYTES = 1_024;

function createMemberCount() {
  let allowed = MEMBERS_MAX;
  return {
    add(bytes: number): void {
      allowed += bytes / MEMBER_BYTES;
    },
    end(): void {
      allowed -= 1;
      if (allowed < 0) throw faultError('encoding');
    },
  };
}

const GZIP_START = Buffer.from([0x1f, 0x8b]);
const damage = (): Error => new Error('The stream is damaged.');

/** RFC 1952; several members are one body (section 2.2). */
async function* gunzip(encoded: Encoded, isVouched: boolean): AsyncGenerator<Buffer> {
  const members = createMemberCount();
  do {
    await skipGzipHeader(encoded);
    let sum = 0;
    let size = 0;
    for await (const chunk of through(zlib.createInflateRaw({ chunkSize }), encoded)) {
      if (!isVouched) sum = zlib.crc32(chunk, sum);
      size += chunk.length;
      members.add(chunk.length);
      yield chunk;
    }
    members.end();
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(sum);
    trailer.writeUInt32LE(size % 2 ** 32, 4);
    const given = await take(encoded, 8);
    if (!isVouched && !given.equals(trailer)) throw damage();
  } while (await startsWith(encoded, GZIP_START));
}

/** RFC 1952 section 2.3. */
async function skipGzipHeader(encoded: Encoded): Promise<void> {
  const [first, second, method, flags = 0, ...others] = await take(encoded, 10);
  const isGzip = first === GZIP_START[0] && second === GZIP_START[1] && method === 8 && others.length === 6;
  if (!isGzip || flags > 31) throw damage();
  if (flags & 4) {
    const [low = 0, high = 0] = await take(encoded, 2);
    await take(encoded, low + 256 * high);
  }
  if (flags & 8) await skipText(encoded);
  if (flags & 16) await skipText(encoded);
  if (flags & 2) await take(encoded, 2);
}

/** With the zero at its end. */
async function skipText(encoded: Encoded): Promise<void> {
  for (let piece = await encoded.next(); piece !== undefined; piece = await encoded.next()) {
    const end = piece.indexOf(0);
    if (end === -1) continue;
    if (end + 1 < piece.length) encoded.unread(piece.subarray(end + 1));
    return;
  }
}

/** In the form of zlib (RFC 1950), or bare (RFC 1951) as some servers understood the name. */
async function* inflate(encoded: Encoded, isVouched: boolean): AsyncGenerator<Buffer> {
  const start = await take(encoded, 2);
  const [method = 0, flags = 0] = start;
  const isZlib = (method & 15) === 8 && method >> 4 <= 7 && (256 * method + flags) % 31 === 0;
  // Without its header a zlib stream is raw deflate, whose checksum is not verified.
  const isChecked = isZlib && !(isVouched && (flags & 32) === 0);
  if (start.length > 0 && (isChecked || !isZlib)) encoded.unread(start);
  const options = { chunkSize };
  yield* through(isChecked ? zlib.createInflate(options) : zlib.createInflateRaw(options), encoded);
}

const FRAME_START = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/**
 * RFC 8878; several frames are one body (section 3.1). Each has a decoder, which Node's would go on with what stands
 * behind the last one.
 */
async function* unzstd(encoded: Encoded): AsyncGenerator<Buffer> {
  const params = { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG };
  const members = createMemberCount();
  do {
    for await (const chunk of through(zlib.createZstdDecompress({ chunkSize, params }), frameOf(encoded))) {
      members.add(chunk.length);
      yield chunk;
    }
    members.end();
  } while (await startsWith(encoded, FRAME_START));
}

/** The bytes of one frame. */
function frameOf(encoded: Encoded): Encoded {
  const endIn = createFrameScanner();
  let isOver = false;
  return {
    unread: encoded.unread,
    async next() {
      const piece = isOver ? undefined : await encoded.next();
      const end = piece === undefined ? undefined : endIn(piece);
      isOver = piece === undefined || end !== undefined;
      if (piece !== undefined && end !== undefined && end < piece.length) encoded.unread(piece.subarray(end));
      return piece?.subarray(0, end);
    },
  };
}

/** RFC 8878 section 3.1.1: finds where a frame ends in its pieces, by the lengths of its blocks. */
function createFrameScanner(): (piece: Buffer) => number | undefined {
  let step: 'start' | 'block' | 'end' = 'start';
  let held: number[] = [];
  let skipped = 0;
  let checksumLength = 0;

  const takeStart = (descriptor: number): void => {
    const isSingle = (descriptor & 32) !== 0;
    const dictionaryLength = [0, 1, 2, 4][descriptor & 3] ?? 0;
    const sizeLength = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
    skipped = (isSingle ? 0 : 1) + dictionaryLength + sizeLength;
    checksumLength = descriptor & 4;
    step = 'block';
  };
  const takeBlock = (first: number, second: number, third: number): void => {
    const isRepeated = ((first >> 1) & 3) === 1;
    skipped = isRepeated ? 1 : (first + 256 * second + 65_536 * third) >> 3;
    if ((first & 1) === 0) return;
    skipped += checksumLength;
    step = 'end';
  };

  return (piece) => {
    for (let at = 0; ; at += 1) {
      const passed = Math.min(skipped, piece.length - at);
      at += passed;
      skipped -= passed;
      if (step === 'end' && skipped === 0) return at;
      if (at === piece.length) return undefined;
      held.push(piece[at] ?? 0);
      const [first = 0, second = 0, third = 0, , descriptor] = held;
      if (step === 'start' && descriptor !== undefined) takeStart(descriptor);
      else if (step === 'block' && held.length === 3) takeBlock(first, second, third);
      else continue;
      held = [];
    }
  };
}

/** The next `count` bytes in pieces; fewer at the end. */
async function* exactly(encoded: Encoded, count: number): AsyncGenerator<Buffer> {
  for (let left = count; left > 0; ) {
    const piece = await encoded.next();
    if (piece === undefined) return;
    if (piece.length > left) encoded.unread(piece.subarray(left));
    yield piece.subarray(0, left);
    left -= Math.min(left, piece.length);
  }
}

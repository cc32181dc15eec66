/** Reads a decoded body into one buffer, within limits that are checked before a piece is kept. */
import type { WebRequest } from '../domain/ports.ts';
import { faultError } from './faults.ts';

export interface CollectOptions {
  readonly maxBytes: WebRequest['maxBytes'];
  readonly onBytes: WebRequest['onBytes'] | undefined;
  readonly contentType: string | undefined;
  /** What Content-Length promises, where it counts decoded bytes; else 0. */
  readonly announcedBytes: number;
  /** Waits for the caller, but not beyond the end of the reading. */
  readonly orEnd: <T>(promise: Promise<T>) => Promise<T>;
}

/** Enough to tell what the bytes are. */
const HEAD_BYTES = 4 * 1024;
/** Pieces are copied together: kept one by one, a body sent in chunks of one byte would cost a hundredfold. */
const BLOCK_BYTES = 64 * 1024;

/** @throws fault `tooLarge` over `maxBytes`, `limit` when `onBytes` says no; errors of `body` pass through. */
export async function collectBody(body: AsyncIterable<Buffer>, options: CollectOptions): Promise<Buffer> {
  const { maxBytes, onBytes, orEnd } = options;
  let limit = typeof maxBytes === 'number' ? maxBytes : undefined;
  // A server's announced length is believed up to the limit.
  const kept = createBlocks(() => (limit === undefined ? 0 : Math.min(limit, options.announcedBytes)));

  const decideLimit = async (): Promise<void> => {
    limit ??= typeof maxBytes === 'number' ? maxBytes : await maxBytes(kept.whole(), options.contentType);
    if (Math.max(kept.length(), options.announcedBytes) > limit) throw faultError('tooLarge');
  };

  for await (const chunk of body) {
    if (limit !== undefined && kept.length() + chunk.length > limit) throw faultError('tooLarge');
    if (onBytes !== undefined) {
      const verdict = onBytes(chunk.length);
      if (!(typeof verdict === 'boolean' ? verdict : await orEnd(verdict))) throw faultError('limit');
    }
    kept.add(chunk);
    if (limit === undefined && kept.length() >= HEAD_BYTES) await decideLimit();
  }
  if (limit === undefined) await decideLimit();
  return kept.whole();
}

interface Blocks {
  add(piece: Buffer): void;
  length(): number;
  whole(): Buffer;
}

/**
 * @param announced the bytes that a body is expected to have. A short body then gets a shorter block. A longer one that
 *   has filled a block moves to one buffer of the announced size, since joining blocks takes twice the memory
 */
export function createBlocks(announced: () => number = () => 0): Blocks {
  const full: Buffer[] = [];
  let block = Buffer.alloc(0);
  let used = 0;
  let length = 0;

  const grow = (): void => {
    const isFirst = used === 0;
    const announcedBytes = announced();
    const isOnePiece = full.length === 0 && block.length === BLOCK_BYTES && announcedBytes > BLOCK_BYTES;
    const isShort = isFirst && announcedBytes > 0 && announcedBytes < BLOCK_BYTES;
    const next = Buffer.allocUnsafeSlow(isOnePiece || isShort ? announcedBytes : BLOCK_BYTES);
    if (isOnePiece) {
      block.copy(next);
    } else {
      if (!isFirst) full.push(block);
      used = 0;
    }
    block = next;
  };

  return {
    add(piece) {
      length += piece.length;
      let rest = piece;
      while (rest.length > 0) {
        if (used === block.length) grow();
        const copied = rest.copy(block, used);
        used += copied;
        rest = rest.subarray(copied);
      }
    },
    length: () => length,
    whole: () =>
      // A block that is mostly empty is not kept for the little that is in it.
      full.length === 0 && used > block.length / 2
        ? block.subarray(0, used)
        : Buffer.concat([...full, block.subarray(0, used)], length),
  };
}

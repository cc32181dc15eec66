/** Takes lines and bytes out of the pieces in which they arrive. */
import { faultError } from './faults.ts';

export interface LineReader {
  feed(piece: Buffer): void;
  /** Nothing is left of the piece. */
  isAtEnd(): boolean;
  /** The next line without its end, as Latin-1; undefined when it is not all there. Throws fault `protocol`. */
  line(): string | undefined;
  /** What is there of a line that is not all there. */
  partOfLine(): string;
  /** Up to so many of the next bytes. */
  bytes(count: number): Buffer;
  /** Counts bytes that have no use. Throws fault `protocol` when there are more than `maxBytes`. */
  spend(count: number): void;
  /** Every line so far ended with CRLF, not with LF alone. */
  isStrict(): boolean;
}

const LF = 10;
const NOTHING = Buffer.alloc(0);

/** @param maxBytes of a line, and of all that is spent */
export function createLineReader(maxBytes: number): LineReader {
  let piece: Buffer = NOTHING;
  let at = 0;
  let part = '';
  let left = maxBytes;
  let isStrict = true;

  return {
    feed(given) {
      piece = given;
      at = 0;
    },
    isAtEnd: () => at >= piece.length,
    line() {
      const found = piece.indexOf(LF, at);
      const end = found === -1 ? piece.length : found;
      part += piece.toString('latin1', at, end);
      at = end + 1;
      if (part.length > left) throw faultError('protocol');
      if (found === -1) return undefined;
      const whole = part;
      part = '';
      if (whole.endsWith('\r')) return whole.slice(0, -1);
      isStrict = false;
      return whole;
    },
    partOfLine: () => part,
    bytes(count) {
      const taken = at === 0 && count >= piece.length ? piece : piece.subarray(at, at + count);
      at += taken.length;
      return taken;
    },
    spend(count) {
      left -= count;
      if (left < 0) throw faultError('protocol');
    },
    isStrict: () => isStrict,
  };
}

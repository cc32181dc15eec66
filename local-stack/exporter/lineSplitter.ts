/** A stream of bytes as lines, of bounded length. */

const NEWLINE = 0x0a;
const FIRST_CAPACITY = 4_096;

export interface LineReader {
  /** `isWhole` is false for what a stream ended with instead of a line end. */
  line(text: string, isWhole: boolean): void;
  /** Once per line that is over the limit; its bytes are skipped, not kept. */
  tooLong(): void;
  /** After the last line of the stream. */
  end?(): void;
}

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** The stream ended. */
  end(): void;
}

/** Bytes are joined before they are decoded: a chunk may end inside a character. */
export function createLineSplitter(maxBytes: number, reader: LineReader): LineSplitter {
  // One buffer that doubles, not a list of chunks: a sender of single bytes would make a million objects.
  let kept: Buffer | undefined;
  let length = 0;
  let isSkipping = false;

  const forget = () => {
    kept = undefined;
    length = 0;
  };
  const keep = (part: Buffer) => {
    const needed = length + part.length;
    if (kept === undefined || needed > kept.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.max(needed, Math.min(maxBytes, Math.max(FIRST_CAPACITY, length * 2))),
      );
      kept?.copy(larger, 0, 0, length);
      kept = larger;
    }
    part.copy(kept, length);
    length = needed;
  };
  const take = (part: Buffer, isWhole: boolean) => {
    if (length + part.length > maxBytes) {
      forget();
      reader.tooLong();
      return;
    }
    if (length > 0) keep(part);
    const line = length > 0 && kept !== undefined ? kept.subarray(0, length) : part;
    const text = line.toString('utf8');
    forget();
    if (text.trim() !== '') reader.line(text, isWhole);
  };

  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        if (!isSkipping) take(chunk.subarray(start, end), true);
        isSkipping = false;
        start = end + 1;
      }
      if (isSkipping || start === chunk.length) return;
      const rest = chunk.subarray(start);
      if (length + rest.length <= maxBytes) {
        keep(rest);
        return;
      }
      forget();
      isSkipping = true;
      reader.tooLong();
    },
    end() {
      if (!isSkipping && length > 0) take(Buffer.alloc(0), false);
      forget();
      isSkipping = false;
      reader.end?.();
    },
  };
}

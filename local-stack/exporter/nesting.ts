/** Whether JSON is nested deeper than any document is, without parsing it. */

/** In the characters of this length JSON.parse cannot go deep enough to take long. */
const SHORT = 16 * 1024;
const MAX_DEPTH = 1_000;

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_LIST, OPEN_OBJECT, CLOSE_LIST, CLOSE_OBJECT] = [0x5b, 0x7b, 0x5d, 0x7d];

/**
 * Whether a text is nested too deeply to be parsed. `JSON.parse` takes 0.2 to 1.1 s for a megabyte of `[`, and reads no
 * datagram meanwhile. Any other megabyte takes it 0.02 to 0.1 s, and this check 0.004 s. The result means nothing for
 * text that is not JSON.
 */
export function isTooDeep(text: string): boolean {
  if (text.length <= SHORT) return false;
  let depth = 0;
  let isInText = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInText) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) isInText = false;
    } else if (code === QUOTE) isInText = true;
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth -= 1;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    }
  }
  return false;
}

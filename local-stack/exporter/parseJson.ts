/** JSON as programs write it: strict, or with the numbers that it does not have. */

/** The parsed value; undefined for what is not JSON. */
export function parseStrict(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const MENTIONED = /\b(?:nan|inf|infinity)\b/i;
/** Python, Ruby and RapidJSON write `NaN`, `Infinity` or `Inf`, C's printf `nan`, `-nan` or `inf`, Go's `+Inf`. */
const NON_FINITE = /[-+]?(?:nan|infinity|inf)(?=\s*[,\]}])/iy;
/** The first characters of values outside JSON: `+`, `-`, `I`, `N`, `i`, `n`. */
const STARTS = new Set([0x2b, 0x2d, 0x49, 0x4e, 0x69, 0x6e]);
const [QUOTE, BACKSLASH] = [0x22, 0x5c];

/** The text with null for `NaN`, `Infinity` and the like outside its strings; undefined for a text without them. */
export function withoutNonFinite(text: string): string | undefined {
  if (!MENTIONED.test(text)) return undefined;
  let [strict, copied] = ['', 0];
  let isInText = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInText) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) isInText = false;
    } else if (code === QUOTE) isInText = true;
    else if (STARTS.has(code)) {
      NON_FINITE.lastIndex = index;
      const [found] = NON_FINITE.exec(text) ?? [];
      if (found === undefined) continue;
      strict += `${text.slice(copied, index)}null`;
      copied = index + found.length;
      index = copied - 1;
    }
  }
  return copied === 0 ? undefined : strict + text.slice(copied);
}

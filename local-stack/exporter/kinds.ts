/** What the operator says a metric is, by patterns of `Namespace/Name`, whatever its unit. */

export const KINDS = ['counters', 'gauges', 'histograms'] as const;
export type Kind = (typeof KINDS)[number];

/** In a pattern `*` stands for any text, also for none. */
export type KindPatterns = Readonly<Record<Kind, readonly string[]>>;

/** Returns what a metric is; undefined where no pattern says so. The pattern with most characters beside `*` wins. */
export function createKindFinder(patterns: KindPatterns): (path: string) => Kind | undefined {
  const rules = KINDS.flatMap((kind) =>
    patterns[kind].map((pattern) => ({ kind, parts: pattern.split('*') })),
  ).sort((a, b) => lengthOf(b.parts) - lengthOf(a.parts));
  return (path) => rules.find(({ parts }) => matches(path, parts))?.kind;
}

const lengthOf = (parts: readonly string[]) => parts.join('').length;

/** Each part at its first place, which is enough: a regular expression would try them all. */
function matches(text: string, parts: readonly string[]): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

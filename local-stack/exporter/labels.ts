/** Dimensions as the text between the braces of a Prometheus line; the text is also what tells series apart. */
import type { Dimensions } from './emfDocument.ts';
import { labelName } from './names.ts';
import type { LabelReason } from './tally.ts';

/** CloudWatch's own limit is 255. */
const MAX_NAME = 255;
/** Rendered, of one series: what bounds the memory of all of them. */
const MAX_LABELS_TEXT = 1_024;
const MAX_CACHED_NAMES = 1_000;

export interface LabelWriter {
  /** `code="OK",operation="get"`, in the order of the names; undefined when it is too long to be kept. */
  write(dimensions: Dimensions): string | undefined;
}

export function createLabelWriter(drops: { labelDropped(reason: LabelReason): void }): LabelWriter {
  const cache = new Map<string, string>();
  const nameOf = (dimension: string): string => {
    const known = cache.get(dimension);
    if (known !== undefined) return known;
    const name = labelName(dimension);
    if (cache.size < MAX_CACHED_NAMES) cache.set(dimension, name);
    return name;
  };

  return {
    write(dimensions) {
      const labels: { name: string; dimension: string; value: string }[] = [];
      let size = 0;
      for (const [dimension, value] of dimensions) {
        size += value.length;
        if (dimension.length > MAX_NAME || size > MAX_LABELS_TEXT) return undefined;
        labels.push({ name: nameOf(dimension), dimension, value });
      }
      if (labels.length > 1)
        labels.sort((a, b) => compare(a.name, b.name) || compare(a.dimension, b.dimension));
      let text = '';
      let last = '';
      for (const { name, value } of labels) {
        if (name === last) {
          drops.labelDropped('conflict');
          continue;
        }
        text += `${last === '' ? '' : ','}${name}="${escaped(value)}"`;
        last = name;
      }
      return text.length > MAX_LABELS_TEXT ? undefined : text;
    },
  };
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** By the text format 0.0.4. Lone surrogates would all become the same character on the way out: they do so here. */
function escaped(value: string): string {
  const text = value.isWellFormed() ? value : value.toWellFormed();
  if (!/[\\"\n]/.test(text)) return text;
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

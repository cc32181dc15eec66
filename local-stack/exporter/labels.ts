/** Dimensions as the text between the braces of a Prometheus line; the text is also what tells series apart. */
import { type Dimensions, type EmfMetric, pathOf } from './emfDocument.ts';
import { isPlainName, labelName, plainName } from './names.ts';
import type { Tally } from './tally.ts';

/** CloudWatch's own limits. */
const MAX_NAME = 255;
const MAX_VALUE = 1_024;
const MAX_CACHED_NAMES = 1_000;

interface LabelName {
  readonly name: string;
  readonly dimension: string;
  /** As it stands in the text: a name that needs UTF-8 is in quotes. */
  readonly written: string;
}

export interface LabelWriter {
  /**
   * `code="OK",operation="get"`, in the order of the names; names that need UTF-8 are in quotes as well.
   * @param metric the first that has them, for the log
   */
  write(dimensions: Dimensions, metric: EmfMetric): string;
}

export function createLabelWriter(drops: Pick<Tally, 'labelDropped'>): LabelWriter {
  /** By dimension. */
  const cache = new Map<string, LabelName>();
  const nameOf = (dimension: string): LabelName => {
    const known = cache.get(dimension);
    if (known !== undefined) return known;
    const name = labelName(dimension);
    const found = { name, dimension, written: isPlainName(name) ? name : `"${name}"` };
    if (cache.size < MAX_CACHED_NAMES) cache.set(dimension, found);
    return found;
  };

  return {
    write(dimensions, metric) {
      const labels: { readonly label: LabelName; readonly value: string }[] = [];
      for (const [dimension, value] of dimensions) {
        if (dimension.length > MAX_NAME) drops.labelDropped('name_too_long', dimension, pathOf(metric));
        else labels.push({ label: nameOf(dimension), value });
      }
      if (labels.length > 1) labels.sort((a, b) => inOrder(a.label, b.label));
      let text = '';
      let last = '';
      for (const { label, value } of labels) {
        const { name, dimension, written } = label;
        if (name === last) {
          drops.labelDropped('conflict', dimension, pathOf(metric));
          continue;
        }
        if (value.length > MAX_VALUE) drops.labelDropped('value_cut', dimension, pathOf(metric));
        text += `${last === '' ? '' : ','}${written}="${escaped(cut(value))}"`;
        last = name;
      }
      return text;
    },
  };
}

const inOrder = (a: LabelName, b: LabelName) => compare(a.name, b.name) || compare(a.dimension, b.dimension);

/** A character of two halves is not torn. */
function cut(value: string): string {
  if (value.length <= MAX_VALUE) return value;
  const text = value.slice(0, MAX_VALUE);
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}

/** One label after the other, from the beginning. */
const LABEL = /(,?)(?:"([^"]*)"|(\w+))=("(?:[^"\\]|\\.)*")/gy;

/** The same text for scrapers that do not know UTF-8 names. */
export const plainLabels = (labels: string): string =>
  labels.includes('"=')
    ? labels.replace(LABEL, (_, comma: string, quoted?: string, plain = '', value = '') => {
        const name = quoted === undefined ? plain : plainName(quoted);
        return `${comma}${name}=${value}`;
      })
    : labels;

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** By the text format 0.0.4. Lone surrogates would all become the same character on the way out: they do so here. */
function escaped(value: string): string {
  const text = value.isWellFormed() ? value : value.toWellFormed();
  if (!/[\\"\n]/.test(text)) return text;
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

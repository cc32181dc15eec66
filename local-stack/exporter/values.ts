/** The member that a metric names, as observed values: a number, a list, values with counts, or a statistic set. */
import { isObject, type JsonObject, ownMember } from './jsonObject.ts';
import type { SampleReason } from './tally.ts';

/** Observed values; with `counts`, how often each was, at least once. Never empty, equally long. */
export interface Values {
  readonly values: readonly number[];
  readonly counts?: readonly number[];
  /** The sum as the document has it. The values are then only where the observations are thought to lie. */
  readonly sum?: number;
}

/** What the exporter counts about itself: as often as a value is written, one with its own sum once. */
export const samplesIn = ({ values, sum }: Values): number => (sum === undefined ? values.length : 1);

export interface ValueDrops {
  samplesDropped(reason: SampleReason, count: number, example?: string): void;
}

/** What PutMetricData takes. Sums of 2^664 such values are still finite. */
const MAX_MAGNITUDE = 2 ** 360;

const isUsable = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= MAX_MAGNITUDE;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * The values of the metric `name`; undefined when nothing was observed, or nothing usable: then `drops` has the reason.
 */
export function readValues(value: unknown, name: string, drops: ValueDrops): Values | undefined {
  if (isUsable(value)) return { values: [value] };
  if (Array.isArray(value)) {
    const values = value.filter(isUsable);
    if (values.length < value.length) {
      drops.samplesDropped('value_invalid', value.length - values.length, name);
    }
    return values.length === 0 ? undefined : { values };
  }
  const listed = isObject(value) ? ownMember(value, 'Values') : undefined;
  const hasSum = isObject(value) && isUsable(ownMember(value, 'Sum'));
  if (isObject(value) && Array.isArray(listed) && !hasSum) {
    const { counted, invalid } = readCounted(listed, ownMember(value, 'Counts'));
    if (invalid > 0) drops.samplesDropped('value_invalid', invalid, name);
    return counted;
  }
  const set = isObject(value) ? (readDistribution(value, listed) ?? readStatistics(value)) : undefined;
  if (set === undefined) {
    drops.samplesDropped(value === undefined ? 'value_missing' : 'value_invalid', 1, name);
  }
  return set === NO_OBSERVATION ? undefined : set;
}

/** `{Values, Counts}`: not in the specification, but CloudWatch takes it and OpenTelemetry's collector writes it. */
function readCounted(
  listed: readonly unknown[],
  given: unknown,
): { readonly counted: Values | undefined; readonly invalid: number } {
  const isPaired = given === undefined || (Array.isArray(given) && given.length === listed.length);
  if (!isPaired) return { counted: undefined, invalid: Math.max(listed.length, 1) };
  const [values, counts]: [number[], number[]] = [[], []];
  let invalid = 0;
  for (const [index, value] of listed.entries()) {
    const count: unknown = Array.isArray(given) ? given[index] : 1;
    if (!isUsable(value) || !isCount(count)) invalid += 1;
    else if (count > 0) {
      values.push(value);
      counts.push(count);
    }
  }
  return { counted: values.length === 0 ? undefined : { values, counts }, invalid };
}

const NO_OBSERVATION = { values: [] } as const;

/**
 * `{Values, Counts, Sum, Count}`, as OpenTelemetry writes exponential histograms: the values are the middles of
 * buckets, the sum is exact. What `Count` has beyond the counts is at the mean. undefined where the values say nothing.
 */
function readDistribution(value: JsonObject, listed: unknown): Values | undefined {
  if (!Array.isArray(listed)) return undefined;
  const { counted, invalid } = readCounted(listed, ownMember(value, 'Counts'));
  const [sum, count] = [Number(ownMember(value, 'Sum')), countOf(value)];
  if (invalid > 0) return undefined;
  if (counted === undefined) return count === undefined && sum === 0 ? NO_OBSERVATION : undefined;
  const { values, counts = [] } = counted;
  const observed = counts.reduce((total, each) => total + each, 0);
  const missing = isCount(count) ? count - observed : 0;
  if (missing <= 0) return { values, counts, sum };
  return { values: [...values, sum / (observed + missing)], counts: [...counts, missing], sum };
}

/** PutMetricData's own spelling of a statistic set has the longer names. */
const countOf = (value: JsonObject) => ownMember(value, 'Count') ?? ownMember(value, 'SampleCount');
const leastOf = (value: JsonObject) => ownMember(value, 'Min') ?? ownMember(value, 'Minimum');
const greatestOf = (value: JsonObject) => ownMember(value, 'Max') ?? ownMember(value, 'Maximum');

/** Of the larger edge: sums of binary fractions are a little off. */
const ROUNDING = 1e-9;

/**
 * `{Sum, Count, Min, Max}`. One observation is at `Min`, one at `Max`, the others are at the mean of the rest of the sum.
 * The edges count only if both means lie between them, that of all and that of the others. OpenTelemetry writes 0 for
 * unknown edges, and other emitters write percentiles. Then all observations are at the mean.
 */
function readStatistics(value: JsonObject): Values | undefined {
  const [sum, count] = [ownMember(value, 'Sum'), countOf(value)];
  if (!isUsable(sum) || !isCount(count)) return undefined;
  // A sum of no observations is a contradiction: nothing says which of the two is wrong.
  if (count === 0) return sum === 0 ? NO_OBSERVATION : undefined;
  const [min, max] = [leastOf(value), greatestOf(value)];
  const atMean = { values: [sum / count], counts: [count], sum };
  if (count === 1 || !isUsable(min) || !isUsable(max)) return atMean;
  const slack = ROUNDING * Math.max(Math.abs(min), Math.abs(max));
  const isInside = (mean: number) => mean >= min - slack && mean <= max + slack;
  if (!isInside(sum / count)) return atMean;
  if (count === 2) {
    return Math.abs(sum - min - max) <= 2 * slack ? { values: [min, max], counts: [1, 1], sum } : atMean;
  }
  const rest = (sum - min - max) / (count - 2);
  if (!isInside(rest)) return atMean;
  return { values: [min, Math.min(Math.max(rest, min), max), max], counts: [1, count - 2, 1], sum };
}

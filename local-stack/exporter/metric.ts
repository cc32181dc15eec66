/** One Prometheus metric with its series, and how values enter it. */
import type { MetricType, UnitRule } from './names.ts';
import type { Values } from './values.ts';

/** One line of a counter or a gauge. */
interface Plain {
  value: number;
}

/** The latest value, and the sum and number of all. The sum of values below zero falls. */
export interface Sampled extends Plain {
  sum: number;
  count: number;
}

/** `buckets` has one count per bound and one for what is over the last; not cumulative. */
export interface Distribution {
  readonly buckets: number[];
  sum: number;
  /** The total of the buckets. */
  count: number;
}

interface Origin {
  /** The Prometheus name. The registry of names changes it only until it is shown. */
  name: string;
  /** The EMF metric it came from, for `# HELP` and to tell two metrics with one Prometheus name apart. */
  readonly namespace: string;
  readonly metric: string;
}

/** Series by the text of their labels. */
export type Metric =
  | (Origin & { readonly type: 'counter' | 'gauge'; readonly series: Map<string, Plain> })
  | (Origin & { readonly type: 'sampled'; readonly series: Map<string, Sampled> })
  | (Origin & {
      readonly type: 'histogram';
      /** Upper bounds in the base unit, ascending. */
      readonly bounds: readonly number[];
      readonly series: Map<string, Distribution>;
    });

export interface Buckets {
  readonly timeBuckets: readonly number[];
  readonly byteBuckets: readonly number[];
  /** Of what is neither a time nor a size. */
  readonly valueBuckets: readonly number[];
}

export function createMetric(origin: Origin, rule: UnitRule, buckets: Buckets): Metric {
  const { type } = rule;
  if (type === 'sampled') return { ...origin, type, series: new Map() };
  if (type !== 'histogram') return { ...origin, type, series: new Map() };
  const { timeBuckets, byteBuckets, valueBuckets } = buckets;
  const bounds =
    rule.suffix === '_seconds' ? timeBuckets : rule.suffix === '_bytes' ? byteBuckets : valueBuckets;
  return { ...origin, type, bounds, series: new Map() };
}

/** The summary that stands beside the gauge of a metric without unit. */
export const summaryName = (name: string) => `${name.replace(/_value$/, '')}_values`;

/** Every name that a metric puts at the start of a line or in a header. */
export function lineNames(name: string, type: MetricType): readonly string[] {
  if (type === 'histogram') return [name, `${name}_bucket`, `${name}_sum`, `${name}_count`];
  if (type !== 'sampled') return [name];
  const summary = summaryName(name);
  return [name, summary, `${summary}_sum`, `${summary}_count`];
}

const NOTHING: Values = { values: [] };

/** Above it an addition of 1 changes nothing: a total that went there would stand still for good. */
const MAX_TOTAL = Number.MAX_SAFE_INTEGER;
/** As often as one value may have been observed. */
const MAX_COUNT = 1e12;

type Fault = 'negative' | 'value_too_large';

/** Why a counter or a histogram cannot take it. @param added in the base unit */
function faultOf(added: number, count: number, most: number): Fault | undefined {
  if (added < 0) return 'negative';
  return added > most || count > MAX_COUNT ? 'value_too_large' : undefined;
}

/**
 * The values without those that only a gauge can take. A counter never falls, and no duration or size is below zero. No
 * single value may be so large that the next ones do not show. A statistic set does not say how much of it is below
 * zero, so its sum decides for all of it.
 * @param drop told why, and how many of `values`; a statistic set is one
 */
export function usableBy(
  { type, toBase, most }: UnitRule,
  given: Values,
  drop: (reason: Fault, count: number) => void,
): Values {
  if (type === 'gauge' || type === 'sampled') return given;
  const { values, counts, sum } = given;
  if (sum !== undefined) {
    const fault = faultOf(toBase(sum), observationsIn(given), most);
    if (fault === undefined) return given;
    drop(fault, 1);
    return NOTHING;
  }
  const faults = values.map((value, index) => {
    const count = counts?.[index] ?? 1;
    return faultOf(toBase(value) * count, count, most);
  });
  if (faults.every((fault) => fault === undefined)) return given;
  for (const reason of ['negative', 'value_too_large'] as const) {
    const count = faults.filter((fault) => fault === reason).length;
    if (count > 0) drop(reason, count);
  }
  return {
    values: values.filter((_, index) => faults[index] === undefined),
    ...(counts && { counts: counts.filter((_, index) => faults[index] === undefined) }),
  };
}

/** Whether the totals can take them and still show the next ones. */
export function hasRoom(metric: Metric, labels: string, given: Values, { toBase, most }: UnitRule): boolean {
  switch (metric.type) {
    case 'gauge':
      return true;
    case 'counter':
      return (metric.series.get(labels)?.value ?? 0) + toBase(sumOf(given)) <= MAX_TOTAL;
    case 'sampled': {
      const { sum, count } = metric.series.get(labels) ?? { sum: 0, count: 0 };
      const [added, observed] = [toBase(sumOf(given)), observationsIn(given)];
      const isUsual = Math.abs(added) <= most && observed <= MAX_COUNT;
      return isUsual && Math.abs(sum + added) <= MAX_TOTAL && count + observed <= MAX_TOTAL;
    }
    case 'histogram':
      return (metric.series.get(labels)?.count ?? 0) + observationsIn(given) <= MAX_TOTAL;
  }
}

function observationsIn({ values, counts }: Values): number {
  return counts === undefined ? values.length : counts.reduce((total, count) => total + count, 0);
}

/** Sets what only shows the latest value, where `hasRoom` says that the totals cannot take it. */
export function showLatest(
  metric: Metric & { readonly type: 'sampled' },
  labels: string,
  given: Values,
  toBase: UnitRule['toBase'],
): void {
  const { sum, count } = metric.series.get(labels) ?? { sum: 0, count: 0 };
  metric.series.set(labels, { value: toBase(latestOf(given)), sum, count });
}

/** Adds values in the metric's unit as `toBase` makes it. Without values it creates the series at 0. */
export function enter(metric: Metric, labels: string, given: Values, toBase: UnitRule['toBase']): void {
  if (metric.type === 'histogram') {
    const known = metric.series.get(labels);
    const series = known ?? newDistribution(metric.bounds);
    if (known === undefined) metric.series.set(labels, series);
    observe(series, metric.bounds, given, toBase);
    return;
  }
  if (metric.type === 'sampled') {
    const { sum, count } = metric.series.get(labels) ?? { sum: 0, count: 0 };
    const value = toBase(latestOf(given));
    metric.series.set(labels, {
      value,
      sum: sum + toBase(sumOf(given)),
      count: count + observationsIn(given),
    });
    return;
  }
  const series = metric.series.get(labels);
  const value =
    metric.type === 'counter' ? (series?.value ?? 0) + toBase(sumOf(given)) : toBase(latestOf(given));
  if (series === undefined) metric.series.set(labels, { value });
  else series.value = value;
}

const newDistribution = (bounds: readonly number[]): Distribution => ({
  buckets: new Array<number>(bounds.length + 1).fill(0),
  sum: 0,
  count: 0,
});

function observe(
  series: Distribution,
  bounds: readonly number[],
  { values, counts, sum }: Values,
  toBase: UnitRule['toBase'],
): void {
  if (sum !== undefined) series.sum += toBase(sum);
  // By index, here and below: an iterator of entries costs more than what is done with them.
  for (let index = 0; index < values.length; index += 1) {
    const value = toBase(values[index] ?? 0);
    const count = counts?.[index] ?? 1;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1;
    series.buckets[bucket] = (series.buckets[bucket] ?? 0) + count;
    series.count += count;
    if (sum === undefined) series.sum += value * count;
  }
}

function sumOf({ values, counts, sum }: Values): number {
  if (sum !== undefined) return sum;
  let total = 0;
  for (let index = 0; index < values.length; index += 1) {
    total += (values[index] ?? 0) * (counts?.[index] ?? 1);
  }
  return total;
}

/** The last of a list, since a list is in order; the mean of a distribution, since that has none. */
function latestOf(given: Values): number {
  const { values, counts } = given;
  return counts === undefined ? (values.at(-1) ?? 0) : sumOf(given) / observationsIn(given);
}

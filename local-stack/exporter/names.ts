/** What a CloudWatch metric is called and counted in once it is a Prometheus series. */

export type MetricType = 'counter' | 'histogram' | 'gauge';

/** How one CloudWatch unit becomes a Prometheus type in a base unit (prometheus.io/docs/practices/naming). */
export interface UnitRule {
  readonly type: MetricType;
  /** The base unit at the end of the name, with its underscore. */
  readonly suffix: string;
  readonly toBase: (value: number) => number;
  /** The most that one value may add, in the base unit. What a gauge is set to adds nothing. */
  readonly most: number;
}

/** A million millions at once, over 30 years, a petabyte: no count, time or size of one measurement. */
const MOST = { count: 1e12, seconds: 1e9, bytes: 1e15 } as const;

const same = (value: number) => value;
const times = (factor: number) => (value: number) => value * factor;
// 300 * 0.001 is not 0.3, 300 / 1000 is.
const over = (divisor: number) => (value: number) => value / divisor;

const counter: UnitRule = { type: 'counter', suffix: '_total', toBase: same, most: MOST.count };
const seconds = (toBase = same): UnitRule => ({
  type: 'histogram',
  suffix: '_seconds',
  toBase,
  most: MOST.seconds,
});
const bytes = (toBase: UnitRule['toBase']): UnitRule => ({
  type: 'histogram',
  suffix: '_bytes',
  toBase,
  most: MOST.bytes,
});
const gauge = (suffix: string, toBase = same): UnitRule => ({
  type: 'gauge',
  suffix,
  toBase,
  most: Number.POSITIVE_INFINITY,
});

/** Decimal, as SI has it. */
const PREFIXES = Object.entries({ '': 1, kilo: 1e3, mega: 1e6, giga: 1e9, tera: 1e12 });
const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** Every unit of CloudWatch (API reference, MetricDatum, Unit). */
const UNITS: ReadonlyMap<string, UnitRule> = new Map([
  ['Count', counter],
  ['Seconds', seconds()],
  ['Milliseconds', seconds(over(1e3))],
  ['Microseconds', seconds(over(1e6))],
  ...PREFIXES.flatMap(([prefix, factor]): [string, UnitRule][] => [
    [capital(`${prefix}bytes`), bytes(times(factor))],
    [capital(`${prefix}bits`), bytes(times(factor / 8))],
    [`${capital(`${prefix}bytes`)}/Second`, gauge('_bytes_per_second', times(factor))],
    [`${capital(`${prefix}bits`)}/Second`, gauge('_bytes_per_second', times(factor / 8))],
  ]),
  ['Count/Second', gauge('_per_second')],
  ['Percent', gauge('_ratio', over(100))],
]);

const PLAIN = gauge('');

/** `None` and what CloudWatch does not know are gauges as they are. */
export const unitRule = (unit: string): UnitRule => UNITS.get(unit) ?? PLAIN;

export const KNOWN_UNITS: readonly string[] = [...UNITS.keys(), 'None'];

/** `ImageApi` → `image_api`, `HTTPMethod` → `http_method`, `AWS/Lambda` → `aws_lambda`; `_` when nothing is left. */
export function snakeCase(text: string): string {
  const words = text
    .replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
    .toLowerCase();
  if (words === '') return '_';
  return /^\d/.test(words) ? `_${words}` : words;
}

/** `ImageApi`, `Requests`, a counter → `image_api_requests_total`. A name that has its suffix keeps it. */
export function seriesName(namespace: string, name: string, { suffix }: UnitRule): string {
  const stem = `${snakeCase(namespace)}_${snakeCase(name)}`;
  return stem.endsWith(suffix) ? stem : `${stem}${suffix}`;
}

/** `le` belongs to the buckets; it becomes `exported_le`, as Prometheus itself renames what is in its way. */
export function labelName(dimension: string): string {
  const name = snakeCase(dimension);
  return name === 'le' ? 'exported_le' : name;
}

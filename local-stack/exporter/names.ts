/** What a CloudWatch metric is called and counted in once it is a Prometheus series. */
import type { Kind } from './kinds.ts';

/** `sampled`: a gauge with the latest value, and a summary with the sum and count of all. */
export type MetricType = 'counter' | 'histogram' | 'gauge' | 'sampled';

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
const MOST = { count: 1e12, seconds: 1e9, bytes: 1e15, other: 1e15 } as const;

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

/** Nothing says whether the values add up, so nothing of them may be lost. */
const SAMPLED: UnitRule = { ...gauge(''), type: 'sampled', most: MOST.other };

/** `None` and what CloudWatch does not know are taken as they are. */
export const unitRule = (unit: string): UnitRule => UNITS.get(unit) ?? SAMPLED;

/** The rule of a unit for a metric that the operator says is of this kind. */
export function ruleAs(kind: Kind, rule: UnitRule): UnitRule {
  const base = rule.type === 'counter' ? '' : rule.suffix;
  const most = Number.isFinite(rule.most) ? rule.most : MOST.other;
  if (kind === 'counters') return { ...rule, type: 'counter', suffix: `${base}_total`, most };
  if (kind === 'histograms') return { ...rule, type: 'histogram', suffix: base, most };
  return { ...rule, type: 'gauge', suffix: base, most: Number.POSITIVE_INFINITY };
}

export const KNOWN_UNITS: readonly string[] = [...UNITS.keys(), 'None'];

/** Between two words of a name; not inside `IDs`, `URLsFound`, `IPv6`. */
const WORD_START =
  /(?<=[\p{Ll}\p{Lo}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})(?!\p{Lu}(?:s(?!\p{Ll})|v\p{N}))/gu;

/**
 * `ImageApi` → `image_api`, `HTTPMethod` → `http_method`, `AWS/Lambda` → `aws_lambda`. Letters and digits of every
 * script stay (Prometheus 3 takes UTF-8), and symbols where there is nothing else; `_` when nothing is left.
 */
export function snakeCase(text: string): string {
  const words = text
    .replace(WORD_START, '_')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '')
    .toLowerCase();
  if (words === '')
    return (
      text
        .match(/\p{S}/gu)
        ?.join('')
        .replace(/[\^`|~]/g, '_') ?? '_'
    );
  return /^\d/.test(words) ? `_${words}` : words;
}

/** Units at the end of names, in which the values no longer are: they are in the base unit. */
const WRITTEN_UNITS: Readonly<Record<string, RegExp>> = {
  _seconds: /_(?:[mun]?s|(?:milli|micro)s?|[mu]?secs?|(?:milli|micro|nano)?seconds?)$/,
  _bytes: /_(?:[kmgt]?i?b|(?:kilo|mega|giga|tera|kibi|mebi|gibi|tebi)?(?:bytes?|bits?))$/,
  _ratio: /_(?:pct|percent|percentage)$/,
};
/** Ends that belong to the lines of counters, histograms and summaries. */
const RESERVED_END = /_(?:total|count|sum|bucket)$/;

export interface SeriesName {
  /** The best name: `image_api_requests_total`. */
  readonly name: string;
  /** Whether a unit was cut off it or serves as its suffix, so that another metric may have a better claim to it. */
  readonly isShortened: boolean;
  /** The name where another metric has the best one. undefined without a suffix. */
  readonly spare: string | undefined;
}

/**
 * What a metric may be called. `DurationMs` in milliseconds is `…_duration_seconds`, and `…_duration_ms_seconds` where
 * another metric has that name. A name that has its suffix keeps it.
 */
export function seriesName(namespace: string, name: string, { type, suffix }: UnitRule): SeriesName {
  const stem = `${snakeCase(namespace)}_${snakeCase(name)}`;
  if (suffix === '') {
    const isReserved = type !== 'counter' && RESERVED_END.test(stem);
    return { name: isReserved ? `${stem}_value` : stem, isShortened: false, spare: undefined };
  }
  const spare = `${stem}${suffix}`;
  if (stem.endsWith(suffix)) return { name: stem, isShortened: true, spare };
  const short = stem.replace(WRITTEN_UNITS[suffix.replace(/_total$/, '')] ?? /$^/, '');
  if (short === stem) return { name: spare, isShortened: false, spare: `${spare}${suffix}` };
  return { name: short.endsWith(suffix) ? short : `${short}${suffix}`, isShortened: true, spare };
}

/** `le` and `quantile` belong to Prometheus; they get `exported_`, as it renames what is in its own way. */
export function labelName(dimension: string): string {
  const name = snakeCase(dimension);
  return name === 'le' || name === 'quantile' ? `exported_${name}` : name;
}

/** What every Prometheus takes as a name. */
export const isPlainName = (name: string): boolean => /^[a-z_:][a-z0-9_:]*$/i.test(name);

/**
 * A name for scrapers that do not know UTF-8, by Prometheus' escaping scheme "values". No two names become one. Source:
 * prometheus.io, "UTF-8 metric and label name escaping schemes".
 */
export function plainName(name: string): string {
  if (isPlainName(name)) return name;
  const parts = Array.from(name, (character) => {
    if (character === '_') return '__';
    return /[a-z0-9:]/i.test(character) ? character : `_${character.codePointAt(0)?.toString(16)}_`;
  });
  return `U__${parts.join('')}`;
}

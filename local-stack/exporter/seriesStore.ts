/** The series: bounded in number, there from first sight until the process ends. */
import { pathOf, type Reading } from './emfDocument.ts';
import { createKindFinder, KINDS, type KindPatterns } from './kinds.ts';
import { createLabelWriter } from './labels.ts';
import { type Buckets, createMetric, enter, hasRoom, type Metric, showLatest, usableBy } from './metric.ts';
import { createNameRegistry } from './nameRegistry.ts';
import { ruleAs, seriesName, type UnitRule, unitRule } from './names.ts';
import type { SampleReason, Tally } from './tally.ts';
import { samplesIn, type Values } from './values.ts';

export interface SeriesRules extends Buckets {
  /** Label combinations of all metrics, and of one. */
  readonly maxSeries: number;
  readonly maxSeriesPerMetric: number;
  /** Empty: all. */
  readonly namespaces: ReadonlySet<string>;
  readonly kinds: KindPatterns;
  /** Names of the exporter's own metrics. */
  readonly reservedNames: ReadonlySet<string>;
}

export type SeriesKey = Omit<Reading, 'values'>;

export interface SeriesStore {
  /** Counts the reading, or tells the tally why not. */
  record(reading: Reading): void;
  /** Shows a counter or histogram at 0, so that `rate()` sees its first event. Says why it cannot. */
  create(key: SeriesKey): SampleReason | 'gauge' | undefined;
  /** To be shown: their names stay from now on. */
  metrics(): Iterable<Metric>;
  /** Label combinations of all metrics. */
  size(): number;
  /** Label combinations of the metric that has most. */
  largest(): number;
  /** Characters of all labels, and how many there may be. */
  labelCharacters(): number;
  readonly maxLabelCharacters: number;
}

/** CloudWatch's limit for namespaces and metric names. */
const MAX_NAME = 255;
/** Of the labels of a series, on average: what bounds the memory of all. One alone may have what CloudWatch allows. */
const LABEL_CHARACTERS = 1_024;
const NOTHING: Values = { values: [] };

/** One EMF metric in one unit; several units of a kind feed one metric. */
interface Source {
  readonly rule: UnitRule;
  readonly metric: Metric;
}

export function createSeriesStore(rules: SeriesRules, tally: Tally): SeriesStore {
  const metrics: Metric[] = [];
  const names = createNameRegistry(rules.reservedNames);
  /** By EMF metric, type and suffix: units of one kind feed one metric. */
  const shown = new Map<string, Metric>();
  /** By the unit's rule, namespace and name. Unknown units share one rule. */
  const sources = new Map<UnitRule, Map<string, Map<string, Source>>>();
  const labels = createLabelWriter(tally);
  const kindOf = createKindFinder(rules.kinds);
  const hasKinds = KINDS.some((kind) => rules.kinds[kind].length > 0);
  const maxCharacters = rules.maxSeries * LABEL_CHARACTERS;
  let [size, characters] = [0, 0];
  let last: { readonly dimensions: SeriesKey['dimensions']; readonly text: string } | undefined;

  /** The readings of one directive share their dimensions. */
  const labelsOf = (key: SeriesKey) => {
    const { dimensions } = key;
    if (last?.dimensions !== dimensions) last = { dimensions, text: labels.write(dimensions, key) };
    return last.text;
  };

  const ruleOf = (key: SeriesKey): UnitRule => {
    const rule = unitRule(key.unit);
    const kind = hasKinds ? kindOf(pathOf(key)) : undefined;
    return kind === undefined ? rule : ruleAs(kind, rule);
  };

  const known = ({ namespace, name, unit }: SeriesKey): Source | undefined =>
    sources.get(unitRule(unit))?.get(namespace)?.get(name);

  const newSource = ({ namespace, name }: SeriesKey, rule: UnitRule): Source | SampleReason => {
    if (!isName(namespace) || !isName(name)) return 'name_invalid';
    if (rules.namespaces.size > 0 && !rules.namespaces.has(namespace)) return 'namespace_not_allowed';
    const known = shown.get(identityOf(namespace, name, rule));
    if (known !== undefined) return { rule, metric: known };
    const chosen = names.choose(seriesName(namespace, name, rule), rule.type);
    if (chosen === undefined) return 'name_conflict';
    return { rule, metric: createMetric({ name: chosen, namespace, metric: name }, rule, rules) };
  };

  const keep = ({ namespace, name, unit }: SeriesKey, source: Source) => {
    const rule = unitRule(unit);
    const byNamespace = sources.get(rule) ?? new Map<string, Map<string, Source>>();
    const byName = byNamespace.get(namespace) ?? new Map<string, Source>();
    sources.set(rule, byNamespace.set(namespace, byName.set(name, source)));
  };

  const show = ({ metric, rule }: Source, unit: string) => {
    const { namespace, metric: name } = metric;
    const wanted = seriesName(namespace, name, rule);
    metrics.push(metric);
    shown.set(identityOf(namespace, name, rule), metric);
    names.add(metric, wanted);
    const path = pathOf({ namespace, name });
    const keeper = metric.name === wanted.name ? undefined : names.keeperOf(wanted.name);
    if (keeper !== undefined) {
      const holder = pathOf({ namespace: keeper.namespace, name: keeper.metric });
      tally.nameTaken({ metric: path, wanted: wanted.name, given: metric.name, holder });
    }
    if (metric.type === 'sampled') tally.unitMissing(path, unit);
  };

  /** Nothing is kept of what is refused. */
  const put = (
    key: SeriesKey,
    values: Values,
    rule: UnitRule,
    from: Source | undefined,
  ): SampleReason | undefined => {
    const text = labelsOf(key);
    const source = from ?? newSource(key, rule);
    if (typeof source === 'string') return source;
    const { metric } = source;
    const { series } = metric;
    const isRoom = hasRoom(metric, text, values, rule);
    if (!isRoom && metric.type !== 'sampled') return 'value_too_large';
    if (!series.has(text)) {
      const isFull = size >= rules.maxSeries || series.size >= rules.maxSeriesPerMetric;
      if (isFull || characters + text.length > maxCharacters) return 'series_limit';
      if (series.size === 0) show(source, key.unit);
      size += 1;
      characters += text.length;
    }
    if (from === undefined) keep(key, source);
    if (isRoom) enter(metric, text, values, rule.toBase);
    else if (metric.type === 'sampled') showLatest(metric, text, values, rule.toBase);
    return isRoom ? undefined : 'value_too_large';
  };

  return {
    record(reading) {
      const source = known(reading);
      const rule = source?.rule ?? ruleOf(reading);
      const values = usableBy(rule, reading.values, (reason, count) =>
        tally.samplesDropped(reason, count, pathOf(reading)),
      );
      const usable = samplesIn(values);
      if (usable === 0) return;
      const reason = put(reading, values, rule, source);
      if (reason === undefined) tally.samplesRecorded(usable);
      else tally.samplesDropped(reason, usable, pathOf(reading));
    },
    create(key) {
      const rule = ruleOf(key);
      const isGauge = rule.type === 'gauge' || rule.type === 'sampled';
      return isGauge ? 'gauge' : put(key, NOTHING, rule, known(key));
    },
    metrics() {
      names.freeze();
      // What comes during a scrape is not frozen: the next one shows it.
      return metrics.slice();
    },
    size: () => size,
    labelCharacters: () => characters,
    maxLabelCharacters: maxCharacters,
    largest: () => metrics.reduce((most, { series }) => Math.max(most, series.size), 0),
  };
}

const identityOf = (namespace: string, name: string, { type, suffix }: UnitRule) =>
  JSON.stringify([namespace, name, type, suffix]);
const isName = (name: string) => name !== '' && name.length <= MAX_NAME;

/** The series: bounded in number, there from first sight until the process ends. */
import { type Reading, samplesIn, type Values } from './emfDocument.ts';
import { createLabelWriter } from './labels.ts';
import { type Buckets, createMetric, enter, hasRoom, lineNames, type Metric, usableBy } from './metric.ts';
import { seriesName, type UnitRule, unitRule } from './names.ts';
import type { SampleReason, Tally } from './tally.ts';

export interface SeriesRules extends Buckets {
  /** Label combinations of all metrics, and of one. */
  readonly maxSeries: number;
  readonly maxSeriesPerMetric: number;
  /** Empty: all. */
  readonly namespaces: ReadonlySet<string>;
  /** `Namespace/Name` of metrics that are counted in `Count` and yet go up and down. */
  readonly gauges: ReadonlySet<string>;
  /** Names of the exporter's own metrics. */
  readonly reservedNames: ReadonlySet<string>;
}

export type SeriesKey = Omit<Reading, 'values'>;

export interface SeriesStore {
  /** Counts the reading, or tells the tally why not. */
  record(reading: Reading): void;
  /** Shows a counter or histogram at 0, so that `rate()` sees its first event. Says why it cannot. */
  create(key: SeriesKey): SampleReason | 'gauge' | undefined;
  metrics(): Iterable<Metric>;
  /** Label combinations. */
  size(): number;
}

/** CloudWatch's limit for namespaces and metric names. */
const MAX_NAME = 255;
const NOTHING: Values = { values: [] };

/** One EMF metric in one unit; several units of a kind feed one metric. */
interface Source {
  readonly rule: UnitRule;
  readonly metric: Metric;
}

export function createSeriesStore(rules: SeriesRules, tally: Tally): SeriesStore {
  const metrics: Metric[] = [];
  const owners = new Map<string, Metric>();
  /** By namespace and name, of each unit. Units that nobody knows share one rule. */
  const sources = new Map<UnitRule, Map<string, Map<string, Source>>>();
  const labels = createLabelWriter(tally);
  let size = 0;
  let last: { readonly dimensions: SeriesKey['dimensions']; readonly text: string | undefined } | undefined;

  /** The readings of one directive share their dimensions. */
  const labelsOf = (dimensions: SeriesKey['dimensions']) => {
    if (last?.dimensions !== dimensions) last = { dimensions, text: labels.write(dimensions) };
    return last.text;
  };

  const ruleOf = (key: SeriesKey): UnitRule => {
    const rule = unitRule(key.unit);
    if (rules.gauges.size === 0 || rule.type !== 'counter') return rule;
    return rules.gauges.has(pathOf(key)) ? unitRule('None') : rule;
  };

  const newSource = ({ namespace, name }: SeriesKey, rule: UnitRule): Source | SampleReason => {
    if (!isName(namespace) || !isName(name)) return 'name_invalid';
    if (rules.namespaces.size > 0 && !rules.namespaces.has(namespace)) return 'namespace_not_allowed';
    const exposed = seriesName(namespace, name, rule);
    const owner = owners.get(exposed);
    if (owner?.name === exposed && owner.namespace === namespace && owner.metric === name) {
      return owner.type === rule.type ? { rule, metric: owner } : 'name_conflict';
    }
    const isTaken = (line: string) => owners.has(line) || rules.reservedNames.has(line);
    if (lineNames(exposed, rule.type).some(isTaken)) return 'name_conflict';
    return { rule, metric: createMetric({ name: exposed, namespace, metric: name }, rule, rules) };
  };

  const keep = ({ namespace, name }: SeriesKey, source: Source) => {
    const byNamespace = sources.get(source.rule) ?? new Map<string, Map<string, Source>>();
    const byName = byNamespace.get(namespace) ?? new Map<string, Source>();
    sources.set(source.rule, byNamespace.set(namespace, byName.set(name, source)));
  };

  /** Nothing is kept of what is refused. */
  const put = (key: SeriesKey, values: Values, rule: UnitRule): SampleReason | undefined => {
    const text = labelsOf(key.dimensions);
    if (text === undefined) return 'labels_too_long';
    const known = sources.get(rule)?.get(key.namespace)?.get(key.name);
    const source = known ?? newSource(key, rule);
    if (typeof source === 'string') return source;
    const { metric } = source;
    const { series } = metric;
    if (!hasRoom(metric, text, values)) return 'value_too_large';
    if (!series.has(text)) {
      if (size >= rules.maxSeries || series.size >= rules.maxSeriesPerMetric) return 'series_limit';
      if (series.size === 0) {
        metrics.push(metric);
        for (const line of lineNames(metric.name, metric.type)) owners.set(line, metric);
      }
      size += 1;
    }
    if (known === undefined) keep(key, source);
    enter(metric, text, values, rule.toBase);
    return undefined;
  };

  return {
    record(reading) {
      const rule = ruleOf(reading);
      const values = usableBy(rule, reading.values, (reason, count) =>
        tally.samplesDropped(reason, count, pathOf(reading)),
      );
      const usable = samplesIn(values);
      if (usable === 0) return;
      const reason = put(reading, values, rule);
      if (reason === undefined) tally.samplesRecorded(usable);
      else tally.samplesDropped(reason, usable, pathOf(reading));
    },
    create(key) {
      const rule = ruleOf(key);
      return rule.type === 'gauge' ? 'gauge' : put(key, NOTHING, rule);
    },
    metrics: () => metrics,
    size: () => size,
  };
}

/** As `--gauges` has it. */
const pathOf = ({ namespace, name }: SeriesKey) => `${namespace}/${name}`;
const isName = (name: string) => name !== '' && name.length <= MAX_NAME;

/** An exporter in this process, without sockets. */
import { exposition } from '../../../local-stack/exporter/exposition.ts';
import { createIntake } from '../../../local-stack/exporter/intake.ts';
import { createSeriesStore, type SeriesRules } from '../../../local-stack/exporter/seriesStore.ts';
import type { Tally } from '../../../local-stack/exporter/tally.ts';
import { parseExposed } from './exposed.ts';

const RULES: SeriesRules = {
  maxSeries: 10_000,
  maxSeriesPerMetric: 1_000,
  namespaces: new Set(),
  kinds: { counters: [], gauges: [], histograms: [] },
  reservedNames: new Set(),
  timeBuckets: [0.1, 1, 10],
  byteBuckets: [1_024, 1_048_576],
  valueBuckets: [1, 10],
};

/** A tally that writes down `what reason` → how often. */
export function createTally() {
  const counts: Record<string, number> = {};
  const unitless: string[] = [];
  const taken: string[] = [];
  const add = (key: string, count = 1) => {
    counts[key] = (counts[key] ?? 0) + count;
  };
  const tally: Tally = {
    document: () => add('documents'),
    lineRejected: (_, reason) => add(`line ${reason}`),
    samplesRecorded: (count) => add('samples', count),
    samplesDropped: (reason, count) => add(`sample ${reason}`, count),
    labelDropped: (reason) => add(`label ${reason}`),
    unitMissing: (metric, unit) => unitless.push(`${metric} ${unit}`),
    nameTaken: ({ metric, given }) => taken.push(`${metric} ${given}`),
    connectionOpened: () => add('opened'),
    connectionClosed: () => add('closed'),
    connectionRefused: () => add('refused'),
    connectionEvicted: () => add('evicted'),
    connectionForeign: () => add('foreign'),
  };
  return { tally, counts, unitless, taken };
}

export function createWorld(rules: Partial<SeriesRules> = {}) {
  const { tally, counts, unitless, taken } = createTally();
  const store = createSeriesStore({ ...RULES, ...rules }, tally);
  const reader = createIntake(store, tally)('stdin');
  const text = () => [...exposition(store.metrics())].join('');
  return {
    store,
    counts,
    unitless,
    taken,
    tally,
    text,
    /** The input ends. */
    end: () => reader.end?.(),
    feed: (document: unknown) =>
      reader.line(typeof document === 'string' ? document : JSON.stringify(document), true),
    /** Series by name and labels. */
    values: () => Object.fromEntries(store.size() === 0 ? [] : parseExposed(text())),
  };
}

interface Sketch {
  readonly namespace?: string;
  readonly sets?: readonly (readonly string[])[];
  readonly units?: Readonly<Record<string, string>>;
  readonly members?: Readonly<Record<string, unknown>>;
}

/** A document of one directive; every key of `units` is a metric. */
export function documentOf({
  namespace = 'Shop',
  sets = [[]],
  units = { Orders: 'Count' },
  members = {},
}: Sketch) {
  return { _aws: { Timestamp: 1, CloudWatchMetrics: [directiveOf({ namespace, sets, units })] }, ...members };
}

export function directiveOf({ namespace = 'Shop', sets = [[]], units = { Orders: 'Count' } }: Sketch) {
  const Metrics = Object.entries(units).map(([Name, Unit]) => ({ Name, Unit }));
  return { Namespace: namespace, Dimensions: sets, Metrics };
}

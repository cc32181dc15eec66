/** The exporter's metrics about itself and its process. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { lineNames } from './metric.ts';
import {
  LABEL_REASONS,
  LINE_REASONS,
  SAMPLE_REASONS,
  type Tally,
  TRANSPORTS,
  type Transport,
} from './tally.ts';

/** What is asked at every scrape. */
interface SelfSources {
  readonly series: () => number;
  readonly maxSeries: number;
  /** Of the metric that has most. */
  readonly metricSeries: () => number;
  readonly maxMetricSeries: number;
  readonly labelCharacters: () => number;
  readonly maxLabelCharacters: number;
  /** undefined where the system does not say. */
  readonly udpDrops?: () => Promise<number | undefined>;
  readonly udpBufferBytes?: () => number;
}

export interface SelfMetrics extends Tally {
  httpConnectionEvicted(): void;
  watch(sources: SelfSources): void;
  /** Every name that one of its lines or headers begins with. */
  names(): ReadonlySet<string>;
  text(): Promise<string>;
}

export interface SelfMetricsOptions {
  /** Takes a line for people, at most one a minute of each kind. */
  readonly log: (line: string) => void;
  readonly now: () => Date;
}

const NOTICE_EVERY_MS = 60_000;
const EXAMPLE_LENGTH = 120;
/** Metrics without unit, and metrics without their name; each is named in one line. */
const MAX_NAMED = 20;
/** Metrics of which the log has named a label that was left off. */
const MAX_REMEMBERED = 1_000;

export function createSelfMetrics({ log, now }: SelfMetricsOptions): SelfMetrics {
  // Never the package's global one, which every module of a process would share.
  const registry = new Registry();
  let sources: SelfSources | undefined;
  let lastDocument = 0;

  const counter = <T extends string>(name: string, help: string, ...labelNames: T[]) =>
    new Counter<T>({ name: `emf_exporter_${name}`, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string, read?: () => number | undefined) =>
    new Gauge({
      name: `emf_exporter_${name}`,
      help,
      registers: [registry],
      ...(read && {
        collect() {
          this.set(read() ?? 0);
        },
      }),
    });

  const rejected = counter('lines_rejected_total', 'Lines that are no EMF document.', 'transport', 'reason');
  // These two move with every line. Plain numbers, which a counter takes over at a scrape, cost less than its calls.
  const documents: Record<Transport, number> = { udp: 0, tcp: 0, stdin: 0 };
  new Counter({
    name: 'emf_exporter_documents_total',
    help: 'EMF documents that were read.',
    labelNames: ['transport'],
    registers: [registry],
    collect() {
      this.reset();
      for (const transport of TRANSPORTS) this.inc({ transport }, documents[transport]);
    },
  });
  let samples = 0;
  new Counter({
    name: 'emf_exporter_samples_total',
    help: 'Values that were counted, as often as they are written: one of Values whatever its count, a statistic set as one.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(samples);
    },
  });
  const dropped = counter(
    'samples_dropped_total',
    'Values that were not counted, as often as they are written.',
    'reason',
  );
  const labels = counter(
    'labels_dropped_total',
    'Labels left off or cut, once for all metrics of a document that have the same dimensions.',
    'reason',
  );
  let unitless = 0;
  gauge('metrics_without_unit', 'Metrics of which no unit says whether their values add up.', () => unitless);
  const connections = gauge('tcp_connections', 'TCP connections that are open.');
  const refused = counter('tcp_connections_refused_total', 'TCP connections over the limit.');
  const evicted = counter(
    'tcp_connections_evicted_total',
    'TCP connections that were silent and gave their place up.',
  );
  const foreign = counter(
    'tcp_connections_foreign_total',
    'TCP connections that were closed since they speak HTTP or a binary protocol.',
  );
  const httpEvicted = counter(
    'http_connections_evicted_total',
    'HTTP connections that asked nothing and gave their place up.',
  );
  gauge('series', 'Label combinations of all metrics.', () => sources?.series());
  gauge('series_limit', 'How many label combinations there may be.', () => sources?.maxSeries);
  gauge('metric_series_max', 'Label combinations of the metric that has most.', () =>
    sources?.metricSeries(),
  );
  gauge(
    'metric_series_limit',
    'How many label combinations one metric may have.',
    () => sources?.maxMetricSeries,
  );
  gauge('label_characters', 'Characters of the labels of all series.', () => sources?.labelCharacters());
  gauge(
    'label_characters_limit',
    'How many characters the labels of all series may have.',
    () => sources?.maxLabelCharacters,
  );
  gauge('last_document_timestamp_seconds', 'When the last EMF document was read.', () => lastDocument / 1000);
  gauge('udp_receive_buffer_bytes', 'What the kernel keeps of datagrams that wait.', () =>
    sources?.udpBufferBytes?.(),
  );
  new Counter({
    name: 'emf_exporter_udp_receive_drops_total',
    help: 'Datagrams that the kernel dropped since nobody read them in time (Linux).',
    registers: [registry],
    async collect() {
      const drops = await sources?.udpDrops?.();
      this.reset();
      this.inc(drops ?? 0);
    },
  });
  collectDefaultMetrics({ register: registry });
  // Gauges by the name of counters, which `promtool check metrics` minds; the same by type stay.
  for (const what of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`nodejs_active_${what}_total`);
  }

  // At 0 from the start, so that rate() and alerts see the first one.
  for (const transport of TRANSPORTS) {
    for (const reason of LINE_REASONS) rejected.inc({ transport, reason }, 0);
  }
  for (const reason of SAMPLE_REASONS) dropped.inc({ reason }, 0);
  for (const reason of LABEL_REASONS) labels.inc({ reason }, 0);

  const noticed = new Map<string, number>();
  /** Whether it was logged: at most once a minute. */
  const notice = (what: string, example?: string): boolean => {
    const time = now().getTime();
    if (Math.abs(time - (noticed.get(what) ?? Number.NEGATIVE_INFINITY)) < NOTICE_EVERY_MS) return false;
    noticed.set(what, time);
    log(example === undefined ? `${what}.` : `${what}, for example ${example}.`);
    return true;
  };
  const labelled = new Set<string>();
  let renamed = 0;

  return {
    document(transport) {
      documents[transport] += 1;
      lastDocument = now().getTime();
    },
    lineRejected(transport, reason, example) {
      rejected.inc({ transport, reason });
      // Beside an application most of what it writes is no document.
      if (transport === 'stdin' && reason === 'not_emf') return;
      notice(
        `Lines are rejected (${reason}, over ${transport})`,
        example === undefined ? example : quoted(example),
      );
    },
    samplesRecorded(count) {
      samples += count;
    },
    samplesDropped(reason, count, example = 'a directive') {
      dropped.inc({ reason }, count);
      notice(`Values are dropped (${reason})`, quoted(example));
    },
    labelDropped(reason, dimension, metric) {
      labels.inc({ reason });
      const key = `${reason} ${metric}`;
      if (labelled.size >= MAX_REMEMBERED || labelled.has(key)) return;
      const what = reason === 'value_cut' ? 'Labels are cut' : 'Labels are left off';
      if (notice(`${what} (${reason})`, `${quoted(dimension)} of ${quoted(metric)}`)) labelled.add(key);
    },
    unitMissing(metric, unit) {
      unitless += 1;
      if (unitless > MAX_NAMED) return;
      const what =
        unit === 'None' ? 'has no unit' : `has the unit ${quoted(unit)}, which CloudWatch does not know`;
      log(
        `The metric ${quoted(metric)} ${what}: its latest value, and the sum and number of all are shown. ` +
          '--counters, --gauges or --histograms say what it is.',
      );
    },
    nameTaken({ metric, wanted, given, holder }) {
      renamed += 1;
      if (renamed > MAX_NAMED) return;
      log(
        `The metric ${quoted(metric)} is shown as ${given}: ${wanted} was shown for ${quoted(holder)} before it came. ` +
          'It may have another name after a restart.',
      );
    },
    connectionOpened: () => connections.inc(),
    connectionClosed: () => connections.dec(),
    connectionRefused: () => refused.inc(),
    connectionEvicted: () => evicted.inc(),
    connectionForeign() {
      foreign.inc();
      notice('TCP connections are closed that speak HTTP, TLS or another protocol than lines');
    },
    httpConnectionEvicted: () => httpEvicted.inc(),
    watch(given) {
      sources = given;
    },
    names: () =>
      new Set(
        registry.getMetricsAsArray().flatMap((metric) => {
          // A summary has the lines of a histogram, except the buckets.
          const isSpread = metric instanceof Histogram || metric instanceof Summary;
          return lineNames(metric.name, isSpread ? 'histogram' : 'gauge');
        }),
      ),
    text: () => registry.metrics(),
  };
}

/** Its beginning, on one line whatever is in it. */
const quoted = (text: string) => JSON.stringify(text.slice(0, EXAMPLE_LENGTH));

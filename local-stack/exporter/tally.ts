/** What the exporter counts about itself. The lists are closed: they are label values, dashboards and alerts use them. */

export const TRANSPORTS = ['udp', 'tcp', 'stdin'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** Why a whole line was not used. */
export const LINE_REASONS = [
  /** A document by its `_aws`, but broken JSON: one half of it, for example. */
  'json',
  /** Without `_aws.CloudWatchMetrics`: an ordinary log line, or a document of a flush without metrics. */
  'not_emf',
  /** It shows a document where none is read, such as in a member of another name, or journalctl left its message out. */
  'unreachable',
  /** Over the limit; skipped up to its end without being kept. */
  'too_long',
  /** Over 16 KiB and nested over 1,000 deep, which takes long to parse and is no document. */
  'too_deep',
  /** The sender ended in the middle of it. */
  'cut_off',
  /** A fault of the exporter's own. */
  'internal',
] as const;
export type LineReason = (typeof LINE_REASONS)[number];

/** Why a value was not used. */
export const SAMPLE_REASONS = [
  /** Not a number from -2^360 to 2^360, nor a list or statistic set of such. */
  'value_invalid',
  /** The document names the metric and does not hold it. */
  'value_missing',
  /** Below zero where only growth makes sense: a counter or a histogram. */
  'negative',
  /** More than its counter or histogram takes at once, or would bring a total of it over 2^53. */
  'value_too_large',
  /** A directive or metric definition that is not shaped like one; it counts as one, whatever it names. */
  'directive_invalid',
  /** A namespace or metric name that is empty or over 255 characters. */
  'name_invalid',
  /** Another metric has this Prometheus name already. */
  'name_conflict',
  'namespace_not_allowed',
  'series_limit',
] as const;
export type SampleReason = (typeof SAMPLE_REASONS)[number];

/** Why one label of a sample that was used is not there, or not whole. */
export const LABEL_REASONS = [
  /** The document names the dimension and does not hold a text, number or boolean for it. */
  'missing',
  /** Two dimensions have the same label name; the first by alphabet stays. */
  'conflict',
  /** The dimension is a metric of the same document: every value would be a series. */
  'metric',
  /** CloudWatch's limits: more than 30, a name over 255 characters; a value over 1,024 is cut. */
  'too_many',
  'name_too_long',
  'value_cut',
] as const;
type LabelReason = (typeof LABEL_REASONS)[number];

/** Metrics are `Namespace/Name`, names are Prometheus names. */
interface TakenName {
  readonly metric: string;
  readonly wanted: string;
  readonly given: string;
  readonly holder: string;
}

export interface Tally {
  document(transport: Transport): void;
  /** `example` is the line, for the log. */
  lineRejected(transport: Transport, reason: LineReason, example?: string): void;
  samplesRecorded(count: number): void;
  /** `example` names the metric, for the log. */
  samplesDropped(reason: SampleReason, count: number, example?: string): void;
  /** `metric` is `Namespace/Name` of the first that has the label, for the log. */
  labelDropped(reason: LabelReason, dimension: string, metric: string): void;
  /** Once for each metric without unit, by `Namespace/Name`. `unit` is what it says: `None` or one that is not known. */
  unitMissing(metric: string, unit: string): void;
  /** Once for each metric that came after another was shown by its name. */
  nameTaken(names: TakenName): void;
  connectionOpened(): void;
  connectionClosed(): void;
  connectionRefused(): void;
  /** Closed because its first bytes are those of HTTP or of a binary protocol. */
  connectionForeign(): void;
  /** Closed because it was silent and another wanted its place. */
  connectionEvicted(): void;
}

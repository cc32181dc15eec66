/** The series as text: Prometheus text format 0.0.4, or 1.0.0 with names in UTF-8. */
import { plainLabels } from './labels.ts';
import { type Distribution, type Metric, type Sampled, summaryName } from './metric.ts';
import { isPlainName, plainName } from './names.ts';

/** `plain` for scrapers that know the names of 0.0.4 alone. */
export type Naming = 'plain' | 'utf8';

/** Characters of one piece; between two of them other work gets its turn. */
const PIECE = 64 * 1024;

/** The text in pieces of about 64 Ki characters, each of whole lines. One series is never torn. */
export function* exposition(metrics: Iterable<Metric>, naming: Naming = 'plain'): Generator<string> {
  let piece = '';
  for (const metric of metrics) {
    for (const lines of linesOf(metric, naming)) {
      piece += lines;
      if (piece.length < PIECE) continue;
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}

function* linesOf(metric: Metric, naming: Naming): Generator<string> {
  const writer = createLineWriter(metric.name, naming);
  if (metric.type === 'histogram') {
    yield writer.header('histogram', helpOf(metric));
    const ends = [...metric.bounds.map(String), '+Inf'].map((bound) => `le="${bound}"`);
    for (const [labels, series] of metric.series) {
      yield histogramLines(writer, ends, writer.labels(labels), series);
    }
    return;
  }
  const isSampled = metric.type === 'sampled';
  yield writer.header(isSampled ? 'gauge' : metric.type, helpOf(metric, isSampled ? 'the latest value' : ''));
  for (const [labels, { value }] of metric.series) yield writer.line('', writer.labels(labels), value);
  if (isSampled) yield* summaryLines(metric, naming);
}

function* summaryLines(metric: Metric & { readonly type: 'sampled' }, naming: Naming): Generator<string> {
  const writer = createLineWriter(summaryName(metric.name), naming);
  yield writer.header('summary', helpOf(metric, 'all values'));
  for (const [labels, series] of metric.series) yield sumAndCount(writer, writer.labels(labels), series);
}

function histogramLines(
  writer: LineWriter,
  ends: readonly string[],
  labels: string,
  { buckets, sum, count }: Distribution,
): string {
  let [text, total] = ['', 0];
  for (const [index, end] of ends.entries()) {
    total += buckets[index] ?? 0;
    text += writer.line('_bucket', labels === '' ? end : `${labels},${end}`, total);
  }
  return text + sumAndCount(writer, labels, { sum, count });
}

const sumAndCount = (writer: LineWriter, labels: string, { sum, count }: Pick<Sampled, 'sum' | 'count'>) =>
  writer.line('_sum', labels, sum) + writer.line('_count', labels, count);

interface LineWriter {
  header(type: string, help: string): string;
  /** The labels of a series as `line` takes them. */
  labels(labels: string): string;
  line(end: string, labels: string, value: number): string;
}

/** A name that needs UTF-8 stands in quotes inside the braces, or is escaped. */
function createLineWriter(name: string, naming: Naming): LineWriter {
  const isQuoted = naming === 'utf8' && !isPlainName(name);
  const known = isQuoted ? `"${name}"` : plainName(name);
  return {
    header: (type, help) => `# HELP ${known} ${help}\n# TYPE ${known} ${type}\n`,
    labels: (labels) => (naming === 'utf8' ? labels : plainLabels(labels)),
    line: isQuoted
      ? (end, labels, value) => `{"${name}${end}"${labels === '' ? '' : `,${labels}`}} ${value}\n`
      : (end, labels, value) => `${known}${end}${labels === '' ? '' : `{${labels}}`} ${value}\n`,
  };
}

function helpOf({ namespace, metric }: Metric, what = ''): string {
  const help = `EMF metric ${metric} of namespace ${namespace}${what === '' ? '' : `, ${what}`}.`;
  return help.toWellFormed().replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
}

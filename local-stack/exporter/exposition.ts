/** The series as text: Prometheus text format 0.0.4. */
import type { Distribution, Metric, Plain } from './metric.ts';

/** Characters of one piece; between two of them other work gets its turn. */
const PIECE = 64 * 1024;

/** The text in pieces of about 64 Ki characters, each of whole lines. One series is never torn. */
export function* exposition(metrics: Iterable<Metric>): Generator<string> {
  let piece = '';
  for (const metric of metrics) {
    piece += header(metric);
    for (const lines of metric.type === 'histogram' ? histogramLines(metric) : plainLines(metric)) {
      piece += lines;
      if (piece.length < PIECE) continue;
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}

function header({ name, namespace, metric, type }: Metric): string {
  const help = `EMF metric ${metric} of namespace ${namespace}.`.toWellFormed();
  const escaped = help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`;
}

function* plainLines({ name, series }: { name: string; series: Map<string, Plain> }): Generator<string> {
  for (const [labels, { value }] of series) {
    yield labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
  }
}

function* histogramLines(metric: Metric & { type: 'histogram' }): Generator<string> {
  const { name, bounds, series } = metric;
  const ends = [...bounds.map(String), '+Inf'].map((bound) => `le="${bound}"} `);
  for (const [labels, distribution] of series) yield histogramOf(name, ends, labels, distribution);
}

function histogramOf(name: string, ends: readonly string[], labels: string, series: Distribution): string {
  const bucket = labels === '' ? `${name}_bucket{` : `${name}_bucket{${labels},`;
  const braced = labels === '' ? '' : `{${labels}}`;
  let text = '';
  let total = 0;
  for (const [index, end] of ends.entries()) {
    total += series.buckets[index] ?? 0;
    text += `${bucket}${end}${total}\n`;
  }
  return `${text}${name}_sum${braced} ${series.sum}\n${name}_count${braced} ${total}\n`;
}

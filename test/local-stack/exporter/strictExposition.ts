/** Judges a whole exposition by the rules of the text format 0.0.4, beyond what one line shows. */

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.+)\})? (\S+)$/s;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy;
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;

const ENDS: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count'],
};

interface Sample {
  readonly name: string;
  /** Without `le`. */
  readonly labels: string;
  readonly le: string | undefined;
  readonly value: number;
}

/** Throws one sentence for the first rule that is broken; otherwise the samples, by the name in `# TYPE`. */
export function judgeExposition(text: string): ReadonlyMap<string, readonly Sample[]> {
  const groups = new Map<string, Sample[]>();
  const seen = new Set<string>();
  let [helped, name, type]: [string | undefined, string, string] = [undefined, '', ''];
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.split('\n').slice(0, -1)) {
    const [, keyword, subject = '', rest = ''] = /^# (HELP|TYPE) ([^ ]+) (.*)$/s.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (/(?<!\\)(?:\\\\)*\\(?![\\n])/.test(rest)) throw new Error(`an escape that is none: ${line}`);
      helped = subject;
    } else if (keyword === 'TYPE') {
      if (helped !== subject) throw new Error(`no help before: ${line}`);
      if (groups.has(subject)) throw new Error(`a second header: ${line}`);
      if (!/^(?:counter|gauge|histogram|summary)$/.test(rest)) throw new Error(`no type: ${line}`);
      [name, type] = [subject, rest];
      groups.set(name, []);
    } else {
      const sample = sampleOf(line);
      const key = `${sample.name}{${sample.labels}}${sample.le}`;
      if (seen.has(key)) throw new Error(`twice: ${line}`);
      seen.add(key);
      const ends = ENDS[type] ?? [''];
      if (!ends.some((end) => sample.name === `${name}${end}`))
        throw new Error(`under another name: ${line}`);
      const isBucket = type === 'histogram' && sample.name.endsWith('_bucket');
      if (isBucket !== (sample.le !== undefined)) throw new Error(`le where it does not belong: ${line}`);
      const mayFall = type === 'gauge' || (type === 'summary' && sample.name.endsWith('_sum'));
      if (!mayFall && sample.value < 0) throw new Error(`below zero: ${line}`);
      groups.get(name)?.push(sample);
    }
  }
  for (const [group, samples] of groups) {
    if (samples.length === 0) throw new Error(`a header without samples: ${group}`);
    judgeHistogram(samples);
  }
  return groups;
}

function sampleOf(line: string): Sample {
  const [, name = '', braced = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (!NUMBER.test(value)) throw new Error(`no sample: ${line}`);
  const labels = [...braced.matchAll(LABEL)];
  if (labels.reduce((length, [whole]) => length + whole.length, 0) !== braced.length) {
    throw new Error(`no labels: ${line}`);
  }
  const names = labels.map(([, label]) => label);
  if (new Set(names).size < names.length) throw new Error(`a label twice: ${line}`);
  if (names.some((label) => label?.startsWith('__'))) throw new Error(`a label of Prometheus' own: ${line}`);
  const others = labels.filter(([, label]) => label !== 'le').map(([, label, text]) => `${label}="${text}"`);
  const le = labels.find(([, label]) => label === 'le')?.[2];
  return { name, labels: others.join(','), le, value: Number(value) };
}

/** Buckets ascend and end with +Inf, which is the count. */
function judgeHistogram(samples: readonly Sample[]): void {
  const last = new Map<string, { bound: number; total: number }>();
  for (const { name, labels, le, value } of samples) {
    const { bound, total } = last.get(labels) ?? { bound: Number.NEGATIVE_INFINITY, total: 0 };
    if (le !== undefined) {
      const next = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
      if (!(next > bound) || value < total) throw new Error(`${name}{${labels}} does not ascend at ${le}`);
      last.set(labels, { bound: next, total: value });
    } else if (name.endsWith('_count') && last.has(labels)) {
      if (bound !== Number.POSITIVE_INFINITY || value !== total) {
        throw new Error(`${name}{${labels}} is not its last bucket`);
      }
    }
  }
}

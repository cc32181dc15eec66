/** The command line. */
import { parseArgs } from 'node:util';
import { KINDS, type KindPatterns } from './kinds.ts';

export interface Options {
  readonly host: string;
  /** null: off. 0: any free one. */
  readonly udpPort: number | null;
  readonly tcpPort: number | null;
  readonly httpPort: number;
  /** Names by which HTTP clients call it, beside its own. */
  readonly allowHosts: ReadonlySet<string>;
  readonly readsStdin: boolean;
  /** Ends when standard input does; serves until then. */
  readonly endsWithInput: boolean;
  /** Prints the series when standard input ends, and opens no port. */
  readonly prints: boolean;
  readonly namespaces: ReadonlySet<string>;
  readonly kinds: KindPatterns;
  /** Shows the metrics about itself and its process. */
  readonly showsSelf: boolean;
  readonly precreate: string | undefined;
  readonly maxSeries: number;
  readonly maxSeriesPerMetric: number;
  readonly maxLineBytes: number;
  readonly maxConnections: number;
  /** Seconds. */
  readonly timeBuckets: readonly number[];
  readonly byteBuckets: readonly number[];
  /** Of histograms of what is neither a time nor a size, in the base unit. */
  readonly valueBuckets: readonly number[];
}

export const HELP = `Turns CloudWatch Embedded Metric Format into Prometheus metrics.

  emf-exporter [options]

Receives
  --host HOST              address to listen on, for all ports (127.0.0.1; in a container 0.0.0.0)
  --udp-port PORT|off      documents in datagrams (25888)
  --tcp-port PORT|off      documents line by line (25888)
  --stdin                  reads documents from standard input as well, and serves on after its end
  --exit-at-end            with --stdin: serves until the input ends, then ends with code 0
  --print                  with --stdin: opens no port, prints the metrics at the end of the input, ends with code 0

Shows
  --http-port PORT         /metrics and /healthz (9464)
  --allow-hosts A,B        names that HTTP clients call it by, beside localhost, emf-exporter and its addresses (none)
  --namespaces A,B         counts these namespaces alone (all)
  --counters NS/NAME,...   metrics that add up, whatever their unit; * in a name stands for any text (by the unit)
  --gauges NS/NAME,...     metrics that go up and down (by the unit)
  --histograms NS/NAME,... metrics whose distribution counts (by the unit)
  --precreate FILE         counters and histograms to show at 0 from the start (none)
  --time-buckets S,...     upper bounds of histograms of times, in seconds
  --byte-buckets N,...     upper bounds of histograms of sizes, in bytes
  --value-buckets N,...    upper bounds of all other histograms
  --no-self-metrics        leaves out the metrics about the exporter and its process

Limits
  --max-series N           label combinations of all metrics (10000)
  --max-series-per-metric N  label combinations of one metric (1000)
  --max-line-bytes N       length of one document (1048576, as CloudWatch has it)
  --max-connections N      TCP senders at once (32)

  --version
  --help
`;

const TIME_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** 1 KiB to 1 GiB by fours. */
const BYTE_BUCKETS = Array.from({ length: 11 }, (_, index) => 1024 * 4 ** index);
const VALUE_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 50, 100, 500, 1_000, 10_000, 100_000, 1_000_000];
const MAX_BUCKETS = 100;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const FLAGS = {
  host: text,
  'udp-port': text,
  'tcp-port': text,
  'http-port': text,
  'allow-hosts': { ...text, multiple: true },
  stdin: flag,
  'exit-at-end': flag,
  print: flag,
  namespaces: { ...text, multiple: true },
  counters: { ...text, multiple: true },
  gauges: { ...text, multiple: true },
  histograms: { ...text, multiple: true },
  precreate: text,
  'time-buckets': text,
  'byte-buckets': text,
  'value-buckets': text,
  'no-self-metrics': flag,
  'max-series': text,
  'max-series-per-metric': text,
  'max-line-bytes': text,
  'max-connections': text,
  version: flag,
  help: { ...flag, short: 'h' },
} as const;

/**
 * The options, `help` or `version`.
 * @throws Error whose message lists every fault, one a line.
 */
export function readOptions(args: readonly string[]): Options | 'help' | 'version' {
  const given = parse(args);
  if (given.help) return 'help';
  if (given.version) return 'version';
  const faults: string[] = [];
  const integer = (name: IntegerFlag, fallback: number, min: number, max: number): number => {
    const written = given[name] ?? String(fallback);
    const value = /^\d{1,10}$/.test(written) ? Number(written) : Number.NaN;
    if (value >= min && value <= max) return value;
    faults.push(`--${name} must be a whole number from ${min} to ${max}, not "${written}".`);
    return fallback;
  };
  const port = (name: IntegerFlag, fallback: number) =>
    given[name] === 'off' ? null : integer(name, fallback, 0, 65_535);
  const bounds = (
    name: 'time-buckets' | 'byte-buckets' | 'value-buckets',
    fallback: readonly number[],
  ): readonly number[] => {
    const written = given[name];
    if (written === undefined) return fallback;
    const values = written.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    const isAscending = values.every(
      (value, index) => Number.isFinite(value) && value > (values[index - 1] ?? 0),
    );
    if (isAscending && values.length <= MAX_BUCKETS) return values;
    faults.push(`--${name} must be at most ${MAX_BUCKETS} ascending numbers over 0, not "${written}".`);
    return fallback;
  };
  const list = (values: readonly string[] | undefined) =>
    new Set(
      (values ?? [])
        .flatMap((value) => value.split(','))
        .map((value) => value.trim())
        .filter(Boolean),
    );

  const options: Options = {
    host: given.host ?? '127.0.0.1',
    udpPort: port('udp-port', 25_888),
    tcpPort: port('tcp-port', 25_888),
    httpPort: integer('http-port', 9_464, 0, 65_535),
    allowHosts: list(given['allow-hosts']),
    readsStdin: given.stdin,
    endsWithInput: given['exit-at-end'],
    prints: given.print,
    namespaces: list(given.namespaces),
    kinds: {
      counters: [...list(given.counters)],
      gauges: [...list(given.gauges)],
      histograms: [...list(given.histograms)],
    },
    showsSelf: !given['no-self-metrics'],
    precreate: given.precreate,
    maxSeries: integer('max-series', 10_000, 1, 1_000_000),
    maxSeriesPerMetric: integer('max-series-per-metric', 1_000, 1, 1_000_000),
    maxLineBytes: integer('max-line-bytes', 1_048_576, 1, 16_777_216),
    maxConnections: integer('max-connections', 32, 1, 10_000),
    timeBuckets: bounds('time-buckets', TIME_BUCKETS),
    byteBuckets: bounds('byte-buckets', BYTE_BUCKETS),
    valueBuckets: bounds('value-buckets', VALUE_BUCKETS),
  };
  for (const pattern of patternsOfTwo(options.kinds)) {
    faults.push(`"${pattern}" is given as two of --counters, --gauges and --histograms.`);
  }
  if (options.prints && !options.readsStdin) faults.push('--print needs --stdin.');
  if (options.endsWithInput && !options.readsStdin) faults.push('--exit-at-end needs --stdin.');
  if (options.host.trim() === '') faults.push('--host must not be empty.');
  if (options.udpPort === null && options.tcpPort === null && !options.readsStdin) {
    faults.push('With --udp-port off and --tcp-port off there is nothing to read: add --stdin.');
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return options;
}

function patternsOfTwo(kinds: KindPatterns): readonly string[] {
  const all = KINDS.flatMap((kind) => kinds[kind]);
  return [...new Set(all.filter((pattern, index) => all.indexOf(pattern) !== index))];
}

type IntegerFlag =
  | 'udp-port'
  | 'tcp-port'
  | 'http-port'
  | 'max-series'
  | 'max-series-per-metric'
  | 'max-line-bytes'
  | 'max-connections';

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message.split('. ', 1)[0] : String(error);
    throw new Error(`${message}. --help lists the options.`);
  }
}

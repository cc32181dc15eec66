/** The exporter's intake over a file of EMF lines, or the bare reading and parsing of the same lines. */
import { createReadStream } from 'node:fs';
import { createIntake, type Intake } from '../../local-stack/exporter/intake.ts';
import { readOptions } from '../../local-stack/exporter/options.ts';
import { receiveStream } from '../../local-stack/exporter/receivers.ts';
import { createSelfMetrics } from '../../local-stack/exporter/selfMetrics.ts';
import { createSeriesStore } from '../../local-stack/exporter/seriesStore.ts';

const LINE_MAX_BYTES = 1_048_576;
const options = readOptions(['--max-series-per-metric=100000']);
if (typeof options === 'string') throw new Error('no options were given');
const self = createSelfMetrics({ log: console.error, now: () => new Date() });
const store = createSeriesStore({ ...options, reservedNames: self.names() }, self);

const exporter = createIntake(store, self);
const parsing: Intake = () => ({ line: (text) => JSON.parse(text), tooLong: () => {} });

export async function run({ file, what }: { file: string; what: 'export' | 'parse' }): Promise<object> {
  await receiveStream(createReadStream(file), LINE_MAX_BYTES, what === 'export' ? exporter : parsing);
  return { series: store.size(), heapMb: process.memoryUsage().heapUsed / 1e6 };
}

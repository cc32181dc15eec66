/** The metrics exporter against reading and `JSON.parse` of the same lines; its memory with many series. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cost, startChild } from '../child.ts';
import { differenceRow, ratioRow } from '../row.ts';
import { subject } from '../world.ts';
import type { Scenario } from './scenario.ts';

const LINES = 100_000;
/** Each has two metrics: 10,000 series. */
const SERIES = 5_000;
const OPERATIONS = ['get', 'post', 'put'];
const OUTCOMES = ['OK', 'PAGE_NOT_FOUND', 'URL_ALREADY_PROCESSED', 'PAGE_UNREACHABLE'];
const WARM_UPS = 1;

export const exporter: Scenario = {
  name: 'exporter',
  async run({ folder }, { rounds }) {
    const few = join(folder, 'few.jsonl');
    const many = join(folder, 'many.jsonl');
    await writeFile(few, linesOf(LINES, 12));
    await writeFile(many, linesOf(SERIES, SERIES));

    await using parts = new AsyncDisposableStack();
    const start = async () => {
      const child = await startChild(subject('emf.ts'));
      parts.defer(() => child.close());
      return child;
    };
    const [exporting, parsing, growing] = [await start(), await start(), await start()];
    const exported: Cost[] = [];
    const parsed: Cost[] = [];
    for (let round = -WARM_UPS; round < rounds; round += 1) {
      const one = await exporting.run({ file: few, what: 'export' });
      const other = await parsing.run({ file: few, what: 'parse' });
      if (round < 0) continue;
      exported.push(one);
      parsed.push(other);
    }
    const before = await growing.run({ file: many, what: 'parse' });
    const after = await growing.run({ file: many, what: 'export' });
    return [
      ratioRow({
        scenario: 'exporter',
        what: `${LINES.toLocaleString('en')} lines: CPU beside reading and JSON.parse`,
        unit: 'ms',
        subject: exported.map(({ cpuMs }) => cpuMs),
        reference: parsed.map(({ cpuMs }) => cpuMs),
        aim: { atMost: 3 },
      }),
      differenceRow({
        scenario: 'exporter',
        what: `${(after.result as { series: number }).series.toLocaleString('en')} series: peak memory`,
        unit: 'MB',
        subject: [after.peakMb],
        reference: [before.peakMb],
        aim: null,
      }),
    ];
  },
};

/** Lines of two metrics each, with so many different sets of labels in all. */
function linesOf(count: number, sets: number): string {
  const directive = {
    Namespace: 'ImageApi',
    Dimensions: [['Operation', 'Outcome', ...(sets > 12 ? ['Shard'] : [])]],
    Metrics: [
      { Name: 'Requests', Unit: 'Count' },
      { Name: 'Duration', Unit: 'Milliseconds' },
    ],
  };
  const lines = Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      Operation: OPERATIONS[index % 3],
      Outcome: OUTCOMES[index % 4],
      ...(sets > 12 && { Shard: String(index % sets) }),
      _aws: { Timestamp: 1_700_000_000_000 + index, CloudWatchMetrics: [directive] },
      Requests: 1,
      Duration: (index * 7) % 3_000,
    }),
  );
  return `${lines.join('\n')}\n`;
}

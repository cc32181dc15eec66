/** `npm run fuzz`: attacks one target, or each for its share of the time, and ends with a table. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { keepFinding, replayLine } from './finding.ts';
import { type FuzzSummary, fuzzTarget } from './fuzzTarget.ts';
import { piecesOf } from './target.ts';
import { isTarget, moduleOf, TARGETS, type TargetName } from './targets.ts';

const HELP = `npm run fuzz -- [options] TARGET

TARGET        ${TARGETS.join(', ')}, or all, each for its share of the time
--minutes N   time in all (1)
--inputs N    at most so many inputs a target
--seed N      where chance begins (the time)
--corpus DIR  files to begin with, beside the target's own
--replay FILE tries this one input

Findings are kept in .local/fuzz/TARGET. Ends with 2 when there is one, with 1 when it could not be tried.`;

/** The whole of it is beside the input. */
const REPORT_CHARS = 2_000;

const root = join(import.meta.dirname, '../../..');

const { values, positionals } = given();
const [minutes, inputs, seed] = [values.minutes, values.inputs, values.seed].map(Number);
const [wanted = ''] = positionals;
const targets = wanted === 'all' ? TARGETS : [wanted].filter(isTarget);
if (values.help) end(0, HELP);
if (targets.length === 0 || positionals.length > 1) end(1, `Name one target.\n\n${HELP}`);
if (!(Number(minutes) > 0 && Number(inputs) > 0 && Number(seed) >= 0)) {
  end(1, '--minutes, --inputs and --seed are numbers, and the first two over 0.');
}
for (const path of [values.corpus, values.replay]) {
  if (path !== undefined && !existsSync(path)) end(1, `${path} is not there.`);
}

const rows: (readonly [TargetName, FuzzSummary])[] = [];
for (const name of targets) rows.push([name, await attack(name)]);
console.log(tableOf(rows));
if (values.replay === undefined) console.log(`seed ${seed}: npm run fuzz -- --seed ${seed} ${wanted}`);
process.exitCode = rows.some(([, { findings }]) => findings.length > 0) ? 2 : 0;

function given() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        minutes: { type: 'string', default: '1' },
        inputs: { type: 'string', default: String(2 ** 31 - 1) },
        seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
        corpus: { type: 'string' },
        replay: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return end(1, `${error instanceof Error ? error.message : error}\n\n${HELP}`);
  }
}

function end(code: number, text: string): never {
  console.log(text);
  process.exit(code);
}

function attack(name: TargetName): Promise<FuzzSummary> {
  const common = { module: moduleOf(name), seed: Number(seed) };
  if (values.replay !== undefined) {
    const corpus = [readFileSync(values.replay)];
    return fuzzTarget({ ...common, corpus, only: true, onFinding: ({ report }) => console.log(report) });
  }
  return fuzzTarget({
    ...common,
    inputs: Number(inputs),
    ms: (Number(minutes) * 60_000) / targets.length,
    corpus: values.corpus === undefined ? [] : filesIn(values.corpus),
    onFinding: (finding) => {
      const path = keepFinding(join(root, '.local/fuzz', name), name, finding);
      const kept = relative(root, path);
      const report = finding.report.slice(0, REPORT_CHARS);
      console.log(`${name}: ${finding.kind}, ${kept}\n${report}\n\n${replayLine(name, kept, finding)}\n`);
    },
  });
}

/** At most a thousand files, in pieces that can be built upon. */
function filesIn(folder: string): readonly Buffer[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .slice(0, 1_000)
    .flatMap((path) => piecesOf(readFileSync(path)));
}

function tableOf(summaries: typeof rows): string {
  const table = [
    ['target', 'inputs', 'a second', 'code reached', 'corpus', 'findings'],
    ...summaries.map(([name, { inputs: tried, seconds, stretches, corpus, findings }]) => [
      name,
      tried.toLocaleString('en'),
      Math.round(tried / seconds).toLocaleString('en'),
      String(stretches),
      String(corpus),
      String(findings.length),
    ]),
  ];
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const padded = table.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  );
  return padded.join('\n');
}

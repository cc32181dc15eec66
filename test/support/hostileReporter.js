import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const MIB = 1024 * 1024;

/** Paths of the suites that attack the service. */
const ATTACKS = /[/\\]test[/\\]deep[/\\](?:hostile|faults)[/\\]/;

/** Prints a line for every suite that attacks the service: inputs, tests, passed tests, highest costs, time. */
export default class HostileReporter {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'hostile-'));
    // The workers start later and inherit it.
    process.env.HOSTILE_FIGURES = this.folder;
  }

  onRunComplete(_contexts, { testResults }) {
    const figures = readdirSync(this.folder).flatMap((name) =>
      readFileSync(join(this.folder, name), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
    rmSync(this.folder, { recursive: true });

    const rows = testResults
      .filter(({ testFilePath }) => ATTACKS.test(testFilePath))
      .map(({ testFilePath, testResults: tests, perfStats, testExecError }) => {
        const own = figures.filter(({ testPath }) => testPath === testFilePath);
        const counted = new Set(own.filter(({ inputs }) => inputs > 0).map(({ test }) => test));
        return {
          group: basename(testFilePath, '.test.ts'),
          inputs:
            sum(own.map(({ inputs = 0 }) => inputs)) +
            tests.filter((test) => !counted.has(test.fullName)).length,
          tests: tests.length,
          passed: tests.filter(({ status }) => status === 'passed').length,
          isBroken: testExecError !== undefined && testExecError !== null,
          stallMs: most(own.map(({ stallMs = 0 }) => stallMs)),
          grownBytes: most(own.map(({ grownBytes = 0 }) => grownBytes)),
          seconds: (perfStats.end - perfStats.start) / 1_000,
          connections: sum(own.map(({ connections = 0 }) => connections)),
          astray: sum(own.map(({ astray = 0 }) => astray)),
          said: own.flatMap(({ said }) => (said === undefined ? [] : [said])),
        };
      })
      .sort((a, b) => a.group.localeCompare(b.group));

    if (rows.length === 0) return;

    const cells = ['group', 'inputs', 'tests', 'passed', 'longest stall', 'most memory', 'time'];
    const table = [
      cells,
      ...rows.map((row) => [
        row.group,
        row.inputs.toLocaleString('en'),
        String(row.tests),
        row.isBroken ? 'broken' : String(row.passed),
        row.stallMs > 0 ? `${Math.round(row.stallMs)} ms` : '',
        row.grownBytes > 0 ? `${Math.round(row.grownBytes / MIB)} MiB` : '',
        `${row.seconds.toFixed(1)} s`,
      ]),
      [
        'all',
        sum(rows.map(({ inputs }) => inputs)).toLocaleString('en'),
        String(sum(rows.map(({ tests }) => tests))),
        String(sum(rows.map(({ passed }) => passed))),
        `${Math.round(most(rows.map(({ stallMs }) => stallMs)))} ms`,
        `${Math.round(most(rows.map(({ grownBytes }) => grownBytes)) / MIB)} MiB`,
        '',
      ],
    ];
    const widths = cells.map((_, column) => most(table.map((row) => row[column].length)));
    console.log(
      `\nUnder attack\n${table
        .map((row) =>
          row
            .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
            .join('  ')
            .trimEnd(),
        )
        .join('\n')}`,
    );
    const total = (name) => sum(rows.map((row) => row[name])).toLocaleString('en');
    console.log(`Connections opened: ${total('connections')}, off this machine: ${total('astray')}.`);
    for (const { group, said } of rows) for (const sentence of said) console.log(`${group}: ${sentence}`);
  }
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
const most = (values) => values.reduce((highest, value) => Math.max(highest, value), 0);

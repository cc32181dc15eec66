/** Loading each packaged function and its first call, in a new process, against an empty function. */
import { fork } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSize } from '../bundleSize.ts';
import { plainEnvironment } from '../child.ts';
import { getEvent, writeEvent } from '../events.ts';
import { differenceRow, type Row } from '../row.ts';
import { FUNCTION_NODE_OPTIONS, subject, type World } from '../world.ts';
import type { Scenario } from './scenario.ts';

interface Start {
  readonly cpuMs: number;
  readonly loadCpuMs: number;
  readonly wallMs: number;
}

const WARM_UPS = 1;
const AIMS = { getImages: 60, postImages: 150, putImages: 150 } as const;
const EMPTY = 'export const handler = async () => ({ statusCode: 200, headers: {}, body: "" });\n';

export const coldStart: Scenario = {
  name: 'coldStart',
  async run(world, { rounds }) {
    const empty = join(world.bundles, 'empty.js');
    await writeFile(empty, EMPTY);
    const starts = new Map<string, Start[]>();
    for (let round = -WARM_UPS; round < rounds; round += 1) {
      const { url } = world.newPage(1, 1_000, 0);
      const tasks = [
        ['empty', empty, getEvent(url), 200],
        ['postImages', bundleOf(world, 'postImages'), writeEvent('POST', url), 201],
        ['getImages', bundleOf(world, 'getImages'), getEvent(url), 200],
        ['putImages', bundleOf(world, 'putImages'), writeEvent('PUT', url), 200],
      ] as const;
      for (const [name, bundle, event, status] of tasks) {
        const start = await startOnce(world, bundle, event, status);
        if (round >= 0) starts.set(name, [...(starts.get(name) ?? []), start]);
      }
    }
    const cpuOf = (name: string) => starts.get(name)?.map(({ cpuMs }) => cpuMs) ?? [];
    const loadOf = (name: string) => starts.get(name)?.map(({ loadCpuMs }) => loadCpuMs) ?? [];
    const rows: Row[] = [];
    for (const name of ['getImages', 'postImages', 'putImages'] as const) {
      rows.push(
        differenceRow({
          scenario: 'coldStart',
          what: `${name}: CPU of load and first call`,
          unit: 'ms',
          subject: cpuOf(name),
          reference: cpuOf('empty'),
          aim: { atMost: AIMS[name] },
        }),
        differenceRow({
          scenario: 'coldStart',
          what: `${name}: of it the load`,
          unit: 'ms',
          subject: loadOf(name),
          reference: loadOf('empty'),
          aim: null,
        }),
        await sizeRow(name, bundleOf(world, name)),
      );
    }
    return rows;
  },
};

const bundleOf = ({ bundles }: World, name: string) => join(bundles, name, 'index.js');

function startOnce(world: World, bundle: string, event: object, status: number): Promise<Start> {
  const child = fork(subject('coldStart.js'), [bundle, JSON.stringify(event), String(status)], {
    env: { ...plainEnvironment(), ...world.functionEnv() },
    execArgv: [...FUNCTION_NODE_OPTIONS],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    let start: Start | undefined;
    child.once('message', (message) => {
      start = message as Start;
    });
    child.once('exit', () =>
      start === undefined ? reject(new Error(`${bundle} was not called.`)) : resolve(start),
    );
  });
}

async function sizeRow(name: string, bundle: string): Promise<Row> {
  const kilobytes = (await stat(bundle)).size / 1_000;
  return {
    scenario: 'coldStart',
    what: `${name}: code, and zipped`,
    unit: 'kB',
    subject: [kilobytes],
    reference: [],
    figure: (await zipSize(bundle)) / 1_000,
    figureKind: 'value',
    aim: null,
  };
}

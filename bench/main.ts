/** `npm run bench`: every scenario against its reference in the same run, one table, one JSON file. */
import { readParameters } from './parameters.ts';
import { tableOf, writeReport } from './report.ts';
import { isFarOff, type Row } from './row.ts';
import { coldStart } from './scenarios/coldStart.ts';
import { discovery } from './scenarios/discovery.ts';
import { exporter } from './scenarios/exporter.ts';
import { get } from './scenarios/get.ts';
import { http } from './scenarios/http.ts';
import { latency } from './scenarios/latency.ts';
import { post } from './scenarios/post.ts';
import { postLarge } from './scenarios/postLarge.ts';
import { postScaling } from './scenarios/postScaling.ts';
import { put } from './scenarios/put.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { startWorld } from './world.ts';

const SCENARIOS: readonly Scenario[] = [
  post,
  postScaling,
  postLarge,
  latency,
  put,
  get,
  http,
  discovery,
  coldStart,
  exporter,
];

async function main(): Promise<number> {
  const parameters = readParameters(
    process.argv.slice(2),
    SCENARIOS.map(({ name }) => name),
  );
  await using parts = new AsyncDisposableStack();
  const world = await startWorld(parts);
  if (world.redisAddress === null)
    console.log('There is no Redis on this machine: look-ups go to the store.');
  const rows: Row[] = [];
  for (const scenario of SCENARIOS.filter(({ name }) => parameters.names.includes(name))) {
    process.stderr.write(`${scenario.name} …\n`);
    rows.push(...(await scenario.run(world, parameters)));
  }
  console.log(tableOf(rows));
  await writeReport(parameters.out, rows, parameters);
  console.log(`\n${parameters.out}`);
  const { margin } = parameters;
  if (margin === undefined) return 0;
  const failed = rows.filter((row) => isFarOff(row, margin));
  for (const { scenario, what } of failed) {
    console.error(`${scenario}, ${what}: further from its aim than ${margin} times.`);
  }
  return failed.length > 0 ? 1 : 0;
}

process.exitCode = await main().catch((error: Error) => {
  console.error(error.stack);
  return 1;
});

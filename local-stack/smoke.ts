/** `npm run smoke`: runs the scenarios of the challenge against a running stack. Exit code 1 when one fails. */
import { apiScenarios } from './smoke/api.ts';
import { monitoringScenarios } from './smoke/monitoring.ts';
import { readOptions, type SmokeOptions, USAGE } from './smoke/options.ts';
import { runScenarios } from './smoke/scenario.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

/** The settings of the compose stack: as in Compose, the environment takes precedence over `.env`. */
function settings(): NodeJS.ProcessEnv {
  try {
    process.loadEnvFile('.env');
  } catch {
    // Without the file, the defaults of the compose file hold.
  }
  return process.env;
}

async function smoke(options: SmokeOptions, env: NodeJS.ProcessEnv): Promise<boolean> {
  const grafanaUser = `${env.GRAFANA_ADMIN_USER || 'admin'}:${env.GRAFANA_ADMIN_PASSWORD ?? ''}`;
  const monitoring = monitoringScenarios({ ...options, grafanaUser });
  const scenarios = [...monitoring.before, ...apiScenarios(options), ...monitoring.after];
  const { passed, failed, skipped } = await runScenarios(scenarios, say, () => performance.now());
  say(`\nSmoke: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0;
}

try {
  const args = process.argv.slice(2);
  // `npm start` does not read `.env`.
  const env = args.includes('start') ? process.env : settings();
  process.exitCode = (await smoke(readOptions(args, env), env)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
  process.exitCode = 1;
}

/** `npm run smoke`: the scenarios of the challenge against a running stack. Exit code 1 on the first that fails. */
import { apiScenarios } from './smoke/api.ts';
import { monitoringScenarios } from './smoke/monitoring.ts';
import { readOptions, type SmokeOptions, USAGE } from './smoke/options.ts';
import { runScenarios } from './smoke/scenario.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Grafana's administrator as the compose file names them: from the environment, else from `.env`. */
function grafanaUser(): string {
  try {
    process.loadEnvFile('.env');
  } catch {
    // No such file: the defaults of the compose file hold.
  }
  const { GRAFANA_ADMIN_USER, GRAFANA_ADMIN_PASSWORD } = process.env;
  return `${GRAFANA_ADMIN_USER || 'admin'}:${GRAFANA_ADMIN_PASSWORD || 'admin'}`;
}

async function smoke(options: SmokeOptions): Promise<boolean> {
  const monitoring = monitoringScenarios({ ...options, grafanaUser: grafanaUser() });
  const scenarios = [...monitoring.before, ...apiScenarios(options), ...monitoring.after];
  const { passed, failed, skipped } = await runScenarios(scenarios, say, () => performance.now());
  say(`\nSmoke: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0;
}

try {
  process.exitCode = (await smoke(readOptions(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
  process.exitCode = 1;
}

/** `npm run sweep`: runs the scheduled sweep once, on the store of the local stack. */
import type { Context } from 'aws-lambda';
import { refuseArguments } from './settings/arguments.ts';
import { joinRunning } from './settings/environment.ts';
import { readLocalSettings } from './settings/settings.ts';

/** The timeout of the deployed function. */
const TIMEOUT_MS = 900_000;

try {
  refuseArguments(process.argv.slice(2));
  const { environment, isRunning } = await joinRunning(process.env, readLocalSettings(process.env));
  if (!isRunning && !process.env.S3_ENDPOINT) {
    throw new Error('no local stack is running here. Run "npm start" in another terminal first.');
  }
  Object.assign(process.env, environment, { IS_LOCAL: 'true' });

  // Standard output gets only the report, so the handler's log line goes to standard error.
  console.log = console.error;
  // Imported late, since the handler reads its settings while it is loaded.
  const { handler } = await import('../handlers/sweepImages.ts');
  const end = performance.now() + TIMEOUT_MS;
  const context = { getRemainingTimeInMillis: () => Math.max(0, end - performance.now()) };
  const report = await handler({}, context as Context);
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} catch (error) {
  process.stderr.write(`The sweep failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// An open connection to Redis or the store would keep the process alive.
process.exit();

/** The service `settings` of the compose stack: it fails with one sentence for each fault, before all others start. */
import { stackFaults } from './stackSettings.ts';

const faults = stackFaults(process.env);
if (faults.length > 0) {
  process.stderr.write(`The settings in .env cannot be used:\n- ${faults.join('\n- ')}\n`);
  process.exit(1);
}
process.stdout.write('The settings are fine.\n');

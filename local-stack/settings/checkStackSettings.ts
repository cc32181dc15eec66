/** The compose stack's service `settings`: ends with one sentence for each fault, before anything else is started. */
import { stackFaults } from './stackSettings.ts';

const faults = stackFaults(process.env);
if (faults.length > 0) {
  process.stderr.write(`The settings in .env cannot be used:\n- ${faults.join('\n- ')}\n`);
  process.exit(1);
}
process.stdout.write('The settings are fine.\n');

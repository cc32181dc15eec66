import '../../local-stack/checkNode.js';
import { hasCorpus } from './corpus.ts';
import { findTestServices } from './services.ts';

/** Reports the programs that the machine lacks. With REQUIRE_SERVICES=1, as in CI, that is a failure. */
export default async () => {
  process.env.AWS_EMF_ENVIRONMENT = 'Local';
  const missing = findTestServices().filter(({ program }) => program === null);
  for (const { name, covers, install } of missing) {
    console.log(`Left out, since this machine does not have ${name}: ${covers} (${install}).`);
  }
  if (!hasCorpus) console.log('Left out, since CORPUS names no folder of saved pages: harvesting them.');
  if (missing.length > 0 && process.env.REQUIRE_SERVICES === '1') {
    throw new Error(`REQUIRE_SERVICES=1, but missing: ${missing.map(({ name }) => name).join(', ')}.`);
  }
};

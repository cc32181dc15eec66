import base from '../../jest.config.js';
import { DEEP_SUITES } from './deepSuites.js';

/** `npm run test:deep`: every suite that `npm test` leaves out. */
export default {
  ...base,
  rootDir: '../..',
  testMatch: undefined,
  testRegex: DEEP_SUITES.map((suites) =>
    suites.endsWith('/') ? `${suites}.*\\.test\\.ts$` : `${suites}\\.ts$`,
  ),
};

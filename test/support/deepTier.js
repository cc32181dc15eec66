import base from '../../jest.config.js';

/**
 * `npm run test:deep`: the suites that search rather than show, and so take long: attacks, kills, schedules, browsers,
 * servers of other makers.
 */
export default { ...base, rootDir: '../..', testMatch: ['**/test/deep/**/*.test.ts'] };

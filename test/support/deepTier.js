import base from '../../jest.config.js';

/**
 * `npm run test:deep`: the suites that take long: attacks, kills, random schedules, browsers, and servers of other
 * projects.
 */
export default { ...base, rootDir: '../..', testMatch: ['**/test/deep/**/*.test.ts'] };

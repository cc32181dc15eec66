import base from '../../jest.config.js';

/** `npm run test:kills`: the suites of the kill sweep, with every operation and every point. */
process.env.KILL_SWEEP = 'whole';

/** @type {import('jest').Config} */
export default { ...base, rootDir: '../..', testMatch: ['**/test/deep/faults/killSweep*.test.ts'] };

import base from '../../jest.config.js';

/** `npm run test:updates`: the random updates, with 2,000 runs. */
process.env.UPDATE_RUNS ??= '2000';

/** @type {import('jest').Config} */
export default { ...base, rootDir: '../..', testMatch: ['**/test/deep/updates/updates.test.ts'] };

import base from '../../jest.config.js';

/** `npm test`: the suites for newcomers and for every commit. */
export default {
  ...base,
  rootDir: '../..',
  testPathIgnorePatterns: [...base.testPathIgnorePatterns, '/test/deep/'],
};

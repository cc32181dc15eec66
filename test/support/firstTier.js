import base from '../../jest.config.js';

/** `npm test`: what a newcomer and every commit run. */
export default {
  ...base,
  rootDir: '../..',
  testPathIgnorePatterns: [...base.testPathIgnorePatterns, '/test/deep/'],
};

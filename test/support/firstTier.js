import base from '../../jest.config.js';
import { DEEP_SUITES } from './deepSuites.js';

/** `npm test`: what a newcomer and every commit run. */
export default {
  ...base,
  rootDir: '../..',
  testPathIgnorePatterns: [...base.testPathIgnorePatterns, ...DEEP_SUITES],
};

import base from '../../jest.config.js';

/** Runs only the suites of the guard, which must cover all of its branches. */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['guard/*', 'tls', 'cutBodies'].map((name) => `**/test/lib/web/${name}.test.ts`),
  collectCoverage: true,
  coverageProvider: 'v8',
  collectCoverageFrom: ['lib/web/guard/**'],
  coverageReporters: ['text'],
  coverageThreshold: { global: { branches: 100, functions: 100, lines: 100, statements: 100 } },
};

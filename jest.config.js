import { hasCorpus } from './test/support/corpus.ts';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: hasCorpus ? [] : ['corpus\\.test\\.ts$'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/test/support/esbuildTransform.js' },
  globalSetup: '<rootDir>/test/support/globalSetup.js',
  setupFilesAfterEnv: ['<rootDir>/test/support/onlyLoopback.ts'],
  reporters: [
    'default',
    '<rootDir>/test/support/hostileReporter.js',
    '<rootDir>/test/support/summaryReporter.js',
  ],
  testTimeout: 30_000,
};

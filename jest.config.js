import { availableParallelism } from 'node:os';
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
  // It only ends a test that hangs. On a busy machine a correct test may take long.
  testTimeout: 180_000,
  // At least two: many suites mostly wait for other processes, and tests measure processor time, not wall time.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // A worker that has grown is replaced: what a test measures must not depend on earlier tests.
  workerIdleMemoryLimit: 512 * 1024 * 1024,
};

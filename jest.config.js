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
  // Not a measure of speed: long enough for a busy machine, and it still ends a test that hangs.
  testTimeout: 180_000,
  // Two at least: many suites wait for other processes, and what is measured is processor time.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // In a worker, and in a new one when it has grown: what is measured must not depend on what ran before.
  workerIdleMemoryLimit: 512 * 1024 * 1024,
};

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/test/support/esbuildTransform.js' },
  globalSetup: '<rootDir>/test/support/globalSetup.js',
  reporters: ['default', '<rootDir>/test/support/summaryReporter.js'],
  testTimeout: 30_000,
};

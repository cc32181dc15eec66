/**
 * The suites that search rather than show: attacks, kills, schedules, browsers, long rounds. `npm test` leaves them to
 * `npm run test:deep`. Each is a pattern of jest's `testPathIgnorePatterns`.
 */
export const DEEP_SUITES = [
  '/test/deep/browser/',
  '/test/deep/faults/',
  '/test/deep/hostile/',
  '/test/contract/(realStores|unfitStores)\\.test',
  '/test/e2e/(corpus|minio|front|start)\\.test',
  '/test/lib/harvest/updates/',
  '/test/lib/image/(imageStalls|hostileImages)\\.test',
  '/test/lib/page/hostilePages\\.test',
  '/test/lib/record/(redisRounds|redisMisconfigured|s3Closing|sweepRounds|lookUpMemory)\\.test',
  '/test/local-stack/exporter/(bench|growth|hostileDocuments)\\.test',
];

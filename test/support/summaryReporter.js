/** Ends a run with one line for people and scripts: how many tests passed and failed. */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    // A suite that cannot be loaded has no failed tests, but is a failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    console.log(`\nTests: ${results.numPassedTests} passed, ${failed} failed`);
  }
}

/** Ends a run with one plain line that a person or a script can read: what passed and what failed. */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    // A suite that could not even be loaded has no tests to fail.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    console.log(`\nTests: ${results.numPassedTests} passed, ${failed} failed`);
  }
}

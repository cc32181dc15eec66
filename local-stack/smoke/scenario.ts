export interface Scenario {
  /** A claim. */
  readonly name: string;
  /** Why it is skipped; null or absent: it runs. */
  readonly leftOut?: string | null;
  /** Throws an error that says what was seen instead. */
  run(): Promise<void>;
}

export interface Tally {
  readonly passed: number;
  readonly failed: 0 | 1;
  readonly skipped: number;
}

/**
 * How many scenarios passed, failed and were skipped. They run in order up to the first failure; each prints a line.
 */
export async function runScenarios(
  scenarios: readonly Scenario[],
  print: (line: string) => void,
  now: () => number,
): Promise<Tally> {
  let passed = 0;
  let skipped = 0;
  for (const { name, leftOut, run } of scenarios) {
    if (leftOut) {
      skipped += 1;
      print(`left out          ${name}: ${leftOut}`);
      continue;
    }
    const start = now();
    const took = () => `${((now() - start) / 1_000).toFixed(2).padStart(7)} s`;
    try {
      await run();
    } catch (error) {
      print(`FAILED ${took()}  ${name}: ${error instanceof Error ? error.message : String(error)}`);
      return { passed, failed: 1, skipped };
    }
    passed += 1;
    print(`ok     ${took()}  ${name}`);
  }
  return { passed, failed: 0, skipped };
}

export interface Scenario {
  /** A claim. */
  readonly name: string;
  /** Why it is left out; null or absent: it is tried. */
  readonly leftOut?: string | null;
  /** @throws Error that says what was seen instead */
  run(): Promise<void>;
}

export interface Tally {
  readonly passed: number;
  readonly failed: 0 | 1;
  readonly skipped: number;
}

/** Runs the scenarios in order up to the first that fails, and prints a line with its time for each. */
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

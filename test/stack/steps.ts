/** Runs steps and prints their time. A failed step does not end the others. */

export interface Steps {
  /** Whether the step passed. Prints the result of `work` beside the name. */
  step(name: string, work: () => Promise<string | undefined>): Promise<boolean>;
  /** Prints what could not be tried. */
  untried(what: string): void;
  tally(): { readonly passed: number; readonly failed: number };
}

export function createSteps(print: (line: string) => void): Steps {
  let passed = 0;
  let failed = 0;
  return {
    async step(name, work) {
      const start = performance.now();
      const took = () => `${((performance.now() - start) / 1_000).toFixed(1).padStart(6)} s`;
      try {
        const told = await work();
        passed += 1;
        print(`ok     ${took()}  ${name}${told ? `: ${told}` : ''}`);
        return true;
      } catch (error) {
        failed += 1;
        print(`FAILED ${took()}  ${name}: ${error instanceof Error ? error.message : String(error)}`);
        return false;
      }
    },
    untried: (what) => print(`not tried        ${what}`),
    tally: () => ({ passed, failed }),
  };
}

export function check(isTrue: boolean, message: string): asserts isTrue {
  if (!isTrue) throw new Error(message);
}

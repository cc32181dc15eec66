/** Finds the code that an input reaches, with V8's block coverage. It needs no package and does not change the code. */
import { type Profiler, Session } from 'node:inspector';

/** The project's own code: what packages run does not lead to new code of the project. */
const WATCHED =
  /^file:\/\/(?!.*\/node_modules\/).*\/(?:lib|local-stack|test\/deep\/fuzz\/planted)\/[^?]*\.ts$/;

export interface Coverage {
  /**
   * Number of stretches of code that were reached for the first time since the last call. `keeps` adds them to the
   * known ones; otherwise they are new again.
   */
  newStretches(keeps: boolean): number;
  /** Number of known stretches. */
  size(): number;
}

/** Starts the coverage of this thread. Call it before the code under attack is loaded. */
export function startCoverage(): Coverage {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

  /** By script: 1 for every character of its text that was reached. */
  const known = new Map<string, Uint8Array>();
  let size = 0;

  return {
    newStretches(keeps) {
      let found = 0;
      // The inspector answers its own thread at once.
      session.post('Profiler.takePreciseCoverage', (error, taken) => {
        if (error !== null) throw error;
        for (const script of taken.result) {
          if (WATCHED.test(script.url)) found += compare(script, known, keeps);
        }
      });
      if (keeps) size += found;
      return found;
    },
    size: () => size,
  };
}

/**
 * Compares a script's coverage with the known one. Ranges nest, and the innermost decides, so outer ones come first.
 */
function compare(
  { url, functions }: Profiler.ScriptCoverage,
  known: Map<string, Uint8Array>,
  keeps: boolean,
): number {
  const ranges = functions
    .flatMap((one) => one.ranges)
    .sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  const length = ranges.reduce((longest, { endOffset }) => Math.max(longest, endOffset), 0);
  const reached = new Uint8Array(length);
  for (const { startOffset, endOffset, count } of ranges) {
    reached.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  }

  let before = known.get(url) ?? new Uint8Array(length);
  if (before.length < length) {
    const longer = new Uint8Array(length);
    longer.set(before);
    before = longer;
  }
  let stretches = 0;
  let isWithin = false;
  for (let at = 0; at < length; at += 1) {
    const isNew = reached[at] === 1 && before[at] === 0;
    if (isNew && !isWithin) stretches += 1;
    if (isNew && keeps) before[at] = 1;
    isWithin = isNew;
  }
  if (keeps) known.set(url, before);
  return stretches;
}

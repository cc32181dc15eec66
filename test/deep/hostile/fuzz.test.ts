/** The short run of the fuzzer: every target for so many inputs, always with the same seed. `npm run fuzz` goes on. */
import { describe, expect, it } from '@jest/globals';
import { fuzzTarget } from '../fuzz/fuzzTarget.ts';
import { moduleOf, TARGETS, type TargetName } from '../fuzz/targets.ts';
import { report } from './support/figures.ts';

const INPUTS: Readonly<Record<TargetName, number>> = {
  url: 6_000,
  html: 400,
  srcset: 8_000,
  css: 3_000,
  image: 1_500,
  event: 800,
  emf: 2_000,
};
/** For a machine that is slow: what was tried by then counts. */
const MS = 20_000;
const SEED = 2_026;

describe('fuzzing finds nothing in', () => {
  it.each(TARGETS)('%s', async (name) => {
    const done = await fuzzTarget({ module: moduleOf(name), seed: SEED, inputs: INPUTS[name], ms: MS });
    expect(
      done.findings.map(({ kind, report: seen, input }) => [kind, seen, input.toString('base64')]),
    ).toEqual([]);
    expect(done.inputs).toBeGreaterThan(INPUTS[name] / 20);
    // It was led by what it reached, not left with what it began with.
    expect(done.corpus).toBeGreaterThan(5);
    report({
      inputs: done.inputs,
      said: `${name}: ${done.inputs.toLocaleString('en')} inputs reached ${done.stretches} stretches of code.`,
    });
  });
});

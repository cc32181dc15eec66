/** Wrong copies of the order of writing: the sweep of the points must find each of them out. */
import { describe, expect, it } from '@jest/globals';
import { report } from '../hostile/support/figures.ts';
import { runnable, TIMEOUT_MS } from './kill/extent.ts';
import type { MutantName } from './kill/mutants.ts';
import { OPERATIONS, type Operation } from './kill/operations.ts';
import type { Kill, Others } from './kill/runs.ts';
import { openSuiteRange } from './kill/suiteRange.ts';

interface Row {
  readonly mutant: MutantName;
  readonly operation: Operation;
  readonly hasRedis: boolean;
  /** Where it shows. */
  readonly only: (call: string) => boolean;
  readonly strike: { readonly kill: Kill } | { readonly others: Others };
  /** What is said of it. */
  readonly fault: RegExp;
}

const { post, put, sweep } = OPERATIONS;
const isCommit = (call: string) => call === 's3 PUT record';
const isLate = (call: string) => /^s3 (?:PUT|DELETE)/.test(call);

const rows: readonly Row[] = [
  {
    mutant: 'deleteBeforeCommit',
    operation: put,
    hasRedis: false,
    only: isLate,
    strike: { kill: 'before' },
    fault: /c\.png of \w+ is missing/,
  },
  {
    mutant: 'commitBeforeUpload',
    operation: post,
    hasRedis: false,
    only: isLate,
    strike: { kill: 'after' },
    fault: /[abd]\.png of \w+ is missing/,
  },
  {
    mutant: 'commitWithoutCondition',
    operation: put,
    hasRedis: false,
    only: isLate,
    strike: { others: ['put'] },
    fault: /records that were written were overwritten/,
  },
  {
    mutant: 'noFence',
    operation: post,
    hasRedis: false,
    only: isCommit,
    strike: { others: ['sweep'] },
    fault: /[abd]\.png of \w+ is missing/,
  },
  {
    mutant: 'fenceKeepsEtag',
    operation: put,
    hasRedis: false,
    only: isCommit,
    strike: { others: ['sweep'] },
    fault: /[bd]\.png of \w+ is missing/,
  },
  {
    mutant: 'deleteByAge',
    operation: sweep,
    hasRedis: false,
    only: (call) => call === 's3 LIST images',
    strike: { kill: 'before' },
    fault: /after the sweep .* is missing/,
  },
  {
    mutant: 'lockOutlivesCall',
    operation: put,
    hasRedis: true,
    only: (call) => call === 's3 GET record',
    strike: { kill: 'before' },
    fault: /lock stays for \d+ ms/,
  },
];

const range = openSuiteRange();

describe('a wrong order of writing is found out', () => {
  it.each(runnable(rows))(
    'C03 $mutant',
    async ({ mutant, operation, hasRedis, only, strike, fault }) => {
      const options = { hasRedis, only, mutant };
      const found =
        'kill' in strike
          ? await range.kills(operation, [strike.kill], options)
          : await range.pauses(operation, [{ by: strike.others }], options);
      expect(found.faults.join('\n')).toMatch(fault);
      report({ inputs: found.runs });
    },
    TIMEOUT_MS,
  );

  it('C03 says which were tried', () => {
    const names = runnable(rows).map(({ mutant }) => mutant);
    expect(names.length).toBeGreaterThanOrEqual(6);
    report({ said: `${names.length} wrong orders of writing, each found out: ${names.join(', ')}` });
  });
});

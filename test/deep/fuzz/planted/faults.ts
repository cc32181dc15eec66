/** Faults planted on purpose: the fuzzer that does not find these finds nothing. */
import { demand, type Target } from '../target.ts';

const text = (input: Buffer) => input.toString('latin1');

/** A claim that fails after four nested comparisons. Random inputs alone would need 2^32 attempts. */
function broken(input: Buffer): void {
  if (input[0] === 0x46) {
    if (input[1] === 0x55) {
      if (input[2] === 0x5a) {
        if (input[3] === 0x5a) demand(false, 'the deepest branch is never reached');
      }
    }
  }
}

function throws(input: Buffer): void {
  const [, digits] = /n=(\d+)/.exec(text(input)) ?? [];
  if (digits === '0') throw new TypeError('a division by nothing');
}

function hangs(input: Buffer): void {
  while (text(input).includes('for ever'));
}

/**
 * Looks at every byte again for every sixty-fourth one: squares, and yet no hang at the length that an input may have.
 */
function slow(input: Buffer): void {
  let sum = 0;
  for (let from = 0; from < input.length; from += 64) {
    for (let at = 0; at < input.length; at += 1) sum = (sum + (input[at] ?? 0)) | 0;
  }
  demand(Number.isInteger(sum), 'a sum is no number');
}

function grows(input: Buffer): void {
  const kept: Uint8Array[] = [];
  const isAsked = text(input).includes('more and more');
  while (isAsked) kept.push(new Uint8Array(100_000).fill(1));
}

function settles(input: Buffer): Promise<void> | void {
  if (text(input).includes('silence')) return new Promise(() => {});
}

const target = (
  name: string,
  check: Target['check'],
  seeds: readonly string[],
  words: readonly string[] = [],
): Target => ({ name, check, words, seeds: () => seeds.map((seed) => Buffer.from(seed)), msPerKib: 1 });

export const PLANTED = {
  broken: target('broken', broken, ['aaaaaaaa']),
  throws: target('throws', throws, ['m=17'], ['n=']),
  hangs: target('hangs', hangs, ['never '], ['for ever']),
  slow: target('slow', slow, ['a b  c']),
  grows: target('grows', grows, ['less '], ['more and more']),
  silent: target('silent', settles, ['noise '], ['silence']),
  sound: target('sound', () => {}, ['a']),
} as const;

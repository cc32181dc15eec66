import { describe, expect, it } from '@jest/globals';
import { createYielder } from '../../../lib/concurrency/yielder.ts';
import type { Candidate } from '../../../lib/domain/model.ts';
import { type ChoiceOptions, choose, roomOf } from '../../../lib/harvest/choose.ts';
import { candidateOf } from '../../support/builders.ts';

const codesOf = async (candidates: readonly Candidate[], options: Partial<ChoiceOptions> = {}) => {
  const all = { variants: 'all', imagesMaxCount: 1_000, standing: new Map(), ...options } as const;
  return (await choose(candidates, all, createYielder())).map(({ reason }) => reason?.code ?? 'wanted');
};

describe('the choice of candidates', () => {
  it('keeps page order and wants everything by default', async () => {
    const candidates = ['a', 'b', 'c'].map((name) => candidateOf(`https://site.test/${name}`));
    const options = { variants: 'all', imagesMaxCount: 3, standing: new Map() } as const;
    expect(await choose(candidates, options, createYielder())).toEqual(
      candidates.map((candidate) => ({ candidate })),
    );
  });

  it('wants exactly as many as the limit allows, the first ones', async () => {
    const candidates = ['a', 'b', 'c'].map((name) => candidateOf(`https://site.test/${name}`));
    expect(await codesOf(candidates, { imagesMaxCount: 2 })).toEqual(['wanted', 'wanted', 'LIMIT_REACHED']);
  });

  it('does not count what is not wanted anyway', async () => {
    const candidates = [
      candidateOf('https://site.test/small', { isBest: false }),
      candidateOf('https://user:secret@site.test/'),
      candidateOf('https://site.test/large'),
    ];
    expect(await codesOf(candidates, { variants: 'best', imagesMaxCount: 1 })).toEqual([
      'NOT_CHOSEN',
      'ADDRESS_FORBIDDEN',
      'wanted',
    ]);
  });

  it.each([
    [199, true, 'PLACEHOLDER'],
    [200, true, 'wanted'],
    [199, false, 'wanted'],
  ])('takes a data: image of %i bytes (beside another: %s) as %s', async (bytes, hasAlternative, code) => {
    expect(
      await codesOf([candidateOf('data:image/gif;sha256,0', { data: Buffer.alloc(bytes), hasAlternative })]),
    ).toEqual([code]);
  });

  it.each([
    [8_192, 'wanted'],
    [8_193, 'IMAGE_UNREACHABLE'],
  ])('takes an address of %i characters as %s', async (length, code) => {
    expect(await codesOf([candidateOf('https://site.test/'.padEnd(length, 'x'))])).toEqual([code]);
  });

  it('bounds the characters of all addresses together', async () => {
    const candidates = Array.from({ length: 300 }, (_, index) =>
      candidateOf(`https://site.test/${index}/`.padEnd(8_192, 'x')),
    );
    const codes = await codesOf(candidates);
    expect(codes.filter((code) => code === 'wanted')).toHaveLength(128);
    expect(codes.at(-1)).toBe('LIMIT_REACHED');
  });

  it('gives what is new the room that copies leave which must stay', async () => {
    const candidates = ['new', 'old', 'other'].map((name) => candidateOf(`https://site.test/${name}`));
    const standingOf = (count: number) =>
      new Map(
        Array.from({ length: count }, (_, i) => [
          i === 0 ? 'https://site.test/old' : `https://x.test/${i}`,
          null,
        ]),
      );
    const codes = (count: number) => codesOf(candidates, { imagesMaxCount: 4, standing: standingOf(count) });
    expect(roomOf(4)).toBe(5);
    expect(await codes(3)).toEqual(['wanted', 'wanted', 'wanted']);
    expect(await codes(4)).toEqual(['wanted', 'wanted', 'LIMIT_REACHED']);
    expect(await codes(5)).toEqual(['LIMIT_REACHED', 'wanted', 'LIMIT_REACHED']);
  });
});

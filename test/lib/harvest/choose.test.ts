import { describe, expect, it } from '@jest/globals';
import { choose, roomOf } from '../../../lib/harvest/choose.ts';
import type { Candidate } from '../../../lib/model.ts';
import { candidateOf } from '../../support/builders.ts';

const codesOf = (candidates: readonly Candidate[], options: Partial<Parameters<typeof choose>[1]> = {}) =>
  choose(candidates, { variants: 'all', imagesMaxCount: 1_000, standing: new Map(), ...options }).map(
    ({ reason }) => reason?.code ?? 'wanted',
  );

describe('the choice of candidates', () => {
  it('keeps page order and wants everything by default', () => {
    const candidates = ['a', 'b', 'c'].map((name) => candidateOf(`https://site.test/${name}`));
    expect(choose(candidates, { variants: 'all', imagesMaxCount: 3, standing: new Map() })).toEqual(
      candidates.map((candidate) => ({ candidate })),
    );
  });

  it('wants exactly as many as the limit allows, the first ones', () => {
    const candidates = ['a', 'b', 'c'].map((name) => candidateOf(`https://site.test/${name}`));
    expect(codesOf(candidates, { imagesMaxCount: 2 })).toEqual(['wanted', 'wanted', 'LIMIT_REACHED']);
  });

  it('does not count what is not wanted anyway', () => {
    const candidates = [
      candidateOf('https://site.test/small', { isBest: false }),
      candidateOf('https://user:secret@site.test/'),
      candidateOf('https://site.test/large'),
    ];
    expect(codesOf(candidates, { variants: 'best', imagesMaxCount: 1 })).toEqual([
      'NOT_CHOSEN',
      'ADDRESS_FORBIDDEN',
      'wanted',
    ]);
  });

  it.each([
    [199, true, 'PLACEHOLDER'],
    [200, true, 'wanted'],
    [199, false, 'wanted'],
  ])('takes a data: image of %i bytes (beside another: %s) as %s', (bytes, hasAlternative, code) => {
    expect(
      codesOf([candidateOf('data:image/gif;sha256,0', { data: Buffer.alloc(bytes), hasAlternative })]),
    ).toEqual([code]);
  });

  it.each([
    [8_192, 'wanted'],
    [8_193, 'IMAGE_UNREACHABLE'],
  ])('takes an address of %i characters as %s', (length, code) => {
    expect(codesOf([candidateOf('https://site.test/'.padEnd(length, 'x'))])).toEqual([code]);
  });

  it('bounds the characters of all addresses together', () => {
    const candidates = Array.from({ length: 300 }, (_, index) =>
      candidateOf(`https://site.test/${index}/`.padEnd(8_192, 'x')),
    );
    const codes = codesOf(candidates);
    expect(codes.filter((code) => code === 'wanted')).toHaveLength(128);
    expect(codes.at(-1)).toBe('LIMIT_REACHED');
  });

  it('gives what is new the room that copies leave which must stay', () => {
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
    expect(codes(3)).toEqual(['wanted', 'wanted', 'wanted']);
    expect(codes(4)).toEqual(['wanted', 'wanted', 'LIMIT_REACHED']);
    expect(codes(5)).toEqual(['LIMIT_REACHED', 'wanted', 'LIMIT_REACHED']);
  });
});

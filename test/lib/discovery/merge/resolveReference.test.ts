import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createResolveReference, withoutFragment } from '../../../../lib/discovery/merge/resolveReference.ts';

const NONE: ReadonlySet<string> = new Set();

describe('createResolveReference', () => {
  it('gives what the URL parser gives, though it asks it for few', () => {
    const piece = fc.constantFrom(
      ...'ab1./\\?#%:@~!$&\'()*+,;=-_|^"<>{} é\t'.split(''),
      '..',
      '//',
      '%2e',
      'http:',
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    const base = fc.constantFrom(
      'http://page.test/',
      'http://page.test/a/b.html',
      'https://page.test:8443/a//b/?c=/d/e',
      'http://user:pass@page.test/a/',
      'http://[::1]/x/',
      'http://page.test/a/b#c/d',
      'http://page.test/a/b#c?d/e',
      'file:///a/b',
      'data:,',
    );
    fc.assert(
      fc.property(text, base, (reference, against) => {
        if (/^[\0- ]*data:/i.test(reference)) return;
        const url = URL.parse(reference, against);
        const isWeb = url !== null && /^https?:$/.test(url.protocol) && !reference.startsWith('#');
        const resolved = createResolveReference(against, NONE)({ text: reference });
        expect(resolved).toEqual(isWeb ? { url: withoutFragment(url.href) } : null);
      }),
      { numRuns: 20_000 },
    );
  });

  it('never gives the page itself, however it is spelled', () => {
    const own = new Set(['http://page.test/a']);
    const resolve = createResolveReference('http://page.test/b', own);
    for (const text of ['a', '/a', './a', 'a#x', 'http://page.test/a', '//page.test/a', 'x/../a']) {
      expect(resolve({ text })).toBeNull();
    }
    expect(resolve({ text: 'a?' })).toEqual({ url: 'http://page.test/a?' });
  });
});

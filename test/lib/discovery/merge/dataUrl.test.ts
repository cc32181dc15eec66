import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dataUrlName, decodeDataUrl, isDataUrl } from '../../../../lib/discovery/merge/dataUrl.ts';
import { processorTimeOf } from '../../../support/processorTime.ts';

describe('decodeDataUrl', () => {
  it.each([
    ['data:,', 'text/plain', ''],
    ['data:,abc', 'text/plain', 'abc'],
    ['DATA:,abc', 'text/plain', 'abc'],
    ['  data:,abc  ', 'text/plain', 'abc'],
    ['da\nta:,a\tb\rc', 'text/plain', 'abc'],
    ['data:,a%20b', 'text/plain', 'a b'],
    ['data:,a%2', 'text/plain', 'a%2'],
    ['data:,a%zz', 'text/plain', 'a%zz'],
    ['data:,a#b', 'text/plain', 'a'],
    ['data:,a?b', 'text/plain', 'a?b'],
    ['data:,é', 'text/plain', 'é'],
    ['data:image/svg+xml,%3Csvg/%3E', 'image/svg+xml', '<svg/>'],
    ['data:image/svg+xml;utf8,<svg/>', 'image/svg+xml', '<svg/>'],
    ['data:IMAGE/PNG,x', 'image/png', 'x'],
    ['data:image/png;base64,YWJj', 'image/png', 'abc'],
    ['data:image/png; base64,YWJj', 'image/png', 'abc'],
    ['data:image/png;BASE64 ,YWJj', 'image/png', 'abc'],
    ['data:image/png;base64;x=y,YWJj', 'image/png', 'YWJj'],
    ['data:;base64,YWJj', 'text/plain', 'abc'],
    ['data:base64,YWJj', 'text/plain', 'YWJj'],
    ['data:image/png;base64,Y W\nJj', 'image/png', 'abc'],
    ['data:image/png;base64,YW%4Aj', 'image/png', 'abc'],
    ['data:image/png;base64,YWI', 'image/png', 'ab'],
    ['data:image/png;base64,YWI=', 'image/png', 'ab'],
    ['data:image/png;base64,YQ==', 'image/png', 'a'],
    ['data:image/png;base64,', 'image/png', ''],
    ['data:bogus,x', 'text/plain', 'x'],
    ['data:;charset=utf-8,x', 'text/plain', 'x'],
  ])('reads %j', (url, essence, text) => {
    const data = decodeDataUrl(url);
    expect([data?.essence, data?.bytes.toString()]).toEqual([essence, text]);
  });

  it.each([
    'data:',
    'data:image/png;base64',
    'data:image/png;base64,Y',
    'data:image/png;base64,YQ=',
    'data:image/png;base64,YQ===',
    'data:image/png;base64,YW-_',
    'data:image/png;base64,Y!Jj',
    'data:image/png;base64,YWJj=',
    'datum:,x',
    'http://good.test/,x',
  ])('refuses %j', (url) => {
    expect(decodeDataUrl(url)).toBeNull();
  });

  it('gives back any bytes, and lists them by type and hash', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (array) => {
        const bytes = Buffer.from(array);
        expect(decodeDataUrl(`data:image/png;base64,${bytes.toString('base64')}`)?.bytes).toEqual(bytes);
      }),
    );
    const data = decodeDataUrl('data:image/png;base64,YWJj');
    expect(data && dataUrlName(data)).toBe('data:image/png;sha256,ba7816bf8f01cfea414140de5dae2223');
  });

  it('reads five megabytes at once', () => {
    const ms = processorTimeOf(() => {
      expect(decodeDataUrl(`data:image/png;base64,${'QUJD'.repeat(1_250_000)}`)?.bytes.length).toBe(
        3_750_000,
      );
      expect(decodeDataUrl(`data:image/svg+xml,${'%20'.repeat(1_700_000)}`)?.bytes.length).toBe(1_700_000);
    });
    expect(ms).toBeLessThan(1_000);
  });
});

describe('isDataUrl', () => {
  it.each([
    ['data:,', true],
    [' d\na\tta:x', true],
    ['DATA:', true],
    ['data', false],
    ['d ata:', false],
    ['xdata:', false],
    ['/data:', false],
  ])('of %j says %s', (text, isData) => {
    expect(isDataUrl(text)).toBe(isData);
  });
});

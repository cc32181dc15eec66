import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parsePageUrl } from '../../../lib/domain/canonicalUrl.ts';
import { imageIdOf, pageIdOf } from '../../../lib/domain/identity.ts';
import { Problem } from '../../../lib/domain/problem.ts';
import { processorTimeWithin } from '../../support/processorTime.ts';

function codeOf(text: unknown): string {
  try {
    return parsePageUrl(text).href;
  } catch (error) {
    return error instanceof Problem ? error.code : `not a problem: ${String(error)}`;
  }
}

const label = (length: number) => 'a'.repeat(length);
/** A URL of exactly so many characters. */
const urlOf = (length: number) => `http://good.test/${label(length - 'http://good.test/'.length)}`;
/** A name of exactly so many characters, of labels that are fine. */
const nameOf = (length: number) => `${label(63)}.${label(63)}.${label(63)}.${label(length - 3 * 64)}`;

describe('parsePageUrl', () => {
  it.each([undefined, '', ' ', ' \t\r\n ', '\u00a0', '\u0000'])('asks for a url instead of %j', (text) => {
    expect(codeOf(text)).toBe('URL_REQUIRED');
  });

  it.each([null, 1, true, {}, [], ['http://good.test/'], Symbol('url')])(
    'refuses what is not a string (case %#)',
    (text) => {
      expect(codeOf(text)).toBe('URL_INVALID');
    },
  );

  it.each([
    '//127.0.0.1/',
    '/images/a.png',
    'http://',
    'http:',
    'http://?',
    'good.test',
    'file:///proc/self/environ',
    'gopher://good.test/',
    'ftp://good.test/',
    'data:text/html,x',
    'javascript:alert(1)',
    'blob:http://good.test/x',
    'ws://good.test/',
    'jar:http://good.test/',
    'http://user:pass@good.test/',
    'http://user@good.test/',
    'http://:pass@good.test/',
    'http://256.0.0.1/',
    'http://1.2.3.4.5/',
    'http://4294967296/',
    'http://08.0.0.1/',
    'http://foo.1/',
    'http://good.test:65536/',
    'http://good.test:+80/',
    'http://[::1]:80:80/',
    'http://[fe80::1%25eth0]/',
    'http://[::1/',
    'http://127.0.0.1.../',
    'http://a..b/',
    'http://.a/',
    'http://./',
    'http://good test/',
    'http://xn--/',
    'http://xn--.test/',
    'http://xn--a.com/',
    'http://XN--A.com/',
    'http://xn--a%2ecom/',
    'http://a.xn--a-.com/',
    'http://xn--ascii-.com/',
    'http://xn--999999b.com/',
    'http://xn--1ug.com/',
  ])('refuses %s', (text) => {
    expect(codeOf(text)).toBe('URL_INVALID');
  });

  it.each([
    ['a URL of 2,048 characters', urlOf(2_048), true],
    ['a URL of 2,049 characters', urlOf(2_049), false],
    ['2,048 characters once percent-encoded', `http://good.test/a${'é'.repeat(338)}bb`, true],
    ['2,049 characters once percent-encoded', `http://good.test/a${'é'.repeat(338)}bbb`, false],
    ['spaces that make it too long', `http://good.test/${' '.repeat(2_040)}`, false],
    ['a blank text that is too long', ' '.repeat(2_049), false],
    ['a label of 63', `http://${label(63)}.test/`, true],
    ['a label of 64', `http://${label(64)}.test/`, false],
    ['a name of 253', `http://${nameOf(253)}/`, true],
    ['a name of 253 and a dot', `http://${nameOf(253)}./`, true],
    ['a name of 254', `http://${nameOf(254)}/`, false],
    ['one trailing dot', 'http://good.test./', true],
    ['two trailing dots', 'http://good.test../', false],
    ['Punycode', 'http://xn--mnchen-3ya.de/', true],
    ['Punycode in a name with an underscore', 'http://my_host.xn--mnchen-3ya.de/', true],
    ['a label that only ends like Punycode', 'http://1xn--a.com/', true],
    ['two hyphens elsewhere', 'http://ab--cd.com/', true],
    ['an IPv6 literal', 'http://[2001:db8::1]/', true],
    ['a name with an underscore', 'http://my_host.test/', true],
  ])('judges %s', (_what, text, isFine) => {
    expect(codeOf(text) !== 'URL_INVALID').toBe(isFine);
  });

  it('refuses ten million characters at once', async () => {
    const text = '@'.repeat(10_000_000);
    const cpuMs = await processorTimeWithin(100, () => expect(codeOf(text)).toBe('URL_INVALID'));
    expect(cpuMs).toBeLessThan(100);
  });

  it.each([
    ['HTTP://GOOD.test:000080', 'http://good.test/'],
    ['  http://good.test/  ', 'http://good.test/'],
    ['http://go\tod.te\nst/', 'http://good.test/'],
    ['http://good.test/a/../', 'http://good.test/'],
    ['http://good.test/#f', 'http://good.test/'],
    ['http://good.test/#', 'http://good.test/'],
    ['http:good.test', 'http://good.test/'],
    ['http://faß.de/', 'http://xn--fa-hia.de/'],
    ['http://lo%63alhost/', 'http://localhost/'],
    ['http://2130706433/', 'http://127.0.0.1/'],
    ['http://good.test/\r\nHost: evil', 'http://good.test/Host:%20evil'],
    ['http://good.test\\@127.0.0.1/', 'http://good.test/@127.0.0.1/'],
  ])('reads %j as %s', (text, href) => {
    expect(codeOf(text)).toBe(href);
  });

  it('takes every character into a name that the parser takes, and knows its Punycode again', () => {
    let taken = 0;
    for (let code = 0xa1; code < 0x3_0000; code += 1) {
      const href = URL.parse(`http://a${String.fromCodePoint(code)}b.test/`)?.href;
      if (href?.startsWith('http://xn--') !== true) continue;
      taken += 1;
      if (codeOf(href) !== href) throw new Error(`${code.toString(16)}: ${href}`);
    }
    expect(taken).toBeGreaterThan(100_000);
  });

  it('answers with a URL or one of two codes, and its own answer stays what it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withFragments: true }), fc.string(), fc.anything()), (text) => {
        const response = codeOf(text);
        if (response === 'URL_INVALID' || response === 'URL_REQUIRED') return;
        expect(response).toMatch(/^https?:\/\/[^#]*$/);
        expect(codeOf(response)).toBe(response);
      }),
    );
  });
});

describe('pageIdOf', () => {
  it('gives the first 32 hex digits of SHA-256, of pages as of images', () => {
    expect(pageIdOf('http://good.test/')).toMatch(/^[0-9a-f]{32}$/);
    expect(pageIdOf('abc')).toBe('ba7816bf8f01cfea414140de5dae2223');
    expect(imageIdOf('abc')).toBe(pageIdOf('abc'));
  });
});

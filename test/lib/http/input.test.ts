import { describe, expect, it } from '@jest/globals';
import { Problem } from '../../../lib/domain/problem.ts';
import { readHarvestInput, readLookUpInput } from '../../../lib/http/input.ts';

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
  return 'OK';
}

describe('the body of a POST or PUT', () => {
  it('is a url with options', () => {
    const input = readHarvestInput({ url: 'HTTP://Example.test:80/a/../#f', variants: 'best', dryRun: true });
    expect({ ...input, url: input.url.href }).toEqual({
      url: 'http://example.test/',
      variants: 'best',
      isDryRun: true,
    });
    expect(readHarvestInput({ url: 'http://example.test/' })).toMatchObject({ isDryRun: false });
    expect(readHarvestInput({ url: 'http://example.test/' })).not.toHaveProperty('variants');
  });

  it.each<[unknown, string]>([
    [null, 'BODY_INVALID'],
    [[], 'BODY_INVALID'],
    ['http://example.test/', 'BODY_INVALID'],
    [1, 'BODY_INVALID'],
    [undefined, 'BODY_INVALID'],
    [{}, 'URL_REQUIRED'],
    [{ url: '' }, 'URL_REQUIRED'],
    [{ url: ' \t\n' }, 'URL_REQUIRED'],
    [{ url: null }, 'URL_INVALID'],
    [{ url: 1 }, 'URL_INVALID'],
    [{ url: [] }, 'URL_INVALID'],
    [{ url: {} }, 'URL_INVALID'],
    [{ url: true }, 'URL_INVALID'],
    [{ url: '/images/a.png' }, 'URL_INVALID'],
    [{ url: 'http://example.test/', variants: 'none' }, 'OPTION_INVALID'],
    [{ url: 'http://example.test/', variants: null }, 'OPTION_INVALID'],
    [{ url: 'http://example.test/', dryRun: 'yes' }, 'OPTION_INVALID'],
    [{ url: 'http://example.test/', extra: 1 }, 'OPTION_INVALID'],
    [{ constructor: { url: 'http://example.test/' } }, 'OPTION_INVALID'],
    [JSON.parse('{"__proto__":{"url":"http://example.test/"}}'), 'OPTION_INVALID'],
  ])('%j is %s', (body, code) => {
    expect(codeOf(() => readHarvestInput(body))).toBe(code);
  });
});

describe('the query of a GET', () => {
  const URL_GIVEN = 'url=http://example.test/';

  it.each<[string, number | null]>([
    ['', 100],
    ['&limit=1', 1],
    ['&limit=999', 999],
    ['&limit=1000', 1_000],
    ['&limit=1001', null],
    ['&limit=0', null],
    ['&limit=-1', null],
    ['&limit=%2B1', null],
    ['&limit=1.5', null],
    ['&limit=1e2', null],
    ['&limit=0x10', null],
    ['&limit=007', null],
    ['&limit=%201', null],
    ['&limit=1%0A', null],
    ['&limit=%D9%A5', null],
    ['&limit=', null],
    ['&limit=all', null],
    ['&limit=5&limit=5', null],
    [`&limit=${'9'.repeat(400)}`, null],
  ])('with %s has the limit %s', (query, limit) => {
    const read = () => readLookUpInput({ rawQueryString: URL_GIVEN + query });
    if (limit === null) expect(codeOf(read)).toBe('OPTION_INVALID');
    else expect(read()).toMatchObject({ limit });
  });

  it('has one cursor, which is passed on as it came', () => {
    expect(readLookUpInput({ rawQueryString: URL_GIVEN })).not.toHaveProperty('cursor');
    expect(readLookUpInput({ rawQueryString: `${URL_GIVEN}&cursor=a%20b` }).cursor).toBe('a b');
    expect(readLookUpInput({ rawQueryString: `${URL_GIVEN}&cursor=` }).cursor).toBe('');
    expect(codeOf(() => readLookUpInput({ rawQueryString: `${URL_GIVEN}&cursor=a&cursor=a` }))).toBe(
      'OPTION_INVALID',
    );
  });

  it.each([
    ['url=http%3A%2F%2Fexample.test%2F%23f', []],
    ['url=http://example.test/&include=details', ['details']],
    ['url=http://example.test/&include=links,details', ['links', 'details']],
    ['url=http://example.test/&include=links%2Cdetails', ['links', 'details']],
  ])('%s is understood', (rawQueryString, include) => {
    const input = readLookUpInput({ rawQueryString });
    expect({ url: input.url, include: [...input.include] }).toEqual({ url: 'http://example.test/', include });
  });

  it.each([
    ['', 'URL_REQUIRED'],
    ['url=', 'URL_REQUIRED'],
    ['url=nonsense', 'URL_INVALID'],
    ['url=http://a.test/&url=http://b.test/', 'OPTION_INVALID'],
    ['url[]=http://a.test/', 'OPTION_INVALID'],
    ['url=http://a.test/?x=1&y=2', 'OPTION_INVALID'],
    ['url=http://a.test/&include=', 'OPTION_INVALID'],
    ['url=http://a.test/&include=everything', 'OPTION_INVALID'],
    ['url=http://a.test/&include=details,', 'OPTION_INVALID'],
    ['url=http://a.test/&include=details&include=links', 'OPTION_INVALID'],
  ])('%s is %s', (rawQueryString, code) => {
    expect(codeOf(() => readLookUpInput({ rawQueryString }))).toBe(code);
  });
});

import { describe, expect, it } from '@jest/globals';
import { bodyBytes, headerOf, queryOf } from '../../../lib/http/httpEvent.ts';

describe('a gateway event', () => {
  it.each([
    [{ rawQueryString: 'url=http%3A%2F%2Fa%2F%3Fx%3D1%262' }, { url: ['http://a/?x=1&2'] }],
    [{ rawQueryString: 'url=a&url=b' }, { url: ['a', 'b'] }],
    [{ rawQueryString: 'url=a&url=a' }, { url: ['a', 'a'] }],
    [{ rawQueryString: 'url=a+b%2Bc' }, { url: ['a b+c'] }],
    [{ queryStringParameters: { url: 'a', include: undefined } }, { url: ['a'] }],
    [
      { queryStringParameters: { url: 'b' }, multiValueQueryStringParameters: { url: ['a', 'b'] } },
      { url: ['b', 'a'] },
    ],
    [
      { queryStringParameters: { url: 'a' }, multiValueQueryStringParameters: { url: ['a'] } },
      { url: ['a'] },
    ],
    [{ rawQueryString: '', queryStringParameters: null, multiValueQueryStringParameters: null }, {}],
    [{}, {}],
  ])('has the query of %j', (event, query) => {
    expect(Object.fromEntries(queryOf(event))).toEqual(query);
  });

  it.each([
    [{ headers: { 'If-None-Match': '"a"' } }, '"a"'],
    [
      { headers: { 'if-none-match': undefined }, multiValueHeaders: { 'IF-NONE-MATCH': ['"a"', '"b"'] } },
      '"a", "b"',
    ],
    [{ headers: null }, undefined],
    [{}, undefined],
  ])('has the header of %j', (event, value) => {
    expect(headerOf(event, 'if-none-match')).toBe(value);
  });

  it.each([
    [{ body: 'é' }, 2],
    [{ body: btoa('abcd'), isBase64Encoded: true }, 4],
    [{ body: null }, 0],
    [{}, 0],
  ])('counts the bytes of %j', (event, bytes) => {
    expect(bodyBytes(event)).toBe(bytes);
  });
});

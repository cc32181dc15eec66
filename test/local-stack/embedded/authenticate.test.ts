import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createAuthenticator, hasClaimedHash } from '../../../local-stack/embedded/authenticate.ts';
import { signedHeaders, signedLink, type ToSign } from '../../support/signedFetch.ts';

const KEYS = { accessKeyId: 'key', secretAccessKey: 'secret' };
const NOW = new Date('2026-11-22T13:05:00Z');
const HOST = '127.0.0.1:9000';
const OBJECT = `http://${HOST}/bucket/images/a`;
const at = (secondsLater: number) => () => NOW.getTime() + secondsLater * 1_000;

/** What the store makes of a request that was signed so, `secondsLater`. */
async function judge(
  url: string,
  toSign: ToSign = {},
  secondsLater = 0,
  changed: Record<string, string> = {},
) {
  const headers = await signedHeaders(url, { keys: KEYS, date: NOW, ...toSign });
  const { pathname, search } = new URL(url);
  return createAuthenticator(KEYS, { now: at(secondsLater) })({
    method: toSign.method ?? 'GET',
    target: pathname + search,
    headers: { host: HOST, ...headers, ...changed },
  }).then((refusal) => refusal?.code ?? 'ok');
}

async function judgeLink(
  link: string,
  secondsLater = 0,
  method = 'GET',
  headers: Record<string, string> = {},
) {
  const { pathname, search } = new URL(link);
  const call = { method, target: pathname + search, headers: { host: HOST, ...headers } };
  return createAuthenticator(KEYS, { now: at(secondsLater) })(call).then((refusal) => refusal?.code ?? 'ok');
}
const link = (seconds: number, toSign: ToSign = {}, url = OBJECT) =>
  signedLink(url, seconds, { keys: KEYS, date: NOW, ...toSign });

describe('a signature', () => {
  // The examples of the S3 documentation, "Signature Calculations for the Authorization Header" and "Authenticating
  // Requests: Using Query Parameters": another's arithmetic than the signer's.
  const EXAMPLE = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const then = () => Date.parse('2013-05-24T00:00:00Z');
  const SCOPE = `${EXAMPLE.accessKeyId}/20130524/us-east-1/s3/aws4_request`;
  const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  it.each([
    [
      'GET',
      '/test.txt',
      { range: 'bytes=0-9', 'x-amz-content-sha256': EMPTY },
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'GET',
      '/?lifecycle',
      { 'x-amz-content-sha256': EMPTY },
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET',
      '/?max-keys=2&prefix=J',
      { 'x-amz-content-sha256': EMPTY },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('of the documentation holds: %s %s', async (method, target, sent, signature) => {
    const headers = { host: 'examplebucket.s3.amazonaws.com', 'x-amz-date': '20130524T000000Z', ...sent };
    const signed = Object.keys(headers).sort().join(';');
    const authorization = `AWS4-HMAC-SHA256 Credential=${SCOPE},SignedHeaders=${signed},Signature=${signature}`;
    const refusal = await createAuthenticator(EXAMPLE, { now: then })({
      method,
      target,
      headers: { ...headers, authorization },
    });
    expect(refusal?.code ?? 'ok').toBe(signature === null ? 'SignatureDoesNotMatch' : 'ok');
  });

  it('of the documentation holds in a link', async () => {
    const target =
      `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(SCOPE)}` +
      '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
      '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
    const headers = { host: 'examplebucket.s3.amazonaws.com' };
    expect(await createAuthenticator(EXAMPLE, { now: then })({ method: 'GET', target, headers })).toBeNull();
  });

  it('holds for any method, key, query, header and region', async () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map(encodeURIComponent);
    const request = fc.record({
      method: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'),
      path: fc.array(
        part.filter((text) => !/^\.+$/.test(text)),
        { minLength: 1, maxLength: 4 },
      ),
      query: fc.array(fc.tuple(part, part), { maxLength: 4 }),
      value: fc.string({ unit: fc.constantFrom(...'abc +,;=é  '), maxLength: 20 }),
      region: fc.constantFrom('us-east-1', 'eu-central-1', 'garage'),
      body: fc.string({ maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, query, value, region, body }) => {
        const search = query.map(([name, text]) => `${name}=${text}`).join('&');
        const url = `http://${HOST}/bucket/${path.join('/')}${search && `?${search}`}`;
        const toSign = { method, headers: { 'content-type': value, 'x-amz-meta-a': value }, body, region };
        expect(await judge(url, toSign)).toBe('ok');
        expect(await judgeLink(await link(60, { method, region }, url), 0, method)).toBe('ok');
      }),
      {
        numRuns: 200,
        examples: [
          [
            {
              method: 'GET',
              path: ['%20'],
              query: [['__proto__', '%20']],
              value: '',
              region: 'us-east-1',
              body: '',
            },
          ],
        ],
      },
    );
  });

  it.each([
    ['another secret', { keys: { ...KEYS, secretAccessKey: 'Secret' } }, {}, 'SignatureDoesNotMatch'],
    ['another key', { keys: { ...KEYS, accessKeyId: 'other' } }, {}, 'InvalidAccessKeyId'],
    ['another host', {}, { host: 'localhost:9000' }, 'SignatureDoesNotMatch'],
    ['another hash', {}, { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }, 'SignatureDoesNotMatch'],
    ['a header that is not signed', {}, { 'x-amz-copy-source': '/a/b' }, 'AccessDenied'],
    ['no date', {}, { 'x-amz-date': '' }, 'AccessDenied'],
    ['a date of another day', {}, { 'x-amz-date': '20261121T130500Z' }, 'AccessDenied'],
    ['a date that is none', {}, { 'x-amz-date': '20261122T136100Z' }, 'AccessDenied'],
    ['another time of the day', {}, { 'x-amz-date': '20261122T130501Z' }, 'SignatureDoesNotMatch'],
    ['a word', {}, { authorization: 'any' }, 'AccessDenied'],
    ['the algorithm alone', {}, { authorization: 'AWS4-HMAC-SHA256' }, 'AccessDenied'],
    ['another scheme', {}, { authorization: 'Bearer x' }, 'AccessDenied'],
  ])('with %s is refused', async (_, toSign, changed, code) => {
    expect(await judge(OBJECT, toSign, 0, changed)).toBe(code);
  });

  it('of one request does not open another', async () => {
    const headers = await signedHeaders(OBJECT, { keys: KEYS, date: NOW });
    const authenticate = createAuthenticator(KEYS, { now: at(0) });
    const ask = (method: string, target: string) =>
      authenticate({ method, target, headers: { host: HOST, ...headers } }).then((refusal) => refusal?.code);
    expect(await ask('GET', '/bucket/images/a')).toBeUndefined();
    for (const [method, target] of [
      ['DELETE', '/bucket/images/a'],
      ['GET', '/bucket/images/b'],
      ['GET', '/bucket/images/a?'],
      ['GET', '/bucket/images/a?list-type=2'],
      ['GET', '/bucket//images/a'],
      ['GET', '/bucket/images/%61'],
    ] as const) {
      // A lone question mark is no query.
      expect([target, await ask(method, target)]).toEqual([
        target,
        target.endsWith('?') ? undefined : 'SignatureDoesNotMatch',
      ]);
    }
  });

  it('is changed by every character of it', async () => {
    const { authorization = '', ...headers } = await signedHeaders(OBJECT, { keys: KEYS, date: NOW });
    for (let index = 0; index < 64; index += 1) {
      const place = authorization.length - 64 + index;
      const other = authorization[place] === '0' ? '1' : '0';
      const changed = authorization.slice(0, place) + other + authorization.slice(place + 1);
      expect(await judge(OBJECT, {}, 0, { ...headers, authorization: changed })).toBe(
        'SignatureDoesNotMatch',
      );
    }
    for (const cut of [authorization.slice(0, -1), `${authorization}0`]) {
      expect(await judge(OBJECT, {}, 0, { authorization: cut })).toBe('SignatureDoesNotMatch');
    }
  });

  it.each([
    [-901, 'RequestTimeTooSkewed'],
    [-900, 'ok'],
    [900, 'ok'],
    [901, 'RequestTimeTooSkewed'],
  ])('in a header %i seconds old: %s', async (age, code) => {
    expect(await judge(OBJECT, {}, age)).toBe(code);
  });
});

describe('a link', () => {
  it.each(['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature'])(
    'whose X-Amz-%s is given twice is refused, even with the same value',
    async (name) => {
      const signed = await link(60);
      const again = new URL(signed, 'http://store').searchParams.get(`X-Amz-${name}`) ?? '';
      expect(await judgeLink(`${signed}&X-Amz-${name}=${encodeURIComponent(again)}`)).toBe('AccessDenied');
    },
  );

  it.each([
    [-901, 'AccessDenied'],
    [-900, 'ok'],
    [60, 'ok'],
    [61, 'AccessDenied'],
  ])('of one minute, %i seconds old: %s', async (age, code) => {
    expect(await judgeLink(await link(60), age)).toBe(code);
  });

  it.each([
    [
      'another secret',
      (text: string) => text,
      { keys: { ...KEYS, secretAccessKey: 'other' } },
      'SignatureDoesNotMatch',
    ],
    ['more time', (text: string) => text.replace('Expires=60', 'Expires=600'), {}, 'SignatureDoesNotMatch'],
    ['more than a week', (text: string) => text.replace('Expires=60', 'Expires=604801'), {}, 'AccessDenied'],
    ['no time', (text: string) => text.replace('&X-Amz-Expires=60', ''), {}, 'AccessDenied'],
    ['another key', (text: string) => text.replace('/images/a', '/images/b'), {}, 'SignatureDoesNotMatch'],
    ['another query', (text: string) => `${text}&list-type=2`, {}, 'SignatureDoesNotMatch'],
    ['a second signature', (text: string) => `${text}&X-Amz-Signature=0`, {}, 'AccessDenied'],
    ['no signature', (text: string) => text.replace(/&X-Amz-Signature=\w+/, ''), {}, 'AccessDenied'],
    [
      'no signed headers',
      (text: string) => text.replace('SignedHeaders=host', 'SignedHeaders='),
      {},
      'AccessDenied',
    ],
  ])('with %s is judged as a whole', async (_, change, toSign, code) => {
    expect(await judgeLink(change(await link(60, toSign)))).toBe(code);
  });

  it('opens what it was made for alone', async () => {
    expect(await judgeLink(await link(60), 0, 'DELETE')).toBe('SignatureDoesNotMatch');
    expect(await judgeLink(await link(60, { method: 'PUT' }), 0, 'PUT')).toBe('ok');
    expect(await judgeLink(await link(60), 0, 'GET', { 'x-amz-copy-source': 'a' })).toBe('AccessDenied');
  });
});

describe('the hash of a body', () => {
  it('is the one that was signed, or was left open', () => {
    const body = Buffer.from('abc');
    const hash = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(hasClaimedHash({ 'x-amz-content-sha256': hash }, body)).toBe(true);
    expect(hasClaimedHash({ 'x-amz-content-sha256': hash }, Buffer.from('abd'))).toBe(false);
    expect(hasClaimedHash({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }, body)).toBe(true);
    expect(hasClaimedHash({ 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }, body)).toBe(
      false,
    );
    expect(hasClaimedHash({}, body)).toBe(true);
  });
});

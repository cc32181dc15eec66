/** Responses that browsers read although they are not HTTP/1.1 by the letter, and their neighbours. */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startLenientSite } from './lenientSite.ts';
import { selfSigned } from './selfSigned.ts';
import { faultOf } from './testWeb.ts';

const BODY = '<p>As the site sent it.</p>'.repeat(100);
const LENGTH = `Content-Length: ${BODY.length}`;

const response = (fields: string, body = BODY, statusLine = 'HTTP/1.1 200 OK'): string =>
  `${statusLine}\r\n${fields}\r\n\r\n${body}`;
/** In two chunks; `behind` stands behind each size. */
const chunked = (behind = '', fields = 'Transfer-Encoding: chunked'): string => {
  const chunk = (text: string) => `${text.length.toString(16)}${behind}\r\n${text}\r\n`;
  return response(fields, `${chunk(BODY.slice(0, 1_000))}${chunk(BODY.slice(1_000))}0${behind}\r\n\r\n`);
};
const withLf = (text: string): string => text.replaceAll('\r\n', '\n');
const withStatusLine = (statusLine: string): string => response(LENGTH, BODY, statusLine);

type Row = readonly [name: string, text: string];

/** By the letter, or so near to it that there is one reading only: the connection stays. */
const REGULAR: readonly Row[] = [
  ['a length with spaces behind it', response(`${LENGTH}   `)],
  ['a length with a tab behind it', response(`${LENGTH}\t`)],
  ['a length with spaces before it', response(`Content-Length:    ${BODY.length}`)],
  ['a length without a space before it', response(`Content-Length:${BODY.length}`)],
  ['a length with zeros before it', response(`Content-Length: 000${BODY.length}`)],
  ['a field name in small letters', response(LENGTH.toLowerCase())],
  ['an empty field', response(`X-Empty:\r\nX-Blank:   \r\n${LENGTH}`)],
  ['bytes beyond ASCII in a value', response(`X-Name: caf\xe9\r\n${LENGTH}`)],
  ['an unasked 100', `HTTP/1.1 100 Continue\r\n\r\n${response(LENGTH)}`],
  ['an unasked 100 with fields', `HTTP/1.1 100 Go on\r\nX-Length: 5\r\n\r\n${response(LENGTH)}`],
  ['five of 100', `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(5)}${response(LENGTH)}`],
  ['102', `HTTP/1.1 102 Processing\r\n\r\n${response(LENGTH)}`],
  ['103 with links', `HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${response(LENGTH)}`],
  ['199, which nobody knows', `HTTP/1.1 199 X\r\n\r\n${response(LENGTH)}`],
  ['no reason', withStatusLine('HTTP/1.1 200')],
  ['an empty reason', withStatusLine('HTTP/1.1 200 ')],
  ['a reason beyond ASCII', withStatusLine('HTTP/1.1 200 d\xe9j\xe0 vu')],
  ['HTTP/1.0 that is kept', response(`Connection: Keep-Alive\r\n${LENGTH}`, BODY, 'HTTP/1.0 200 OK')],
  ['chunks', chunked()],
  ['chunks whose coding is in capitals', chunked('', 'TRANSFER-ENCODING: CHUNKED')],
  ['chunks with extensions', chunked(';a=b;c="d e"')],
  ['chunks with trailers', chunked().replace(/\r\n\r\n$/, '\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n')],
  ['a chunk size with zeros before it', chunked().replace('3e8\r\n', '00003E8\r\n')],
  ['an offer of another protocol', response(`Upgrade: h2,h2c\r\nConnection: Upgrade\r\n${LENGTH}`)],
  ['fields of 255 KiB', response(`X-Long: ${'x'.repeat(255 * 1024)}\r\n${LENGTH}`)],
  ['3,000 fields', response(`${'Set-Cookie: a=b\r\n'.repeat(3_000)}${LENGTH}`)],
];

/** Not by the letter: the connection is not used again. */
const IRREGULAR: readonly Row[] = [
  ['a folded line', response(`X-Long: a\r\n b\r\n${LENGTH}`)],
  ['a line folded with a tab', response(`X-Long: a\r\n\tb\r\n${LENGTH}`)],
  ['a line folded three times', response(`X-Long:\r\n a\r\n  b\r\n\t c\r\n${LENGTH}`)],
  ['a folded line of blanks', response(`X-Long: a\r\n \r\n${LENGTH}`)],
  ['a folded length', response(`Content-Length:\r\n ${BODY.length}`)],
  ['a folded coding', chunked('', 'Transfer-Encoding:\r\n chunked')],
  ['a folded line before the first field', response(` X-None: a\r\n${LENGTH}`)],
  ['LF alone as every line end', withLf(response(LENGTH))],
  ['LF alone after the status line', response(LENGTH).replace('\r\n', '\n')],
  ['LF alone after a field', response(`X-Some: a\n${LENGTH}`)],
  ['LF alone as the end of the head', response(LENGTH).replace('\r\n\r\n', '\r\n\n')],
  ['LF alone in chunks', withLf(chunked())],
  ['LF alone in an interim response', `HTTP/1.1 103 X\n\n${response(LENGTH)}`],
  ['CR twice before LF', response(`X-Some: a\r\r\n${LENGTH}`)],
  ['0x7f in a value', response(`Set-Cookie: a=\x7f; path=/\r\n${LENGTH}`)],
  ['0x01 in a value', response(`X-Some: \x01\r\n${LENGTH}`)],
  ['vertical tab and form feed in a value', response(`X-Some: a\x0bb\x0cc\r\n${LENGTH}`)],
  ['escape in a value', response(`X-Some: \x1b[31m\r\n${LENGTH}`)],
  ['0x01 in the reason', withStatusLine('HTTP/1.1 200 O\x01K')],
  ['spaces behind a chunk size', chunked('   ')],
  ['a tab behind a chunk size', chunked('\t')],
  ['spaces around a chunk extension', chunked(' ; a=b')],
  ['a control byte in a chunk extension', chunked(';a=\x01')],
  ['spaces behind the last chunk size', chunked().replace('0\r\n\r\n', '0  \r\n\r\n')],
  ['a length before chunks', chunked('', 'Content-Length: 12\r\nTransfer-Encoding: chunked')],
  ['a length behind chunks', chunked('', 'Transfer-Encoding: chunked\r\nContent-Length: 12')],
  ['a length of 0 and chunks', chunked('', 'Content-Length: 0\r\nTransfer-Encoding: chunked')],
  ['a length that is none and chunks', chunked('', 'Content-Length: x\r\nTransfer-Encoding: chunked')],
  ['chunked in two lines', chunked('', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked')],
  ['chunked twice in a line', chunked('', 'Transfer-Encoding: chunked, chunked')],
  ['identity and chunked', chunked('', 'Transfer-Encoding: identity, chunked')],
  ['chunked and identity', chunked('', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity')],
  ['identity and a length', response(`Transfer-Encoding: identity\r\n${LENGTH}`)],
  ['binary and a length', response(`Transfer-Encoding: binary\r\n${LENGTH}`)],
  ['8bit and a length', response(`${LENGTH}\r\nTransfer-Encoding: 8bit`)],
  ['the same length in two lines', response(`${LENGTH}\r\n${LENGTH}`)],
  ['the same length in three lines', response(`${LENGTH}\r\n${LENGTH}\r\n${LENGTH}`)],
  ['the same length twice in a line', response(`${LENGTH}, ${BODY.length}`)],
  ['the same length in a line and a list', response(`${LENGTH},${BODY.length}\r\n${LENGTH}`)],
  ['a line without a colon', response(`what is this\r\n${LENGTH}`)],
  ['a word alone on a line', response(`${LENGTH}\r\nword`)],
  ['a space before the colon', response(`X-Some : a\r\n${LENGTH}`)],
  ['a space before the colon of the length', response(`Content-Length : ${BODY.length}`)],
  ['a tab before the colon of the coding', chunked('', 'Transfer-Encoding\t: chunked')],
  ['a space in a name', response(`X Some: a\r\n${LENGTH}`)],
  ['an empty name', response(`: a\r\n${LENGTH}`)],
  ['a name beyond ASCII', response(`X-\xe9: a\r\n${LENGTH}`)],
  ['a name with parentheses', response(`X(1): a\r\n${LENGTH}`)],
  ['a control byte in a name', response(`X\x01: a\r\n${LENGTH}`)],
  ['the status line twice', response(`HTTP/1.1 200 OK\r\n${LENGTH}`)],
  ['another status line behind the first', response(`HTTP/1.0 404 Not Found\r\n${LENGTH}`)],
  ['HTTP/1', withStatusLine('HTTP/1 200 OK')],
  ['HTTP/2', withStatusLine('HTTP/2 200 OK')],
  ['HTTP/2.0', withStatusLine('HTTP/2.0 200 OK')],
  ['HTTP/1.2', withStatusLine('HTTP/1.2 200 OK')],
  ['HTTP without a version', withStatusLine('HTTP 200 OK')],
  ['http in small letters', withStatusLine('http/1.1 200 OK')],
  ['two spaces before the status', withStatusLine('HTTP/1.1  200 OK')],
  ['a tab before the status', withStatusLine('HTTP/1.1\t200 OK')],
  ['an empty line before the status line', `\r\n${response(LENGTH)}`],
  ['two empty lines before the status line', `\r\n\r\n${response(LENGTH)}`],
  ['a space before the status line', ` ${response(LENGTH)}`],
  ['a byte order mark before the status line', `\xef\xbb\xbf${response(LENGTH)}`],
  ['bytes behind its end', `${response(LENGTH)}what is this`],
  ['an empty line behind its end', `${response(LENGTH)}\r\n`],
  ['a second response behind its end', response(LENGTH) + response('Content-Length: 4', 'evil')],
  ['Connection: close', response(`Connection: close\r\n${LENGTH}`)],
  ['HTTP/1.0', withStatusLine('HTTP/1.0 200 OK')],
];

const REFUSED: readonly Row[] = [
  ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['no HTTP, and no line end', 'x'.repeat(100)],
  ['no status', withStatusLine('HTTP/1.1 OK')],
  ['a status of two digits', withStatusLine('HTTP/1.1 20 OK')],
  ['a status of four digits', withStatusLine('HTTP/1.1 2000 OK')],
  ['a status below 100', withStatusLine('HTTP/1.1 099 OK')],
  ['an unasked 101', `HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n${response(LENGTH)}`],
  ['17 of 100', `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(17)}${response(LENGTH)}`],
  ['NUL in a value', response(`X-Some: a\0b\r\n${LENGTH}`)],
  ['a lone CR in a value', response(`X-Some: a\rContent-Length: 5\r\n${LENGTH}`)],
  ['two lengths', response(`${LENGTH}\r\nContent-Length: 5`)],
  ['two lengths in a line', response(`Content-Length: 5, ${BODY.length}`)],
  ['an empty length', response('Content-Length:')],
  ['a length with a sign', response(`Content-Length: +${BODY.length}`)],
  ['a length below 0', response('Content-Length: -1')],
  ['a length with a fraction', response('Content-Length: 5.0')],
  ['a length beyond all numbers', response('Content-Length: 99999999999999999999')],
  ['a length in a word', response(`Content-Length: ${BODY.length}x`)],
  ['compression as a transfer coding', chunked('', 'Transfer-Encoding: gzip, chunked')],
  ['a chunk size that is none', chunked().replace('3e8\r\n', 'xyz\r\n')],
  ['a chunk size that is none, and no line end', `${chunked().split('3e8')[0]}what`],
  ['an empty chunk size', chunked().replace('3e8\r\n', '\r\n')],
  ['a chunk size with 0x', chunked().replace('3e8\r\n', '0x3e8\r\n')],
  ['a chunk size below 0', chunked().replace('3e8\r\n', '-3e8\r\n')],
  ['a chunk size of 64 bits', chunked().replace('3e8\r\n', 'ffffffffffffffff\r\n')],
  ['a chunk longer than its size', chunked().replace('3e8\r\n', '3e7\r\n')],
  ['a chunk without a line end', chunked().replace(/\r\n(?=6a4)/, '')],
  ['fields of 257 KiB', response(`X-Long: ${'x'.repeat(257 * 1024)}\r\n${LENGTH}`)],
  ['trailers of 257 KiB', chunked().replace(/\r\n$/, `X-Long: ${'x'.repeat(257 * 1024)}\r\n\r\n`)],
  ['chunk extensions of 257 KiB', chunked(`;${'x'.repeat(129 * 1024)}`)],
];

const identity = selfSigned('good.test', new Date());
const before = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([...before, identity.cert]));
afterAll(() => setDefaultCACertificates(before));

const start = (secure: boolean, text: string) =>
  startLenientSite(
    (path) => (path === '/' ? text : response('Content-Length: 8', `of ${path}`.padEnd(8))),
    secure ? identity : undefined,
  );
const textOf = (result: Awaited<ReturnType<Awaited<ReturnType<typeof start>>['read']>>): string =>
  result.kind === 'read' ? result.bytes.toString('latin1') : faultOf(result);

describe.each([
  ['over TCP', false],
  ['over TLS', true],
])('%s', (_, secure) => {
  it.each(REGULAR)('%s is read, and the connection used again', async (_name, text) => {
    await using site = await start(secure, text);
    const result = await site.read('/');
    expect(textOf(result)).toBe(BODY);
    expect(result).toMatchObject({ isDelimited: true });
    expect(textOf(await site.read('/next'))).toBe('of /next');
    expect(site.connections()).toBe(1);
  });

  it.each(IRREGULAR)('%s is read, and the connection used no more', async (_name, text) => {
    await using site = await start(secure, text);
    const result = await site.read('/');
    expect(textOf(result)).toBe(BODY);
    expect(result).toMatchObject({ isDelimited: true });
    expect(textOf(await site.read('/next'))).toBe('of /next');
    expect(site.connections()).toBe(2);
    expect(site.heads).toHaveLength(2);
  });

  it.each(REFUSED)('%s is refused, and the connection used no more', async (_name, text) => {
    await using site = await start(secure, text);
    expect(textOf(await site.read('/'))).toBe('protocol');
    expect(textOf(await site.read('/next'))).toBe('of /next');
    expect(site.connections()).toBe(2);
    expect(site.heads).toHaveLength(2);
  });
});

describe('what a response leaves behind', () => {
  it.each([
    ['a whole response', response('Content-Length: 4', 'evil')],
    ['half a response', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nev'],
    ['the end of a chunk', '\r\n0\r\n\r\n'],
    ['an interim response', 'HTTP/1.1 103 X\r\n\r\n'],
  ])('is never the answer to another request: %s that comes late', async (_name, text) => {
    await using site = await startLenientSite((path, socket) => {
      if (path === '/') setImmediate(() => socket.write(text));
      return response('Content-Length: 8', `of ${path}`.padEnd(8));
    });
    expect(textOf(await site.read('/'))).toBe('of /    ');
    await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 20)));
    expect(textOf(await site.read('/next'))).toBe('of /next');
    expect(site.connections()).toBe(2);
  });

  it.each([
    ['a length beside chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'],
    ['chunks behind a folded line', 'Transfer-Encoding:\r\n chunked', '0\r\n\r\n'],
    ['a coding with a space before the colon', 'Transfer-Encoding : chunked', '0\r\n\r\n'],
    ['a length of 0 in two lines', 'Content-Length: 0\r\nContent-Length: 0', ''],
  ])('is nobody’s where two readings of its length differ: %s', async (_name, fields, end) => {
    const evil = response('Content-Length: 4', 'evil');
    await using site = await startLenientSite((path) =>
      path === '/'
        ? response(fields, `${end}${evil}`)
        : response('Content-Length: 8', `of ${path}`.padEnd(8)),
    );
    expect(textOf(await site.read('/'))).toBe('');
    const others = await Promise.all(['/1', '/2', '/3'].map((path) => site.read(path)));
    expect(others.map(textOf)).toEqual(['of /1   ', 'of /2   ', 'of /3   ']);
  });

  it('is nobody’s among many at once', async () => {
    const odd = (path: string) => Number(path.slice(1)) % 3 === 0;
    await using site = await startLenientSite((path) => {
      const body = `body of ${path}`;
      const fields = `Content-Length: ${body.length}`;
      return odd(path)
        ? response(`${fields}\n${fields}`, body + response(fields, body))
        : response(fields, body);
    });
    const paths = Array.from({ length: 60 }, (_, index) => `/${index}`);
    const results = await Promise.all(paths.map((path) => site.read(path, { kind: 'image' })));
    expect(results.map(textOf)).toEqual(paths.map((path) => `body of ${path}`));
  });
});

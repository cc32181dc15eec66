import { request } from 'node:http';
import { duplexPair } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isFaultError } from '../../../lib/web/faults.ts';
import { createResponseParser } from '../../../lib/web/responseParser.ts';
import { processorTimeWithin } from '../../support/processorTime.ts';

const FIELDS = ['etag', 'x-some', 'content-length', 'transfer-encoding', 'connection'] as const;

interface Parsed {
  /** `fault`, or whether the parser takes the response for whole. */
  readonly outcome: 'fault' | 'whole' | 'more';
  readonly status?: number;
  readonly fields?: readonly string[];
  readonly body: string;
  readonly isKept?: boolean;
}

/** What our parser makes of the pieces, and of an end of the connection behind them. */
function parse(pieces: readonly Buffer[]): Parsed {
  let status: number | undefined;
  let fields: readonly string[] | undefined;
  let body = '';
  const parser = createResponseParser({
    head: (given, lines) => {
      status = given;
      fields = FIELDS.map((name) => lines(name).join(', '));
    },
    data: (piece) => {
      body += piece.toString('latin1');
    },
  });
  const seen = (outcome: Parsed['outcome'], isKept = false): Parsed => ({
    outcome,
    ...(status !== undefined && { status }),
    ...(fields && { fields }),
    body,
    isKept,
  });
  try {
    for (const piece of pieces) if (parser.push(piece)) return seen('whole', parser.keptMs() > 0);
  } catch (error) {
    if (!isFaultError(error)) throw error;
    return seen('fault');
  }
  return seen(parser.endsHere() ? 'whole' : 'more');
}

/** The same by Node's own client with its strict parser. */
function parseByNode(text: string): Promise<Parsed> {
  return new Promise((resolve) => {
    const [ours, theirs] = duplexPair();
    theirs.resume();
    theirs.on('error', () => {});
    const asked = request({ createConnection: () => ours as never, method: 'GET' }, (response) => {
      let body = '';
      const done = (outcome: Parsed['outcome']) => {
        const fields = FIELDS.map((name) => {
          const given = response.headersDistinct[name];
          return given === undefined ? '' : given.join(', ');
        });
        resolve({ outcome, status: response.statusCode ?? 0, fields, body });
      };
      response.on('data', (piece) => {
        body += piece.toString('latin1');
      });
      response.on('end', () => done('whole'));
      response.on('error', () => done('fault'));
    });
    asked.on('error', () => resolve({ outcome: 'fault', body: '' }));
    asked.end();
    theirs.end(Buffer.from(text, 'latin1'));
  });
}

const value = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019 \t"=/;,\xe9'), maxLength: 12 })
  .map((text) => text.trim());
const body = fc.string({ unit: fc.constantFrom(...'ab\r\n0;: '), maxLength: 40 });
const extension = fc.constantFrom('', ';a', ';a=b', ';a="b"');

/** Valid responses of each framing. */
const valid = fc
  .record({
    interims: fc.array(fc.constantFrom(100, 102, 103), { maxLength: 2 }),
    status: fc.constantFrom(200, 201, 204, 301, 304, 404, 503),
    reason: fc.constantFrom('', ' ', ' OK', ' Not so'),
    some: fc.array(value, { maxLength: 3 }),
    etag: value,
    isClosing: fc.boolean(),
    framing: fc.constantFrom('length', 'chunks', 'end'),
    pieces: fc.array(
      body.filter((text) => text !== ''),
      { maxLength: 4 },
    ),
    extension,
    trailers: fc.array(value, { maxLength: 2 }),
  })
  .map(({ interims, status, reason, some, etag, isClosing, framing, pieces, ...rest }) => {
    const whole = pieces.join('');
    const framed: Record<typeof framing, readonly [string, string]> = {
      length: [`Content-Length: ${whole.length}\r\n`, whole],
      chunks: [
        'Transfer-Encoding: chunked\r\n',
        `${pieces.map((each) => `${each.length.toString(16)}${rest.extension}\r\n${each}\r\n`).join('')}0\r\n${rest.trailers
          .map((each) => `X-Trailer: ${each}\r\n`)
          .join('')}\r\n`,
      ],
      end: ['', whole],
    };
    const [line, sent] = framed[framing];
    const isBodiless = status === 204 || status === 304;
    const text = [
      ...interims.map((each) => `HTTP/1.1 ${each} X\r\nX-Interim: 1\r\n\r\n`),
      `HTTP/1.1 ${status}${reason}\r\nETag: ${etag}\r\n`,
      ...some.map((each) => `X-Some: ${each}\r\n`),
      isClosing ? 'Connection: close\r\n' : '',
      `${line}\r\n${isBodiless ? '' : sent}`,
    ].join('');
    const isKept = !isClosing && (isBodiless || framing !== 'end');
    return { text, body: isBodiless ? '' : whole, status, isKept };
  });

const piecesOf = (text: string, cuts: readonly number[]): readonly Buffer[] => {
  const bytes = Buffer.from(text, 'latin1');
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
};

describe('a response by the letter', () => {
  it('is read as it was made, wherever it is cut into pieces', () => {
    fc.assert(
      fc.property(valid, fc.array(fc.nat(), { maxLength: 8 }), (made, cuts) => {
        const { outcome, status, body: read, isKept } = parse(piecesOf(made.text, cuts));
        expect({ outcome, status, body: read, isKept }).toEqual({
          outcome: 'whole',
          status: made.status,
          body: made.body,
          isKept: made.isKept,
        });
      }),
      { numRuns: 500 },
    );
  });

  it('is read as Node’s own parser reads it', async () => {
    await fc.assert(
      fc.asyncProperty(valid, async ({ text }) => {
        const { isKept: _, ...ours } = parse([Buffer.from(text, 'latin1')]);
        expect(ours).toEqual(await parseByNode(text));
      }),
      { numRuns: 200 },
    );
  });

  it('that was cut is never whole where it has a length or chunks', () => {
    fc.assert(
      fc.property(valid, fc.nat(), ({ text }, cut) => {
        const hasEnd = /\r\n(Content-Length: [1-9]|Transfer-Encoding)/.test(text);
        fc.pre(hasEnd && !/^HTTP\/1.1 [23]04/m.test(text));
        const at = cut % text.length;
        const cutOff = parse([Buffer.from(text.slice(0, at), 'latin1')]);
        // With the last chunk the body is all there.
        expect(cutOff.outcome === 'whole' && !/\r\n0\r\n/.test(text.slice(0, at))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a damaged response', () => {
  /** A response of which some bytes were replaced, taken out or put in. */
  const damaged = fc
    .tuple(
      valid,
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.constantFrom(0, 1),
          fc.constantFrom('', ' ', '\t', '\n', '\r', '\r\n', ':', ',', '0', '5', 'x', '\x7f', '\x01'),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    )
    .map(([{ text }, changes]) =>
      changes.reduce((now, [where, taken, put]) => {
        const at = where % now.length;
        return now.slice(0, at) + put + now.slice(at + taken);
      }, text),
    );

  it('that Node’s strict parser still reads is read as the same', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(damaged, async (text) => {
        const theirs = await parseByNode(text);
        // llhttp takes neither a tab nor a comma behind `chunked`. No status is below 100, and 101 is never requested.
        if (theirs.outcome !== 'whole' || (theirs.status ?? 0) < 102) return;
        if (/^Transfer-Encoding:.*[\t,]/m.test(text)) return;
        const { isKept: _, ...ours } = parse([Buffer.from(text, 'latin1')]);
        expect({ ...ours, text }).toEqual({ ...theirs, text });
        compared += 1;
      }),
      { numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(50);
  });

  it('is read the same wherever it is cut into pieces', () => {
    fc.assert(
      fc.property(damaged, fc.array(fc.nat(), { maxLength: 8 }), (text, cuts) => {
        const ofOne = parse([Buffer.from(text, 'latin1')]);
        const ofMany = parse(piecesOf(text, cuts));
        // What stands behind the end is not given when the response has ended before it.
        expect({ ...ofMany, isKept: false }).toEqual({ ...ofOne, isKept: false });
      }),
      { numRuns: 500 },
    );
  });

  it('never has a body that was not sent, and a kept connection only with nothing behind it', () => {
    fc.assert(
      fc.property(damaged, (text) => {
        const read = parse([Buffer.from(text, 'latin1')]);
        const parts = read.body.split('');
        let from = 0;
        for (const part of parts) from = text.indexOf(part, from) + 1;
        expect(from > 0 || parts.length === 0).toBe(true);
        if (read.isKept) expect(parse([Buffer.from(`${text}x`, 'latin1')]).isKept).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the time of a parse', () => {
  const KIB_250 = 250 * 1024;
  it.each([
    ['one long field', `X: ${'x'.repeat(KIB_250)}`],
    ['one field of spaces with a letter behind', `X: ${' '.repeat(KIB_250)}x`],
    ['a name of spaces', `${' x'.repeat(KIB_250 / 2)}: y`],
    ['fields as short as can be', 'a:\n'.repeat(KIB_250 / 3)],
    ['one field in lines that fold', `X: y\n${' z\n'.repeat(KIB_250 / 4)}`],
    ['lines without a colon', 'a\n'.repeat(KIB_250 / 2)],
    ['a list of lengths', `Content-Length: ${'1,'.repeat(KIB_250 / 2)}1`],
    ['a list of codings', `Transfer-Encoding: ${'a,'.repeat(KIB_250 / 2)}b`],
    ['a list of options', `Connection: ${','.repeat(KIB_250)}`],
    ['a Keep-Alive of beginnings', `Keep-Alive: ${'timeout='.repeat(KIB_250 / 8)}`],
    ['a status line of spaces', `X: y`, `HTTP/1.1${' '.repeat(KIB_250)}200`],
    ['a chunk size of zeros', 'Transfer-Encoding: chunked', 'HTTP/1.1 200', `${'0'.repeat(KIB_250)}`],
    ['a chunk size and spaces', 'Transfer-Encoding: chunked', 'HTTP/1.1 200', `5${' '.repeat(KIB_250)}x\r\n`],
  ])('is short, whole or byte by byte: %s', async (_name, fields, statusLine = 'HTTP/1.1 200', rest = '') => {
    const bytes = Buffer.from(`${statusLine}\r\n${fields}\r\n\r\n${rest}`);
    const single = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
    expect(await processorTimeWithin(200, () => void parse([bytes]))).toBeLessThan(200);
    expect(await processorTimeWithin(1_000, () => void parse(single))).toBeLessThan(1_000);
  });
});

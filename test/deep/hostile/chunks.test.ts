/** H16: a body comes in pieces, and a piece may end in the middle of a character, of a code and of a mark. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { answer, head, pathOf, type Respond } from '../../lib/web/rawServer.ts';
import { pngOf } from '../../support/pictures.ts';
import { report } from './support/figures.ts';
import { startHostileService } from './support/hostileService.ts';

const TEXT = 'ü-€-😀';
const MARKUP = `<p title="${TEXT}"><img alt="${TEXT}" src="/${TEXT}.png">`;
const utf16le = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
/** あ in Shift_JIS; its second byte would be another character alone. */
const SHIFT_JIS = Buffer.from('<img alt="\x82\xa0" src="/\x82\xa0.png">', 'latin1');

const PAGES: readonly (readonly [row: string, type: string, page: Buffer, text: string])[] = [
  ['UTF-8', 'text/html; charset=utf-8', Buffer.from(MARKUP), TEXT],
  ['UTF-8 that nobody names', 'text/html', Buffer.from(MARKUP), TEXT],
  ['UTF-8 with a mark before it', 'text/html; charset=latin1', Buffer.from(`\ufeff${MARKUP}`), TEXT],
  ['UTF-16 with a mark before it', 'text/html', utf16le(MARKUP), TEXT],
  ['Shift_JIS', 'text/html; charset=shift_jis', SHIFT_JIS, 'あ'],
];

const CODINGS: readonly (readonly [coding: string, encode: (body: Buffer) => Buffer])[] = [
  ['identity', (body) => body],
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
];

/** Sends every piece as one chunk in one packet. */
function sendInPieces(size: number, headers: Record<string, string>, body: Buffer): Respond {
  return async (socket) => {
    socket.setNoDelay(true);
    socket.write(head(200, { ...headers, 'Transfer-Encoding': 'chunked' }));
    for (let at = 0; at < body.length; at += size) {
      const piece = body.subarray(at, at + size);
      socket.write(
        Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write('0\r\n\r\n');
  };
}

describe.each(CODINGS)('H16 in pieces, sent as %s, a page of', (coding, encode) => {
  it.each(PAGES)('H16 %s is read as in one piece', async (_row, type, page, text) => {
    const headers = { 'Content-Type': type, 'Content-Encoding': coding };
    const seen = new Set<string>();
    for (const size of [1, 2, 3, 5, 7, page.length]) {
      await using service = await startHostileService({
        respond: (socket, requestHead, index) =>
          pathOf(requestHead) === '/page'
            ? sendInPieces(size, headers, encode(page))(socket, requestHead, index)
            : socket.write(answer(200, { 'Content-Type': 'image/png' }, pngOf(1))),
      });
      const { code, body } = await service.post(service.url('/page'));
      const items = (body.items ?? []) as readonly { url: string; foundIn: readonly { alt?: string }[] }[];
      const places = items.map(({ url, foundIn }) => [new URL(url).pathname, foundIn[0]?.alt]);
      seen.add(JSON.stringify([code, places]));
    }
    expect([...seen].map((one) => JSON.parse(one))).toEqual([
      ['OK', [[`/${encodeURIComponent(text)}.png`, text]]],
    ]);
    report({ inputs: 6 });
  });
});

/** Statuses that bring the whole content, and their neighbours. */
import { describe, expect, it } from '@jest/globals';
import { answer, head, startRawServer } from './rawServer.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

const BODY = 'x'.repeat(100);
const range = (value: string) => ({ 'Content-Range': value });
const text = (status: number, fields: Record<string, string> = {}, body = BODY) =>
  answer(status, fields, body).toString('latin1');

describe('a response of', () => {
  it.each([
    ['200', text(200), 'read'],
    ['201', text(201, { Location: '/elsewhere' }), 'read'],
    ['203', text(203), 'read'],
    ['206 of the whole', text(206, range('bytes 0-99/100')), 'read'],
    ['206 of the whole in capitals', text(206, range('Bytes 0-99/100')), 'read'],
    [
      '206 of the whole in chunks',
      `${head(206, { ...range('bytes 0-99/100'), 'Transfer-Encoding': 'chunked' })}64\r\n${BODY}\r\n0\r\n\r\n`,
      'read',
    ],
    ['206 of the whole up to the end', `${head(206, range('bytes 0-99/100'))}${BODY}`, 'read'],
    ['200 with a range, which says nothing there', text(200, range('bytes 0-9/100')), 'read'],
    ['206 of the first half', text(206, range('bytes 0-99/200')), 'status'],
    ['206 of the second half', text(206, range('bytes 100-199/200')), 'status'],
    ['206 without the first byte', text(206, range('bytes 1-100/101')), 'status'],
    ['206 of unknown length', text(206, range('bytes 0-99/*')), 'status'],
    ['206 of nothing', text(206, range('bytes */100')), 'status'],
    ['206 in another unit', text(206, range('lines 0-99/100')), 'status'],
    ['206 with two ranges', text(206, range('bytes 0-99/100, bytes 0-99/100')), 'status'],
    ['206 without a range', text(206), 'status'],
    ['206 in parts', text(206, { 'Content-Type': 'multipart/byteranges; boundary=x' }), 'status'],
    ['206 with another length', text(206, range('bytes 0-199/200'), BODY), 'status'],
    [
      '206 with fewer chunks',
      `${head(206, { ...range('bytes 0-99/100'), 'Transfer-Encoding': 'chunked' })}3\r\nabc\r\n0\r\n\r\n`,
      'truncated',
    ],
    ['206 that ends early', `${head(206, range('bytes 0-99/100'))}abc`, 'truncated'],
    ['202', text(202), 'status'],
    ['204', head(204), 'status'],
    ['205', text(205, {}, ''), 'status'],
    ['207', text(207), 'status'],
    ['226', text(226), 'status'],
  ])('%s', async (_, bytes, expected) => {
    await using server = await startRawServer((socket) => socket.end(Buffer.from(bytes, 'latin1')));
    await using web = createTestWeb({ ports: [server.port] });
    const result = await web.read(`http://good.test:${server.port}/`);
    expect(faultOf(result)).toBe(expected);
    if (result.kind === 'read') expect(result.bytes.toString()).toBe(BODY);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { WebResponse } from '../../../lib/web/exchange.ts';
import { delayAfterResponse } from '../../../lib/web/retryDelay.ts';
import { answer, pathOf, type Respond, startRawServer } from './rawServer.ts';
import { createTestWeb, faultOf } from './testWeb.ts';

const NOW = new Date('2026-11-22T10:00:00Z');

describe('a second attempt', () => {
  const firstThenOk =
    (first: Respond): Respond =>
    (socket, requestHead, index) => {
      if (index === 0) first(socket, requestHead, index);
      else socket.write(answer(200, {}, 'x'));
    };
  it.each([
    ['a reset at the request', firstThenOk((socket) => socket.resetAndDestroy())],
    ['a close at the request', firstThenOk((socket) => socket.end())],
    ['429 with Retry-After: 0', firstThenOk((socket) => socket.write(answer(429, { 'Retry-After': '0' })))],
    [
      '503 with Retry-After: 1',
      firstThenOk((socket) => socket.write(answer(503, { 'Retry-After': '1' }, 'wait'))),
    ],
  ])('is made after %s', async (_, respond) => {
    await using server = await startRawServer(respond);
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe('read');
    expect(server.heads).toHaveLength(2);
  });

  it.each([
    ['503 without Retry-After', answer(503), 'status'],
    ['503 with a Retry-After beyond the time', answer(503, { 'Retry-After': '3600' }), 'status'],
    ['500 with Retry-After', answer(500, { 'Retry-After': '0' }), 'status'],
    ['404 with Retry-After', answer(404, { 'Retry-After': '0' }), 'status'],
    ['a body cut off', 'HTTP/1.1 200 X\r\nContent-Length: 9\r\nConnection: close\r\n\r\nabc', 'truncated'],
  ])('is not made after %s', async (_, first, fault) => {
    await using server = await startRawServer((socket) => socket.end(first));
    await using web = createTestWeb({ ports: [server.port] });
    expect(faultOf(await web.read(`http://good.test:${server.port}/`))).toBe(fault);
    expect(server.heads).toHaveLength(1);
  });

  it('is the last, also over redirects', async () => {
    await using server = await startRawServer((socket, requestHead) => {
      const path = pathOf(requestHead);
      const turn = server.heads.filter((each) => pathOf(each) === path).length;
      if (turn === 1) socket.write(answer(503, { 'Retry-After': '0' }));
      else socket.write(answer(302, { Location: '/b' }));
    });
    await using web = createTestWeb({ ports: [server.port] });
    expect(await web.read(`http://good.test:${server.port}/`)).toMatchObject({
      fault: 'status',
      status: 503,
    });
    expect(server.heads.map(pathOf)).toEqual(['/', '/', '/b']);
  });

  it('is not waited for when the caller gives up', async () => {
    const controller = new AbortController();
    await using server = await startRawServer((socket) => {
      socket.write(answer(503, { 'Retry-After': '40' }), () => controller.abort());
    });
    await using web = createTestWeb({ ports: [server.port] });
    const since = performance.now();
    const result = await web.read(`http://good.test:${server.port}/`, { signal: controller.signal });
    expect(faultOf(result)).toBe('aborted');
    expect(performance.now() - since).toBeLessThan(20_000);
  });
});

describe('the wait that Retry-After asks for', () => {
  const asked = (status: number, value?: string): WebResponse => ({
    status,
    lines: () => [],
    header: () => value,
    body: null as never,
    framing: { isDelimited: false, length: 0 },
    discard: () => {},
  });
  it.each([
    [503, '0', 0],
    [429, '1', 1_000],
    [503, ' 2 ', 2_000],
    [503, '9', 9_000],
    [503, 'Sun, 22 Nov 2026 10:00:03 GMT', 3_000],
    [503, 'Sun, 22 Nov 2026 09:00:00 GMT', 0],
    [503, '10', null],
    [503, 'Sun, 22 Nov 2026 10:01:00 GMT', null],
    [503, '-1', null],
    [503, '1.5', null],
    [503, '1e0', null],
    [503, '99999999999999999999', null],
    [503, 'soon', null],
    [503, '2026-11-22T10:00:01Z', null],
    [503, '', null],
    [503, undefined, null],
    [502, '1', null],
    [200, '1', null],
  ])('after %i %j with ten seconds left is %j', (status, value, expected) => {
    expect(delayAfterResponse(asked(status, value), NOW, 10_000)).toBe(expected);
  });

  it('must leave a quarter of a second', () => {
    expect(delayAfterResponse(asked(503, '1'), NOW, 1_250)).toBe(1_000);
    expect(delayAfterResponse(asked(503, '1'), NOW, 1_249)).toBeNull();
  });
});

import { describe, expect, it } from '@jest/globals';
import { createTlsSessions } from '../../../../lib/web/guard/tlsSessions.ts';

const MINUTE_MS = 60_000;
const session = (text: string, length = text.length) => Buffer.alloc(length, text);

describe('TLS sessions', () => {
  it('are kept by key, the last one of each', () => {
    const sessions = createTlsSessions();
    sessions.keep('a', session('1'));
    sessions.keep('b', session('2'));
    sessions.keep('a', session('3'));
    expect([sessions.get('a'), sessions.get('b'), sessions.get('c')]).toEqual([
      session('3'),
      session('2'),
      undefined,
    ]);
  });

  it('are kept ten minutes from the first on, however often one follows another', () => {
    let now = 0;
    const sessions = createTlsSessions(() => now);
    sessions.keep('a', session('1'));
    now = 10 * MINUTE_MS - 1;
    sessions.keep('a', session('2'));
    expect(sessions.get('a')).toEqual(session('2'));
    now += 1;
    expect(sessions.get('a')).toBeUndefined();
    sessions.keep('a', session('3'));
    expect(sessions.get('a')).toEqual(session('3'));
  });

  it('are those of the last two hundred keys', () => {
    const sessions = createTlsSessions();
    for (let key = 0; key <= 200; key += 1) sessions.keep(String(key), session('1'));
    expect([sessions.get('0'), sessions.get('1'), sessions.get('200')]).toEqual([
      undefined,
      session('1'),
      session('1'),
    ]);
  });

  it('are not kept beyond 16 KiB', () => {
    const sessions = createTlsSessions();
    sessions.keep('a', session('1', 16_384));
    sessions.keep('b', session('1', 16_385));
    expect([sessions.get('a')?.length, sessions.get('b')]).toEqual([16_384, undefined]);
  });
});

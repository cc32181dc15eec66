import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { receiveTcp } from '../../../local-stack/exporter/receivers.ts';
import { until } from '../../support/until.ts';
import { createTally } from './world.ts';

/** Two places; `pass` moves the clock. */
async function startReceiver() {
  const { tally, counts } = createTally();
  const lines: string[] = [];
  let ms = 0;
  const receiver = await receiveTcp({
    host: '127.0.0.1',
    port: 0,
    maxLineBytes: 1_000,
    maxConnections: 2,
    intake: () => ({ line: (text) => lines.push(text), tooLong: () => {} }),
    tally,
    clock: () => ms,
    onFault: (error) => {
      throw error;
    },
  });
  const senders: Socket[] = [];
  return {
    counts,
    lines,
    url: `http://127.0.0.1:${receiver.port}/`,
    pass: (milliseconds: number) => {
      ms += milliseconds;
    },
    /** A sender whose connection was judged; `isGone` once it was closed. */
    async join() {
      const judged = (counts.opened ?? 0) + (counts.refused ?? 0);
      const socket = connect(receiver.port, '127.0.0.1').on('error', () => {});
      senders.push(socket);
      const sender = { socket, isGone: false };
      socket.resume().on('close', () => {
        sender.isGone = true;
      });
      await once(socket, 'connect');
      await until(() => (counts.opened ?? 0) + (counts.refused ?? 0) === judged + 1);
      return sender;
    },
    async say(socket: Socket, text: string) {
      const before = lines.length;
      socket.write(text);
      await until(() => lines.length > before);
    },
    async [Symbol.asyncDispose]() {
      for (const sender of senders) sender.destroy();
      await receiver.close();
    },
  };
}

const DOCUMENT = '{"_aws":{}}';

describe('a TCP receiver that something else than a sender of lines connects to', () => {
  /** A TLS ClientHello and a STUN request begin so. */
  const CLIENT_HELLO = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03';
  const STUN = '\x00\x03\x00\x50\x21\x12\xa4\x42';
  const openings = [
    ['POST of a form', 'POST / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['POST of a text to a long path', `POST /${'a'.repeat(3_000)} HTTP/1.1\r\n\r\n`],
    ['GET', 'GET / HTTP/1.1\r\n\r\n'],
    ['WebSocket', 'GET /x HTTP/1.1\r\nUpgrade: websocket\r\n\r\n'],
    ['OPTIONS', 'OPTIONS * HTTP/1.1\r\n\r\n'],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['TLS', `${CLIENT_HELLO}`],
    ['STUN', STUN],
  ] as const;
  it.each(openings)('counts no line of %s, in one piece or byte by byte', async (_, opening) => {
    for (const size of [Number.POSITIVE_INFINITY, 1]) {
      await using world = await startReceiver();
      const sender = await world.join();
      const bytes = Buffer.from(`${opening}\n${DOCUMENT}\n`, 'latin1');
      for (let at = 0; at < bytes.length && !sender.isGone; at += size) {
        sender.socket.write(bytes.subarray(at, at + size));
        if (at < 12) await new Promise(setImmediate);
      }
      await until(() => sender.isGone);
      expect(world.lines).toEqual([]);
      expect(world.counts).toEqual({ opened: 1, foreign: 1, closed: 1 });
    }
  });

  it('counts nothing of what fetch sends', async () => {
    await using world = await startReceiver();
    await expect(fetch(world.url, { method: 'POST', body: `\n${DOCUMENT}\n` })).rejects.toThrow(
      'fetch failed',
    );
    expect(world.lines).toEqual([]);
    expect(world.counts).toMatchObject({ foreign: 1 });
  });

  it.each([
    ['a document', DOCUMENT],
    ['a document after an empty line', `\r\n${DOCUMENT}`],
    ['a log line', 'INFO started'],
    ['a log line that begins like a method', 'POSTED'],
    ['a line as short as that', 'G'],
    ['a method alone', 'GET'],
    ['text beyond ASCII', 'é'],
  ])('takes %s, in one piece or byte by byte', async (_, line) => {
    for (const ending of ['\n', '']) {
      for (const size of [Number.POSITIVE_INFINITY, 1]) {
        await using world = await startReceiver();
        const sender = await world.join();
        const bytes = Buffer.from(line + ending);
        for (let at = 0; at < bytes.length; at += size) {
          sender.socket.write(bytes.subarray(at, at + size));
          await new Promise(setImmediate);
        }
        sender.socket.end();
        await until(() => world.lines.length > 0);
        expect(world.lines.map((each) => each.trim())).toEqual([line.trim()]);
        expect(world.counts.foreign).toBeUndefined();
      }
    }
  });
});

describe('a TCP receiver with no place left', () => {
  it('takes the place of the sender that was silent longest, once that is ten seconds', async () => {
    await using world = await startReceiver();
    const first = await world.join();
    const second = await world.join();
    world.pass(1);
    await world.say(first.socket, 'a\n');
    world.pass(9_998);
    const early = await world.join();
    await until(() => early.isGone);
    expect(world.counts).toEqual({ opened: 2, refused: 1 });
    world.pass(1);
    const third = await world.join();
    await until(() => second.isGone);
    expect(world.counts).toEqual({ opened: 3, refused: 1, evicted: 1, closed: 1 });
    await world.say(first.socket, 'b\n');
    await world.say(third.socket, 'c\n');
    expect(world.lines).toEqual(['a', 'b', 'c']);
    expect([first.isGone, third.isGone]).toEqual([false, false]);
  });

  it('takes a sender that drips a line without an end for a silent one, and judges what it sent', async () => {
    await using world = await startReceiver();
    const dripping = await world.join();
    const speaking = await world.join();
    dripping.socket.write('half');
    world.pass(10_000);
    dripping.socket.write(' a line');
    await world.say(speaking.socket, 'x\n');
    await world.join();
    await until(() => dripping.isGone);
    expect(world.counts).toMatchObject({ evicted: 1 });
    expect(world.lines.join('|')).toMatch(/^x\|half/);
  });

  it('lets the silent stay while there is room', async () => {
    await using world = await startReceiver();
    const silent = await world.join();
    world.pass(3_600_000);
    await world.join();
    await world.say(silent.socket, 'still here\n');
    expect(world.counts).toEqual({ opened: 2 });
  });

  it('has no more senders than places, however many come', async () => {
    await using world = await startReceiver();
    for (let count = 0; count < 50; count += 1) {
      await world.join();
      world.pass(10_000);
    }
    await until(() => world.counts.closed === 48);
    expect(world.counts).toEqual({ opened: 50, evicted: 48, closed: 48 });
  });
});

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

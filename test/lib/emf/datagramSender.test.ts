import { createSocket } from 'node:dgram';
import { describe, expect, it } from '@jest/globals';
import { createDatagramSender } from '../../../lib/emf/datagramSender.ts';
import { until } from '../../support/until.ts';

interface Listener extends AsyncDisposable {
  readonly port: number;
  readonly heard: readonly string[];
}

async function listen(address: string, port = 0): Promise<Listener> {
  const socket = createSocket('udp4');
  const heard: string[] = [];
  socket.on('message', (message) => heard.push(message.toString()));
  await new Promise<void>((resolve) => socket.bind(port, address, resolve));
  return {
    port: socket.address().port,
    heard,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

/** A resolver that answers when the test says so, and a clock that the test moves. */
function createWorld() {
  const questions: { response: (address: string) => void; fail: () => void }[] = [];
  const world = {
    now: 0,
    questions,
    elapsed: () => world.now,
    resolve: () =>
      new Promise<{ address: string; family: number }>((resolve, reject) => {
        questions.push({
          response: (address) => resolve({ address, family: 4 }),
          fail: () => reject(new Error('ENOTFOUND')),
        });
      }),
  };
  return world;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a sender of datagrams', () => {
  it('asks a silent resolver once, and opens nothing, however much is sent', async () => {
    const world = createWorld();
    const open = () => {
      throw new Error('nothing is to be opened');
    };
    const sender = createDatagramSender({ hostname: 'gone', port: 25_888 }, { ...world, open });
    for (let sent = 0; sent < 5_000; sent += 1) {
      world.now += 10;
      sender.send('text');
    }
    expect(world.questions).toHaveLength(1);
  });

  it('delivers what waited for the first answer, in its order', async () => {
    await using receiver = await listen('127.0.0.1');
    const world = createWorld();
    const sender = createDatagramSender({ hostname: 'receiver', port: receiver.port }, world);
    for (const text of ['one', 'two', 'three']) sender.send(text);
    world.questions[0]?.response('127.0.0.1');
    await until(() => receiver.heard.length === 3);
    expect(receiver.heard).toEqual(['one', 'two', 'three']);
  });

  it('asks again after half a minute when nobody knew the name, and drops what was sent meanwhile', async () => {
    await using receiver = await listen('127.0.0.1');
    const world = createWorld();
    const sender = createDatagramSender({ hostname: 'receiver', port: receiver.port }, world);
    sender.send('lost');
    world.questions[0]?.fail();
    await turn();
    world.now = 29_999;
    sender.send('lost too');
    expect(world.questions).toHaveLength(1);
    world.now = 30_000;
    sender.send('heard');
    expect(world.questions).toHaveLength(2);
    world.questions[1]?.response('127.0.0.1');
    await until(() => receiver.heard.length > 0);
    expect(receiver.heard).toEqual(['heard']);
  });

  it('goes on with the address that it knows while it asks again, and follows the receiver when it has moved', async () => {
    await using first = await listen('127.0.0.1');
    await using second = await listen('127.0.0.2', first.port);
    const world = createWorld();
    const sender = createDatagramSender({ hostname: 'receiver', port: first.port }, world);
    sender.send('1');
    world.questions[0]?.response('127.0.0.1');
    await until(() => first.heard.length === 1);
    world.now = 9_999;
    sender.send('2');
    expect(world.questions).toHaveLength(1);
    world.now = 10_000;
    sender.send('3');
    expect(world.questions).toHaveLength(2);
    await until(() => first.heard.length === 3);
    world.questions[1]?.response('127.0.0.2');
    await turn();
    sender.send('4');
    await until(() => second.heard.length === 1);
    expect([first.heard, second.heard]).toEqual([['1', '2', '3'], ['4']]);
  });

  it('keeps the address that it knows when nobody knows the name any more', async () => {
    await using receiver = await listen('127.0.0.1');
    const world = createWorld();
    const sender = createDatagramSender({ hostname: 'receiver', port: receiver.port }, world);
    sender.send('1');
    world.questions[0]?.response('127.0.0.1');
    await until(() => receiver.heard.length === 1);
    world.now = 10_000;
    sender.send('2');
    world.questions[1]?.fail();
    await turn();
    sender.send('3');
    await until(() => receiver.heard.length === 3);
    expect(receiver.heard).toEqual(['1', '2', '3']);
  });

  it.each([
    [65_507, []],
    [65_508, [65_508]],
  ])('reports a text of %i bytes where no datagram holds it, and goes on', async (size, expected) => {
    await using listener = await listen('127.0.0.1');
    const reported: number[] = [];
    const sender = createDatagramSender(
      { hostname: '127.0.0.1', port: listener.port },
      { reportTooLarge: (bytes) => reported.push(bytes) },
    );
    // By bytes, not by characters.
    sender.send(`é${'x'.repeat(size - 2)}`);
    sender.send('next');
    await until(() => listener.heard.includes('next'));
    expect(reported).toEqual(expected);
    expect(listener.heard).toHaveLength(2 - expected.length);
  });

  it('asks nobody for an address that it was given', async () => {
    await using receiver = await listen('127.0.0.1');
    const world = createWorld();
    createDatagramSender({ hostname: '127.0.0.1', port: receiver.port }, world).send('text');
    await until(() => receiver.heard.length === 1);
    expect(world.questions).toHaveLength(0);
  });
});

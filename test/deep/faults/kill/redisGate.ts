/** The gate in front of Redis: it names and forwards every command, and forwards its whole reply. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Gate } from './gate.ts';
import { watchSockets } from './sockets.ts';

export interface RedisGate {
  /** As `REDIS_ADDRESS` takes it. */
  readonly address: string;
  alone(): Promise<void>;
  close(): Promise<void>;
}

export async function startRedisGate(gate: Gate, redisAddress: string): Promise<RedisGate> {
  const [host, port] = redisAddress.split(':');
  const clients = new Set<Socket>();

  const serve = (client: Socket) => {
    const ask = createRedisClient(host ?? '', Number(port));
    let unread = Buffer.alloc(0);
    let turn = Promise.resolve();
    const response = async (command: Buffer) => {
      const call = gate.arrive(nameOf(command));
      if ((await gate.pass(call, 'before')) === 'drop') return client.destroy();
      const reply = await ask.send(command);
      if ((await gate.pass(call, 'after')) === 'drop') return client.destroy();
      return client.write(reply);
    };
    clients.add(client);
    client
      .on('data', (data) => {
        unread = Buffer.concat([unread, data]);
        for (let end = endOf(unread, 0); end !== null; end = endOf(unread, 0)) {
          const command = unread.subarray(0, end);
          unread = unread.subarray(end);
          turn = gate
            .track(turn.then(async () => void (await response(command))))
            .catch(() => void client.destroy());
        }
      })
      .on('error', () => undefined)
      .on('close', () => {
        // A running command is executed even when its client has disconnected.
        void turn.then(ask.close);
        clients.delete(client);
      });
  };
  const server = createServer({ noDelay: true }, serve);
  const alone = watchSockets(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    alone,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
}

/** A client that sends commands one after the other, and returns the raw replies. */
export function createRedisClient(host: string, port: number) {
  const socket = connect({ host, port, noDelay: true });
  const waiting: { resolve: (reply: Buffer) => void; reject: (error: Error) => void }[] = [];
  let unread = Buffer.alloc(0);
  const fail = () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('Redis hung up.'));
  };
  socket
    .on('data', (data) => {
      unread = Buffer.concat([unread, data]);
      for (let end = endOf(unread, 0); end !== null; end = endOf(unread, 0)) {
        waiting.shift()?.resolve(unread.subarray(0, end));
        unread = unread.subarray(end);
      }
    })
    .on('error', fail)
    .on('close', fail);
  const send = (command: Buffer) =>
    new Promise<Buffer>((resolve, reject) => {
      if (socket.destroyed) return reject(new Error('Redis hung up.'));
      waiting.push({ resolve, reject });
      socket.write(command);
    });
  return { send, close: () => void socket.destroy() };
}

/** The bytes of a command (RESP) from its words. */
export function commandOf(...words: readonly string[]): Buffer {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return Buffer.from(`*${words.length}\r\n${parts.join('')}`);
}

/** Offset after the RESP2 value that begins at `start`; null when it is not whole yet. */
export function endOf(bytes: Buffer, start: number): number | null {
  const lineEnd = bytes.indexOf('\r\n', start);
  if (lineEnd === -1) return null;
  const length = Number(bytes.toString('latin1', start + 1, lineEnd));
  let end = lineEnd + 2;
  switch (String.fromCharCode(bytes[start] ?? 0)) {
    case '$':
      end += length < 0 ? 0 : length + 2;
      return end <= bytes.length ? end : null;
    case '*':
      for (let i = 0; i < length; i += 1) {
        const next = endOf(bytes, end);
        if (next === null) return null;
        end = next;
      }
      return end;
    default:
      return end;
  }
}

/** The name of a command, with the key's kind: the lock or the cached page. */
function nameOf(command: Buffer): string {
  const lines = command.toString('latin1').split('\r\n');
  const [verb = ''] = [lines[2]];
  const key = /^(?:lock|page):/m.exec(lines.join('\n'))?.[0].slice(0, -1);
  return `redis ${verb.toUpperCase()}${key === undefined ? '' : ` ${key}`}`;
}

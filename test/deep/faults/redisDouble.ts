/** A Redis in memory, over TCP: the commands and the two scripts that the service uses, and the faults a test asks for. */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { listen } from '../../contract/caches.ts';

/** The fate of a command: done, done without a response, never received, or answered with this RESP text. */
export type RedisFault = 'pass' | 'hang' | 'hangAfter' | { readonly reply: string };

interface RedisCommand {
  /** In capitals; a script is `settlePage` or `releaseLock`. */
  readonly name: string;
  readonly args: readonly string[];
}

interface Entry {
  readonly value: string;
  /** On `performance.now()`. */
  readonly endsAt: number;
}

type Reply =
  | string
  | number
  | null
  | readonly string[]
  | { readonly ok: string }
  | { readonly error: string };

export interface RedisDouble extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly entries: Map<string, Entry>;
  readonly commands: readonly RedisCommand[];
  /** Asked for every command, before anything is done. */
  choose: (command: RedisCommand) => RedisFault;
}

export async function startRedisDouble(): Promise<RedisDouble> {
  const entries = new Map<string, Entry>();
  const commands: RedisCommand[] = [];
  const scripts = new Set<string>();
  const double = { choose: (_: RedisCommand): RedisFault => 'pass' };

  const server = await listen((socket: Socket) => {
    let pieces: Buffer[] = [];
    let length = 0;
    // Read once it is whole: five megabytes come in very many pieces.
    let needed = 0;
    socket.on('data', (data) => {
      pieces.push(data);
      length += data.length;
      if (length < needed) return;
      const bytes = Buffer.concat(pieces);
      let end = 0;
      let read = readCommand(bytes, end);
      for (; 'words' in read; read = readCommand(bytes, end)) {
        end = read.end;
        const command = named(read.words);
        commands.push(command);
        const fault = double.choose(command);
        if (typeof fault === 'object') socket.write(fault.reply);
        if (typeof fault === 'object' || fault === 'hang') continue;
        const reply = answer(entries, scripts, command, read.words);
        if (fault === 'pass') socket.write(encode(reply));
      }
      pieces = [bytes.subarray(end)];
      length = bytes.length - end;
      needed = read.needed - end;
    });
  });
  return Object.assign(double, {
    port: Number(new URL(server.url).port),
    url: server.url,
    entries,
    commands: commands as readonly RedisCommand[],
    [Symbol.asyncDispose]: () => server.close(),
  });
}

type CommandRead = { readonly words: readonly string[]; readonly end: number } | { readonly needed: number };

/** RESP: `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`. While it has not arrived whole, how many bytes it needs at least. */
function readCommand(bytes: Buffer, start: number): CommandRead {
  let at = start;
  const line = (): string | null => {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return null;
    const text = bytes.toString('latin1', at + 1, end);
    at = end + 2;
    return text;
  };
  const count = line();
  if (count === null) return { needed: bytes.length + 1 };
  const words: string[] = [];
  for (let index = 0; index < Number(count); index += 1) {
    const length = line();
    if (length === null) return { needed: bytes.length + 1 };
    if (at + Number(length) + 2 > bytes.length) return { needed: at + Number(length) + 2 };
    words.push(bytes.toString('utf8', at, at + Number(length)));
    at += Number(length) + 2;
  }
  return { words, end: at };
}

/** The scripts are told apart by how much they are given: entry, marker, record, seconds; or lock, token. */
function named(words: readonly string[]): RedisCommand {
  const [name = '', ...args] = words;
  if (!/^EVAL/i.test(name)) return { name: name.toUpperCase(), args };
  const given = args.slice(2);
  return { name: given.length === 4 ? 'settlePage' : 'releaseLock', args: given };
}

function answer(
  entries: Map<string, Entry>,
  scripts: Set<string>,
  { name, args }: RedisCommand,
  words: readonly string[],
): Reply {
  const [key = '', first = '', second = '', third = ''] = args;
  const current = (): string | null => {
    const entry = entries.get(key);
    if (entry !== undefined && entry.endsAt > performance.now()) return entry.value;
    entries.delete(key);
    return null;
  };
  const remove = () => (entries.delete(key) ? 1 : 0);
  // As on a server that was just started: EVALSHA knows what EVAL has brought.
  if (/^EVALSHA$/i.test(words[0] ?? '') && !scripts.has(words[1] ?? '')) {
    return { error: 'NOSCRIPT No matching script. Please use EVAL.' };
  }
  if (/^EVAL$/i.test(words[0] ?? '')) {
    scripts.add(
      createHash('sha1')
        .update(words[1] ?? '')
        .digest('hex'),
    );
  }
  switch (name) {
    case 'PING':
      return { ok: 'PONG' };
    case 'HELLO':
      return ['server', 'redis', 'mode', 'standalone', 'role', 'master'];
    case 'GET':
      return current();
    case 'GETRANGE':
      return Buffer.from(current() ?? '')
        .subarray(Number(first), Number(second) + 1)
        .toString();
    case 'EXISTS':
      return current() === null ? 0 : 1;
    case 'SET': {
      const options = args.slice(2);
      if (options.includes('NX') && current() !== null) return null;
      const ms = second === 'EX' ? Number(third) * 1_000 : Number(third);
      entries.set(key, { value: first, endsAt: performance.now() + ms });
      return { ok: 'OK' };
    }
    case 'settlePage': {
      const entry = current();
      if (entry === null) return 0;
      if (entry === first) {
        if (second === '') return remove();
        entries.set(key, { value: second, endsAt: performance.now() + Number(third) * 1_000 });
        return 1;
      }
      return entry.startsWith('busy:') ? 0 : remove();
    }
    case 'releaseLock':
      return current() === first ? remove() : 0;
    default:
      return { error: `ERR unknown command '${name}'` };
  }
}

function encode(reply: Reply): string {
  if (reply === null) return '$-1\r\n';
  if (typeof reply === 'number') return `:${reply}\r\n`;
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`;
  if ('length' in reply) return `*${reply.length}\r\n${reply.map(encode).join('')}`;
  return 'ok' in reply ? `+${reply.ok}\r\n` : `-${reply.error}\r\n`;
}

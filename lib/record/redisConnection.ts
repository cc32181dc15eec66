/** One connection to Redis that never makes a caller wait long and never throws. */
import { Redis, ReplyError } from 'ioredis';

/** Milliseconds. */
export interface RedisTimes {
  /** For the connection, with TLS and AUTH; and again for one command with up to 5 MiB. */
  readonly connectMs: number;
  readonly commandMs: number;
  /** After a failure Redis is left alone so long: calls cost nothing meanwhile. */
  readonly coolDownMs: number;
  /** Then one call asks whether it is back, and waits at most so long for it. */
  readonly probeWaitMs: number;
  /** A connection unused for so long is replaced: a frozen function's peer may have dropped it without a word. */
  readonly idleMaxMs: number;
}

export const REDIS_TIMES: RedisTimes = {
  connectMs: 500,
  commandMs: 500,
  coolDownMs: 1_000,
  probeWaitMs: 30,
  idleMaxMs: 30_000,
};

/** Why a command went without an answer. */
export interface RedisTrouble {
  /** Redis said no: its rules, its memory, its role. Otherwise it was not there, or did not answer. */
  readonly isRefusal: boolean;
  readonly command: string;
  readonly cause: string;
}

export interface RedisParts {
  readonly times?: RedisTimes;
  /** Told of trouble, since to the caller it is a miss: of each kind at most once a minute. */
  readonly tell?: (trouble: RedisTrouble) => void;
  /** Milliseconds that only go forward. */
  readonly elapsed?: () => number;
}

const TELL_AGAIN_MS = 60_000;

/** Commands by name. A script is `name: { lua, numberOfKeys }`. */
export type RedisScripts = Readonly<Record<string, { readonly lua: string; readonly numberOfKeys: number }>>;

export interface RedisConnection {
  /** One command or script; undefined when Redis is down, hangs or refuses it. */
  run(name: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** The same, but asked even right after a failure: what is left undone would stand in the way of the next call. */
  insist(name: string, ...args: readonly (string | number)[]): Promise<unknown>;
  close(): void;
}

/**
 * Connects at the first command. A failure of the connection opens a breaker: until `coolDownMs` are over every
 * command is undefined at once; then one probe decides. No timer and no socket of it keeps the process alive.
 */
export function createRedisConnection(
  url: string,
  scripts: RedisScripts,
  { times = REDIS_TIMES, tell = () => {}, elapsed = () => performance.now() }: RedisParts = {},
): RedisConnection {
  let current: Promise<Redis> | null = null;
  let usedAt = 0;
  let failedAt: number | null = null;
  let probe: Promise<boolean> | null = null;
  let isClosed = false;
  /** By `isRefusal`. */
  const toldAt = new Map<boolean, number>();

  const tellNowAndThen = (trouble: RedisTrouble) => {
    const before = toldAt.get(trouble.isRefusal) ?? Number.NEGATIVE_INFINITY;
    if (elapsed() - before < TELL_AGAIN_MS) return;
    toldAt.set(trouble.isRefusal, elapsed());
    tell(trouble);
  };

  const drop = (connection: Promise<Redis> | null) => {
    if (current === connection) current = null;
    connection?.then(hangUp, () => undefined);
  };

  const connected = (): Promise<Redis> => {
    if (current !== null && elapsed() - usedAt > times.idleMaxMs) drop(current);
    usedAt = elapsed();
    if (current !== null) return current;
    const connection = connect(url, scripts, times);
    current = connection;
    // Redis restarted: the next command connects anew instead of failing on what is closed.
    const forget = () => drop(connection);
    connection.then((redis) => redis.once('end', forget), forget);
    return connection;
  };

  const attempt = async (name: string, args: readonly (string | number)[]): Promise<unknown> => {
    const connection = connected();
    try {
      const redis = await connection;
      const answer = await (name in scripts ? runScript(redis, name, args) : redis.call(name, ...args));
      failedAt = null;
      return answer;
    } catch (error) {
      // Redis's own answer: the connection is fine. Not told by its name, which is its class's: a bundle has short ones.
      const isReply = error instanceof (ReplyError as ErrorConstructor);
      failedAt = isReply ? null : elapsed();
      tellNowAndThen({
        isRefusal: isReply,
        command: name,
        cause: error instanceof Error ? error.message : String(error),
      });
      // READONLY: this server is no longer the primary; the address may lead to the new one by now.
      if (!isReply || error.message.startsWith('READONLY')) drop(connection);
      return undefined;
    }
  };

  /** Whether Redis may be asked now. */
  const isUsable = async (): Promise<boolean> => {
    if (isClosed) return false;
    if (failedAt === null) return true;
    if (elapsed() - failedAt < times.coolDownMs) return false;
    probe ??= attempt('PING', []).then((answer) => {
      probe = null;
      return answer !== undefined;
    });
    return withinOrFalse(times.probeWaitMs, probe);
  };

  return {
    run: async (name, ...args) => ((await isUsable()) ? attempt(name, args) : undefined),
    insist: async (name, ...args) => (isClosed ? undefined : attempt(name, args)),
    close: () => {
      isClosed = true;
      drop(current);
    },
  };
}

/** Rejects when it takes longer than `connectMs` until a command can be sent. */
async function connect(url: string, scripts: RedisScripts, times: RedisTimes): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: times.connectMs,
    commandTimeout: times.commandMs,
    // A lost connection is replaced by the next command, never behind its back: no queue, no timers, no resending.
    retryStrategy: null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // The handshake costs no round trip: RESP2 needs no HELLO, a loading server says so itself.
    protocol: 2,
    enableReadyCheck: false,
    disableClientInfo: true,
    scripts,
  });
  // Failures reach the caller through its command; without a listener ioredis writes them to the console.
  redis.on('error', () => undefined);
  redis.on('connect', () => redis.stream.unref());
  const timer = setTimeout(() => hangUp(redis), times.connectMs);
  try {
    await redis.connect();
    return redis;
  } catch (error) {
    hangUp(redis);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** At once: ioredis alone would wait two seconds, by a timer that holds the process, for the peer to hang up too. */
function hangUp(redis: Redis): void {
  if (redis.status === 'end') return;
  redis.disconnect();
  // Not there before the first attempt to connect.
  const stream: Redis['stream'] | undefined = redis.stream;
  stream?.destroy();
}

/** Calls the method that ioredis adds for a script: EVALSHA, and EVAL where the server does not know it yet. */
function runScript(redis: Redis, name: string, args: readonly (string | number)[]): Promise<unknown> {
  const methods = redis as unknown as Record<
    string,
    (...args: readonly (string | number)[]) => Promise<unknown>
  >;
  return methods[name]?.(...args) ?? Promise.reject(new Error(`No script is called ${name}.`));
}

async function withinOrFalse(ms: number, answer: Promise<boolean>): Promise<boolean> {
  const over = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => over.resolve(false), ms);
  try {
    return await Promise.race([answer, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}

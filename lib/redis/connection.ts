/** Redis, asked so that no caller waits long and nothing throws; and not at all while it takes no writes. */
import { systemClock, within } from '../concurrency/waiting.ts';
import type { RedisTimes } from '../domain/times.ts';
import type { RedisArguments, RedisClient, RedisServer } from './server.ts';

/** What there is to log: to the caller each is a miss. */
export type RedisNotice =
  | {
      /**
       * `unreachable`: it is not there, or does not answer. `connectionRefused`: a wrong password, no such database, a
       * replica. `writeRefused`: as both of these, it is left alone until it takes a write. `readRefused`: a miss.
       */
      readonly kind: 'unreachable' | 'connectionRefused' | 'writeRefused' | 'readRefused';
      readonly command: string;
      readonly cause: string;
    }
  /** It takes writes again. */
  | { readonly kind: 'recovered' };

type RedisTrouble = Exclude<RedisNotice, { kind: 'recovered' }>;

type RedisReply =
  | { readonly kind: 'answer'; readonly value: unknown }
  /** Redis did not do it: it was not asked, or refused. */
  | { readonly kind: 'notDone' }
  /** The answer never came: it may have been done. */
  | { readonly kind: 'unclear' };

export interface RedisConnectionParts {
  readonly times: RedisTimes;
  /** Given trouble of each kind at most once a minute. */
  readonly tell: (notice: RedisNotice) => void;
  /** Milliseconds that only go forward. */
  readonly elapsed: () => number;
}

export interface RedisConnection {
  read(name: string, key: string, ...args: RedisArguments): Promise<RedisReply>;
  write(name: string, key: string, ...args: RedisArguments): Promise<RedisReply>;
  /** A write that clears up: left undone it stands in the way of the next call, so it is tried again, after a probe. */
  clearUp(name: string, key: string, ...args: RedisArguments): Promise<RedisReply>;
  close(): void;
}

/** Shows with SET that Redis takes every kind of write. */
export interface WriteProbe {
  /** The name of a script that deletes its key when it holds the text it is given. */
  readonly script: string;
}

const TELL_AGAIN_MS = 60_000;
const PROBE_MS = 1_000;
const PROBE_TEXT = 'probe';
const TOO_LATE = Symbol('the probe took too long');

/**
 * Connects at the first command. A lost connection or a refused write opens a circuit breaker: no command is sent for
 * `coolDownMs`. Then one probe writes where the failure was, beside the key. Until it succeeds nothing is read either:
 * an entry that this process could not invalidate would be stale.
 */
export function createRedisConnection(
  server: RedisServer,
  probeWith: WriteProbe,
  { times, tell, elapsed }: RedisConnectionParts,
): RedisConnection {
  let current: Promise<RedisClient> | null = null;
  let usedAt = 0;
  let stopped: { readonly at: number; readonly key: string } | null = null;
  /** Resolves within `probeWaitMs`; there until the probe has ended. */
  let probe: Promise<boolean> | null = null;
  const closing = new AbortController();
  const toldAt = new Map<RedisTrouble['kind'], number>();
  let isRecoveryNews = false;

  const tellNowAndThen = (trouble: RedisTrouble) => {
    const before = toldAt.get(trouble.kind) ?? Number.NEGATIVE_INFINITY;
    if (closing.signal.aborted || elapsed() - before < TELL_AGAIN_MS) return;
    toldAt.set(trouble.kind, elapsed());
    isRecoveryNews = true;
    tell(trouble);
  };

  const drop = (connection: Promise<RedisClient> | null) => {
    if (current === connection) current = null;
    connection?.then(
      (client) => client.hangUp(),
      () => undefined,
    );
  };

  const connected = (): Promise<RedisClient> => {
    if (current !== null && elapsed() - usedAt > times.idleMaxMs) drop(current);
    usedAt = elapsed();
    if (current !== null) return current;
    const connection = server.connect(closing.signal);
    current = connection;
    // Redis restarted: the next command connects again instead of failing on the closed connection.
    const forget = () => drop(connection);
    connection.then((client) => client.onEnd(forget), forget);
    return connection;
  };

  const attempt = async (
    kind: 'readRefused' | 'writeRefused',
    name: string,
    key: string,
    args: RedisArguments,
  ): Promise<RedisReply & { readonly isStop: boolean }> => {
    const connection = connected();
    let client: RedisClient | null = null;
    try {
      client = await connection;
      return { kind: 'answer', value: await client.send(name, [key, ...args]), isStop: false };
    } catch (error) {
      const { isRefusal, isElsewhere, command = name, cause } = server.faultOf(error, client === null);
      const refused = client === null || isElsewhere ? 'connectionRefused' : kind;
      const trouble = isRefusal ? refused : 'unreachable';
      tellNowAndThen({ kind: trouble, command: client === null ? command : name, cause });
      if (!isRefusal || isElsewhere) drop(connection);
      const isUnclear = client !== null && !isRefusal;
      return { kind: isUnclear ? 'unclear' : 'notDone', isStop: trouble !== 'readRefused' };
    }
  };

  const isWritable = async (key: string): Promise<boolean> => {
    // In the same slot of a cluster, and under a pattern that the same user may write.
    const probeKey = `${key.split(':')[0]}:probe:{${key}}`;
    const set = await attempt('writeRefused', 'SET', probeKey, [PROBE_TEXT, 'PX', PROBE_MS]);
    if (set.kind !== 'answer') return false;
    return (await attempt('writeRefused', probeWith.script, probeKey, [PROBE_TEXT])).kind === 'answer';
  };

  const startProbe = (key: string): Promise<boolean> => {
    const probing = isWritable(key).then((isBack) => {
      probe = null;
      stopped = isBack ? null : { at: elapsed(), key };
      if (isBack && isRecoveryNews) tell({ kind: 'recovered' });
      if (isBack) isRecoveryNews = false;
      return isBack;
    });
    // For who waits no longer it is away; the probe goes on, for the next.
    return within(systemClock, times.probeWaitMs, probing, () => TOO_LATE).catch((error: unknown) => {
      if (error === TOO_LATE) return false;
      throw error;
    });
  };

  const isUsable = async (isUrgent: boolean): Promise<boolean> => {
    if (closing.signal.aborted) return false;
    if (stopped === null) return true;
    if (!isUrgent && elapsed() - stopped.at < times.coolDownMs) return false;
    // Who comes when the wait is over does not wait.
    probe ??= startProbe(stopped.key);
    return probe;
  };

  const run = async (
    kind: 'readRefused' | 'writeRefused',
    name: string,
    key: string,
    args: RedisArguments,
    isUrgent: boolean,
  ): Promise<RedisReply> => {
    if (!(await isUsable(isUrgent))) return { kind: 'notDone' };
    const { isStop, ...result } = await attempt(kind, name, key, args);
    if (isStop) stopped = { at: elapsed(), key };
    return result;
  };

  return {
    read: (name, key, ...args) => run('readRefused', name, key, args, false),
    write: (name, key, ...args) => run('writeRefused', name, key, args, false),
    clearUp: async (name, key, ...args) => {
      const isFirstFailure = stopped === null;
      const response = await run('writeRefused', name, key, args, true);
      if (response.kind === 'answer' || !isFirstFailure) return response;
      return run('writeRefused', name, key, args, true);
    },
    close: () => {
      closing.abort(new Error('The connection is closed on this side.'));
      drop(current);
    },
  };
}

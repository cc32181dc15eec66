/** Redis as it is found at its address, alone or a cluster: the one file that knows ioredis. */
import { Cluster, Redis, ReplyError } from 'ioredis';
import { orAborted, systemClock, within } from '../concurrency/waiting.ts';
import type { CacheConfig } from '../config.ts';
import type { RedisTimes } from '../domain/times.ts';
import { type RedisAddress, type RedisFault, redisFaultOf } from './fault.ts';

/** Commands by name. A script is `name: { lua, numberOfKeys }`. */
export type RedisScripts = Readonly<Record<string, { readonly lua: string; readonly numberOfKeys: number }>>;
export type RedisArguments = readonly (string | number)[];

export interface RedisClient {
  /** One command or script on one key, which comes first. Rejects when it is refused or not answered in time. */
  send(name: string, args: RedisArguments): Promise<unknown>;
  /** Calls `listener` once, when the connection has ended. */
  onEnd(listener: () => void): void;
  /** At once. */
  hangUp(): void;
}

export interface RedisServer {
  /** Rejects when Redis cannot be used: not there, wrong password, no such database, a replica; or when aborted. */
  connect(signal: AbortSignal): Promise<RedisClient>;
  /** Of what `connect` or, when it was not `isConnecting`, `send` rejected with. */
  faultOf(error: unknown, isConnecting: boolean): RedisFault;
}

export interface RedisServerParts {
  readonly times: RedisTimes;
  /** Milliseconds that only go forward. */
  readonly elapsed: () => number;
}

/**
 * A server that says that it belongs to a cluster is asked for the others, and each key goes to its own. Every command
 * has one key, so none needs two keys in one slot.
 */
export function createRedisServer(
  config: CacheConfig & { readonly url: string },
  scripts: RedisScripts,
  { times, elapsed }: RedisServerParts,
): RedisServer {
  const address = addressOf(config.url);
  const options = nodeOptionsFor(address, config.ca, times);
  let isCluster = false;

  const connect = async (signal: AbortSignal): Promise<RedisClient> => {
    signal.throwIfAborted();
    const inTime: Within = (step, work) => withinConnectTime(times.connectMs, signal, step, work);
    if (!isCluster) {
      const { redis, standing } = await connectOne(address, options, scripts, inTime);
      if (!standing.isCluster) return clientOf(redis, scripts, times, elapsed);
      isCluster = true;
      hangUp(redis);
    }
    try {
      return clientOf(await connectCluster(address, options, scripts, inTime), scripts, times, elapsed);
    } catch (error) {
      // Another server may stand there by now.
      isCluster = false;
      throw error;
    }
  };

  const faultOf = (error: unknown, isConnecting: boolean): RedisFault => {
    // A server that keeps its standing to itself still says where the key is.
    if (isReply(error) && /^MOVED /.test(error.message)) isCluster = true;
    return redisFaultOf(error, { isReply: isReply(error), isConnecting }, address);
  };
  return { connect, faultOf };
}

function addressOf(url: string): RedisAddress {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 6379),
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    database: Number(pathname.slice(1)),
    isTls: protocol === 'rediss:',
  };
}

type NodeOptions = ReturnType<typeof nodeOptionsFor>;

/** What holds for one server as for each of a cluster's. */
function nodeOptionsFor(
  { username, password, database, isTls }: RedisAddress,
  ca: string | undefined,
  { connectMs, commandMs }: RedisTimes,
) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    db: database,
    ...(isTls && { tls: ca === undefined ? {} : { ca } }),
    // Twice: `withinConnectTime` ends it, and says at which step.
    connectTimeout: 2 * connectMs,
    commandTimeout: commandMs,
    disconnectTimeout: connectMs,
    // A lost connection is replaced by the next command, never behind its back: no resending.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // The handshake costs no round trip but the one for the standing: a loading server says so itself.
    protocol: 2,
    enableReadyCheck: false,
    disableClientInfo: true,
  } as const;
}

/** What a server says of itself; of one that keeps it to itself (a proxy) the usual is taken for granted. */
interface Standing {
  readonly isCluster: boolean;
  readonly isReplica: boolean;
}

async function connectOne(
  { host, port }: RedisAddress,
  options: NodeOptions,
  scripts: RedisScripts,
  within: Within,
) {
  // No queue and no timers: a lost connection ends.
  const own = { host, port, lazyConnect: true, retryStrategy: null, enableOfflineQueue: false };
  const redis = new Redis({ ...options, ...own, scripts });
  const failed = Promise.withResolvers<never>();
  // Its cause: the command then fails with "Connection is closed.". And a SELECT that is refused fails nothing else.
  redis.on('error', failed.reject);
  redis.on('connect', () => redis.stream.unref());
  const work = async () => {
    await redis.connect();
    const standing = await standingOf(redis);
    // A replica in a cluster names the primaries.
    if (standing.isReplica && !standing.isCluster) throw isReplicaError();
    return { redis, standing };
  };
  try {
    return await within(() => stepOf(redis), Promise.race([failed.promise, work()]));
  } catch (error) {
    hangUp(redis);
    throw error;
  }
}

async function connectCluster(
  { host, port }: RedisAddress,
  redisOptions: NodeOptions,
  scripts: RedisScripts,
  within: Within,
): Promise<Cluster> {
  const cluster = new Cluster([{ host, port }], {
    lazyConnect: true,
    scripts,
    redisOptions,
    // As above: what fails is told, and the next command begins with a new list of servers.
    clusterRetryStrategy: null,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    maxRedirections: 4,
    slotsRefreshTimeout: redisOptions.disconnectTimeout,
    enableReadyCheck: false,
    // A name must stay one: the certificate is for the name.
    dnsLookup: (hostname, callback) => callback(null, hostname),
  });
  let cause: unknown;
  cluster.on('error', () => undefined);
  cluster.on('node error', (error) => {
    cause = error;
  });
  cluster.on('+node', (node: Redis) => node.on('connect', () => node.stream.unref()));
  try {
    await within(() => 'list the servers of its cluster', cluster.connect());
    return cluster;
  } catch (error) {
    hangUp(cluster);
    throw cause ?? error;
  }
}

function clientOf(
  redis: Redis | Cluster,
  scripts: RedisScripts,
  { roleMs }: RedisTimes,
  elapsed: () => number,
): RedisClient {
  let askedAt = elapsed();
  let nodeError: unknown;
  redis.on('node error', (error: unknown) => {
    nodeError = error;
  });
  /** A server that was made a replica keeps its connections, and answers with what it has. A cluster's says MOVED. */
  const refuseReplica = async () => {
    if (redis instanceof Cluster || elapsed() - askedAt < roleMs) return;
    askedAt = elapsed();
    if ((await standingOf(redis)).isReplica) throw isReplicaError();
  };
  const send = async (name: string, args: RedisArguments) => {
    nodeError = undefined;
    try {
      return await (name in scripts ? runScript(redis, name, args) : redis.call(name, ...args));
    } catch (error) {
      // Of a server of a cluster the command's own error says only that it is gone.
      throw isReply(error) ? error : (nodeError ?? error);
    }
  };
  return {
    // Both at once, which costs no time.
    send: async (name, args) => (await Promise.all([send(name, args), refuseReplica()]))[0],
    onEnd: (listener) => void redis.once('end', listener),
    hangUp: () => hangUp(redis),
  };
}

/** HELLO needs no rights, and tells mode and role as names and values in turn. */
async function standingOf(redis: Redis): Promise<Standing> {
  const reply = await redis.call('HELLO', '2').catch((error: unknown) => {
    // Unknown to it, as to a proxy; but who must authenticate must not go on.
    if (!isReply(error) || error.message.startsWith('NOAUTH')) throw error;
    return [];
  });
  const words = Array.isArray(reply) ? reply : [];
  const wordAfter = (name: string) => words[words.indexOf(name) + 1];
  return { isCluster: wordAfter('mode') === 'cluster', isReplica: wordAfter('role') === 'replica' };
}

/** As Redis itself refuses the writes. */
function isReplicaError(): Error {
  return new (ReplyError as ErrorConstructor)('READONLY The server is a replica.');
}

/** Redis's own answer. Not told by its name, which is its class's: a bundle has short ones. */
function isReply(error: unknown): error is Error {
  return error instanceof (ReplyError as ErrorConstructor);
}

/** What a server did not do, of which a connection was not there in time. */
function stepOf(redis: Redis): string {
  // Not there before the first attempt to connect.
  const stream: Redis['stream'] | undefined = redis.stream;
  if (stream === undefined || stream.connecting) return 'accept the connection';
  const isInTls = redis.options.tls && (stream as { readonly secureConnecting?: boolean }).secureConnecting;
  return isInTls ? 'respond in TLS (it may not speak TLS on this port)' : 'respond';
}

/** Rejects when `work` takes too long, and says which `step` the server did not do. */
type Within = <T>(step: () => string, work: Promise<T>) => Promise<T>;

async function withinConnectTime<T>(
  ms: number,
  signal: AbortSignal,
  step: () => string,
  work: Promise<T>,
): Promise<T> {
  const tooLate = () => new Error(`Redis did not ${step()} within ${ms} ms.`);
  return within(systemClock, ms, orAborted(work, signal), tooLate);
}

/** At once: ioredis alone would wait two seconds, by a timer that holds the process, for the peer to hang up too. */
function hangUp(redis: Redis | Cluster): void {
  if (redis.status === 'end') return;
  const nodes = redis instanceof Cluster ? redis.nodes() : [redis];
  redis.disconnect();
  for (const node of nodes) {
    const stream: Redis['stream'] | undefined = node.stream;
    stream?.destroy();
  }
}

/** Calls the method that ioredis adds for a script: EVALSHA, and EVAL where the server does not know it yet. */
function runScript(redis: Redis | Cluster, name: string, args: RedisArguments): Promise<unknown> {
  const methods = redis as unknown as Record<string, (...args: RedisArguments) => Promise<unknown>>;
  return methods[name]?.(...args) ?? Promise.reject(new Error(`No script is called ${name}.`));
}

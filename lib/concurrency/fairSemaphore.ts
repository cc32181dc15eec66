/** A semaphore with several permits for each key, which waiting owners share fairly. */

export interface FairSemaphore {
  /**
   * Resolves with a function that releases the permit of `key`; calling it again does nothing. The owner with the
   * fewest permits of the key is served first, and among these the one that was served longest ago. Requests of one
   * owner are served in order. A key without free permits does not delay requests for other keys.
   * @throws the signal's reason when it is aborted first
   */
  acquire(key: string, owner: string, signal: AbortSignal): Promise<() => void>;
  /** Call it when `perKey` now returns more for the key, or when `isOneFor` is now true of it. */
  serve(key: string): void;
}

export interface PermitLimits {
  readonly perKey: number | ((key: string) => number);
  /** Permits of one owner, over all keys. */
  readonly perOwner: number;
  /** Whether all permits of the key together count as one towards `perOwner`. Absent: each permit counts. */
  readonly isOneFor?: (key: string) => boolean;
}

/** An owner that holds or awaits permits; deleted when it does neither. */
interface Owner {
  readonly name: string;
  /** By key. */
  readonly held: Map<string, number>;
  /** By key, oldest first. */
  readonly waiting: Map<string, Set<() => void>>;
  /** Number of its latest grant among all grants; 0 before the first. */
  lastGrant: number;
}

export function createFairSemaphore({ perKey, perOwner, isOneFor }: PermitLimits): FairSemaphore {
  const owners = new Map<string, Owner>();
  const held = new Map<string, number>();
  /** The owners that wait for a key. */
  const queues = new Map<string, Set<Owner>>();
  let grants = 0;

  const limitOf = typeof perKey === 'number' ? () => perKey : perKey;

  const heldInAll = (owner: Owner): number => {
    let sum = 0;
    for (const [key, count] of owner.held) sum += isOneFor?.(key) ? 1 : count;
    return sum;
  };

  const mayHave = (owner: Owner, key: string): boolean => {
    if ((held.get(key) ?? 0) >= limitOf(key)) return false;
    return (owner.held.has(key) && isOneFor?.(key)) || heldInAll(owner) < perOwner;
  };

  const ownerOf = (name: string): Owner => {
    const owner = owners.get(name) ?? {
      name,
      held: new Map(),
      waiting: new Map(),
      lastGrant: 0,
    };
    owners.set(name, owner);
    return owner;
  };

  const add = (owner: Owner, key: string, count: 1 | -1): void => {
    for (const counts of [owner.held, held]) {
      const sum = (counts.get(key) ?? 0) + count;
      if (sum === 0) counts.delete(key);
      else counts.set(key, sum);
    }
  };

  const forget = (owner: Owner): void => {
    if (owner.held.size === 0 && owner.waiting.size === 0) owners.delete(owner.name);
  };

  const grant = (owner: Owner, key: string): (() => void) => {
    add(owner, key, 1);
    grants += 1;
    owner.lastGrant = grants;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      add(owner, key, -1);
      serveKey(key);
      // The owner may have been at `perOwner` while it waited for other keys.
      for (const other of [...owner.waiting.keys()]) {
        while (owner.waiting.has(other) && mayHave(owner, other)) serve(owner, other);
      }
      forget(owner);
    };
  };

  const nextOf = (key: string): Owner | undefined => {
    const heldBy = (owner: Owner) => owner.held.get(key) ?? 0;
    const byNeed = (one: Owner, other: Owner) =>
      heldBy(one) - heldBy(other) || one.lastGrant - other.lastGrant;
    let next: Owner | undefined;
    for (const owner of queues.get(key) ?? []) {
      if (mayHave(owner, key) && (next === undefined || byNeed(owner, next) < 0)) next = owner;
    }
    return next;
  };

  const serve = (owner: Owner | undefined, key: string): void => {
    const [admit] = owner?.waiting.get(key) ?? [];
    admit?.();
  };

  const serveKey = (key: string): void => {
    for (let owner = nextOf(key); owner !== undefined; owner = nextOf(key)) serve(owner, key);
  };

  const leave = (owner: Owner, key: string, admit: () => void): void => {
    const waiting = owner.waiting.get(key);
    waiting?.delete(admit);
    if (waiting?.size !== 0) return;
    owner.waiting.delete(key);
    const queue = queues.get(key);
    queue?.delete(owner);
    if (queue?.size === 0) queues.delete(key);
  };

  return {
    serve: serveKey,
    acquire: (key, name, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const owner = ownerOf(name);
        if (mayHave(owner, key)) return resolve(grant(owner, key));
        const admit = (): void => {
          signal.removeEventListener('abort', giveUp);
          leave(owner, key, admit);
          resolve(grant(owner, key));
        };
        const giveUp = (): void => {
          leave(owner, key, admit);
          forget(owner);
          reject(signal.reason);
        };
        signal.addEventListener('abort', giveUp, { once: true });
        owner.waiting.set(key, (owner.waiting.get(key) ?? new Set()).add(admit));
        queues.set(key, (queues.get(key) ?? new Set()).add(owner));
      }),
  };
}

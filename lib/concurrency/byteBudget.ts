/** Bounds the bytes of images that are in memory at once, from the first byte read until the copy is stored. */

export interface ByteShare {
  /** Resolves when `count` more bytes may be kept. */
  take(count: number): Promise<void>;
  /** Gives everything back; a pending `take` resolves too. */
  close(): void;
}

export interface ByteBudget {
  /** @param caller whose share it is: no caller's downloads can hold up all of another's */
  open(caller: string): ByteShare;
}

interface Share {
  readonly caller: string;
  held: number;
  readonly pending: { readonly count: number; readonly admit: () => void }[];
}

/**
 * A share waits while the budget is used up, but the oldest open share of each caller never does. Without that,
 * downloads of unknown length could all wait for each other, and a server that withholds the end of one caller's
 * images could stop every other caller. At most `maxBytes` plus one image for each caller are held.
 */
export function createByteBudget(maxBytes: number): ByteBudget {
  /** Oldest first. */
  const shares = new Set<Share>();
  const byCaller = new Map<string, Set<Share>>();
  let used = 0;

  const oldestOf = (caller: string): Share | undefined => byCaller.get(caller)?.values().next().value;
  const mayTake = (share: Share, count: number) =>
    used + count <= maxBytes || oldestOf(share.caller) === share;
  const grant = (share: Share, count: number) => {
    used += count;
    share.held += count;
  };
  /** False when it still waits. */
  const serve = (share: Share): boolean => {
    for (let next = share.pending[0]; next !== undefined; next = share.pending[0]) {
      if (!mayTake(share, next.count)) return false;
      share.pending.shift();
      grant(share, next.count);
      next.admit();
    }
    return true;
  };
  const admitWaiting = (caller: string) => {
    const oldest = oldestOf(caller);
    if (oldest !== undefined) serve(oldest);
    for (const share of shares) if (!serve(share)) return;
  };

  return {
    open(caller) {
      const share: Share = { caller, held: 0, pending: [] };
      const own = byCaller.get(caller) ?? new Set();
      byCaller.set(caller, own.add(share));
      shares.add(share);
      return {
        take(count) {
          // A closed share has nothing to give back any more.
          if (!shares.has(share)) return Promise.resolve();
          if (!mayTake(share, count)) {
            return new Promise((admit) => share.pending.push({ count, admit }));
          }
          grant(share, count);
          return Promise.resolve();
        },
        close() {
          if (!shares.delete(share)) return;
          own.delete(share);
          if (own.size === 0) byCaller.delete(caller);
          used -= share.held;
          for (const { admit } of share.pending.splice(0)) admit();
          admitWaiting(caller);
        },
      };
    },
  };
}

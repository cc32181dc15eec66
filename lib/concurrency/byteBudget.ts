/** A budget of bytes for the images that are in memory at once. */

/** The bytes of one image, from its first byte read until its copy is stored. */
export interface ByteShare {
  /** Resolves when `count` more bytes may be kept in memory. */
  acquire(count: number): Promise<void>;
  /** Releases all bytes of the share, and resolves each pending `take`. */
  release(): void;
}

export interface ByteBudget {
  /**
   * A share for one image.
   * @param caller the call that downloads it: no call can block all downloads of another
   */
  open(caller: string): ByteShare;
}

interface Share {
  readonly caller: string;
  held: number;
  readonly pending: { readonly count: number; readonly admit: () => void }[];
}

/**
 * A budget that holds at most `maxBytes`, plus one image for each caller. A share waits while the budget is used up,
 * but the oldest open share of each caller never waits. Otherwise downloads of unknown length could all wait for each
 * other. A server that withholds the end of one caller's images could also stop every other caller.
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
  /** Whether all that the share waited for has been granted. */
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
        acquire(count) {
          // A closed share no longer counts, so nothing would release these bytes.
          if (!shares.has(share)) return Promise.resolve();
          if (!mayTake(share, count)) {
            return new Promise((admit) => share.pending.push({ count, admit }));
          }
          grant(share, count);
          return Promise.resolve();
        },
        release() {
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

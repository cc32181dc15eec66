/** Bounds the bytes of images that are in memory at once, from the first byte read until the copy is stored. */

export interface ByteShare {
  /** Resolves when `count` more bytes may be kept. */
  take(count: number): Promise<void>;
  /** Gives everything back; a pending `take` resolves too. */
  close(): void;
}

export interface ByteBudget {
  open(): ByteShare;
}

interface Share {
  held: number;
  readonly pending: { readonly count: number; readonly admit: () => void }[];
}

/**
 * A share waits while the budget is used up, but the oldest open share never does: without that, downloads of
 * unknown length could all wait for each other. So at most `maxBytes` plus one image are held.
 */
export function createByteBudget(maxBytes: number): ByteBudget {
  const shares = new Set<Share>();
  let used = 0;

  const isOldest = (share: Share) => shares.values().next().value === share;
  const mayTake = (share: Share, count: number) => used + count <= maxBytes || isOldest(share);
  const grant = (share: Share, count: number) => {
    used += count;
    share.held += count;
  };
  const admitWaiting = () => {
    for (const share of shares) {
      for (let next = share.pending[0]; next !== undefined; next = share.pending[0]) {
        if (!mayTake(share, next.count)) return;
        share.pending.shift();
        grant(share, next.count);
        next.admit();
      }
    }
  };

  return {
    open() {
      const share: Share = { held: 0, pending: [] };
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
          shares.delete(share);
          used -= share.held;
          share.held = 0;
          for (const { admit } of share.pending.splice(0)) admit();
          admitWaiting();
        },
      };
    },
  };
}

/** Places of which the one that was not heard of longest gives way when none is left for another. */

export interface PlaceRules {
  readonly count: number;
  /** A holder that was heard of more recently keeps its place. */
  readonly keptMs: number;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
}

export interface Places<T> {
  /** Whether there is room for one more, or was made; the holder that gave way is destroyed. */
  makeRoom(onGivenWay?: () => void): boolean;
  /** Takes a place, or was heard of again. */
  hear(holder: T): void;
  leave(holder: T): void;
  holders(): Iterable<T>;
}

export function createPlaces<T extends { destroy(): unknown }>(rules: PlaceRules): Places<T> {
  const { count, keptMs, clock } = rules;
  /** When each was last heard of, the longest ago first. */
  const heard = new Map<T, number>();
  return {
    makeRoom(onGivenWay) {
      if (heard.size < count) return true;
      const [oldest] = heard;
      if (oldest === undefined || clock() - oldest[1] < keptMs) return false;
      heard.delete(oldest[0]);
      oldest[0].destroy();
      onGivenWay?.();
      return true;
    },
    hear(holder) {
      heard.delete(holder);
      heard.set(holder, clock());
    },
    leave: (holder) => void heard.delete(holder),
    holders: () => heard.keys(),
  };
}

/** So many at a time, the others in the order in which they came. */
export interface Turns {
  /** Resolves, when it is its turn, to what ends the turn. Rejects with the signal's reason if that comes first. */
  take(signal: AbortSignal): Promise<() => void>;
}

export function createTurns(atOnce: number): Turns {
  const waiting = new Set<() => void>();
  let running = 0;

  const begin = (): (() => void) => {
    running += 1;
    return () => {
      running -= 1;
      const [next] = waiting;
      next?.();
    };
  };

  return {
    take: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        if (running < atOnce) return resolve(begin());
        const leave = () => {
          waiting.delete(admit);
          signal.removeEventListener('abort', giveUp);
        };
        const admit = () => {
          leave();
          resolve(begin());
        };
        const giveUp = () => {
          leave();
          reject(signal.reason);
        };
        signal.addEventListener('abort', giveUp);
        waiting.add(admit);
      }),
  };
}

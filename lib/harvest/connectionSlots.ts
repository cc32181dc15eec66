/** How many downloads run at once: in all, and to one host. */

export interface ConnectionSlots {
  /**
   * Waits for a place, first come first served among the hosts that have one free.
   * @returns a function that gives the place back, or null once `signal` is aborted.
   */
  take(host: string, signal: AbortSignal): Promise<(() => void) | null>;
}

interface Waiter {
  readonly host: string;
  readonly admit: () => void;
}

export function createConnectionSlots(limits: {
  readonly connectionsPerHost: number;
  readonly connectionsMax: number;
}): ConnectionSlots {
  const running = new Map<string, number>();
  const waiting: Waiter[] = [];
  let total = 0;

  const hasPlace = (host: string) =>
    total < limits.connectionsMax && (running.get(host) ?? 0) < limits.connectionsPerHost;

  const occupy = (host: string): (() => void) => {
    total += 1;
    running.set(host, (running.get(host) ?? 0) + 1);
    return () => {
      total -= 1;
      running.set(host, (running.get(host) ?? 1) - 1);
      // A full host must not hold up the others behind it.
      const next = waiting.findIndex((waiter) => hasPlace(waiter.host));
      if (next >= 0) waiting.splice(next, 1)[0]?.admit();
    };
  };

  return {
    take: (host, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(null);
        if (hasPlace(host)) return resolve(occupy(host));
        const waiter: Waiter = {
          host,
          admit: () => {
            signal.removeEventListener('abort', leave);
            resolve(occupy(host));
          },
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(waiter), 1);
          resolve(null);
        };
        signal.addEventListener('abort', leave, { once: true });
        waiting.push(waiter);
      }),
  };
}

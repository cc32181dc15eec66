/** How many harvests one process runs at once. */

export interface Admission {
  /** Begins a harvest; null where as many run as may. The function that is returned ends it. */
  tryAcquire(): (() => void) | null;
}

/** A harvest over the limit is refused at once: a waiting caller would hold a connection, and would try again anyway. */
export function createAdmission(harvestsMax: number): Admission {
  let running = 0;
  return {
    tryAcquire() {
      if (running >= harvestsMax) return null;
      running += 1;
      let hasLeft = false;
      return () => {
        if (!hasLeft) running -= 1;
        hasLeft = true;
      };
    },
  };
}

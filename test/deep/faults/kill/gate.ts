/** The gate that every external call of the child passes. It names the calls, and holds the child at a chosen one. */

type Moment = 'before' | 'after';

/** A point to strike: a call by its name (`s3 PUT record`, with `#2` for the second one), and its side. */
export interface Point {
  readonly call: string;
  readonly moment: Moment;
}

/** `drop`: the request never arrives, or the response never comes. */
type Verdict = 'go' | 'drop';

/** A call that is held. */
export interface Hit {
  release(verdict: Verdict): void;
}

export interface Gate {
  /** Counts from the beginning again, and holds nothing. */
  forget(): void;
  /** The name of the call that has just arrived. */
  arrive(name: string): string;
  /** Calls in the order of their arrival. */
  calls(): readonly string[];
  /** Resolves when the point is reached. Several holds of one point resolve in turn. */
  hold(point: Point): Promise<Hit>;
  /** Waits while the point is held. */
  pass(call: string, moment: Moment): Promise<Verdict>;
  /** Tracks a call from its arrival to the end of its response. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves when only held calls are running. */
  quiet(): Promise<void>;
}

interface Hold {
  readonly point: Point;
  readonly onHit: (hit: Hit) => void;
}

export function createGate(): Gate {
  let calls: string[] = [];
  let holds: Hold[] = [];
  let underWay = 0;
  const waiting: (() => void)[] = [];

  const move = (by: 1 | -1) => {
    underWay += by;
    if (underWay === 0) for (const resolve of waiting.splice(0)) resolve();
  };

  return {
    forget() {
      calls = [];
      holds = [];
    },
    arrive(name) {
      const nth = calls.filter((call) => call === name || call.startsWith(`${name} #`)).length + 1;
      const call = nth === 1 ? name : `${name} #${nth}`;
      calls.push(call);
      return call;
    },
    calls: () => [...calls],
    hold: (point) => new Promise((onHit) => holds.push({ point, onHit })),
    async pass(call, moment) {
      const isHere = ({ point }: Hold) => point.call === call && point.moment === moment;
      for (let hold = holds.find(isHere); hold !== undefined; hold = holds.find(isHere)) {
        const reached = hold;
        holds = holds.filter((other) => other !== reached);
        const { promise, resolve } = Promise.withResolvers<Verdict>();
        reached.onHit({ release: resolve });
        move(-1);
        const verdict = await promise;
        move(1);
        if (verdict === 'drop') return 'drop';
      }
      return 'go';
    },
    async track(work) {
      move(1);
      try {
        return await work;
      } finally {
        move(-1);
      }
    },
    async quiet() {
      if (underWay > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}

/** One call of a port, as a fake sees it before it does anything. */
export interface PortCall {
  readonly method: string;
  /** The page's id, the object's name, the prefix; of several names the first. */
  readonly target: string;
  /** 1 for the first call of this method. */
  readonly nth: number;
}

/**
 * Stands around every call of a fake: fail before `apply` or after it, wait, never answer, count. What it returns
 * is what the caller gets.
 */
export type Intercept = (call: PortCall, apply: () => Promise<unknown>) => Promise<unknown>;

/** The calls made, and a way to make one more through the interceptor. */
export function createCalls(intercept: Intercept = (_, apply) => apply()) {
  const calls: PortCall[] = [];
  const through = async <T>(method: string, target: string, apply: () => T): Promise<T> => {
    const nth = calls.filter((call) => call.method === method).length + 1;
    const call: PortCall = { method, target, nth };
    calls.push(call);
    return (await intercept(call, async () => apply())) as T;
  };
  return { calls: calls as readonly PortCall[], through };
}

/** Never answers. */
export const hang = () => new Promise<never>(() => undefined);

/** A call that is not an HTTP request: a schedule's, a queue's. `lib/http/httpHandler.ts` does the same around Middy. */
import type { Context } from 'aws-lambda';
import { type Call, type CallServices, openCall, servicesOf } from './call.ts';
import { reportCall } from './report.ts';

/**
 * Runs `work` with services whose storage is measured and ends with the call, then reports. What `work` resolves with
 * goes to the log as well. A failure passes on, so that the trigger hears of it.
 */
export async function runCall<S extends CallServices, T extends object>(
  operation: string,
  services: S,
  context: Context,
  work: (its: S, call: Call) => Promise<T>,
): Promise<T> {
  const call = openCall(services.clock, context);
  try {
    // Nobody waits for an answer, so removals may take the time that there is.
    const result = await work(servicesOf(services, call, Number.POSITIVE_INFINITY), call);
    await reportCall(services, call, { operation, facts: result });
    return result;
  } catch (error) {
    await reportCall(services, call, { operation, error: error as Error });
    throw error;
  }
}

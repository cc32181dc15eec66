/** A call by a schedule or a queue. `lib/http/httpHandler.ts` does the same for HTTP, in a Middy chain. */
import type { Context } from 'aws-lambda';
import { type Call, type CallServices, openCall, servicesOf } from './call.ts';
import { reportCall } from './report.ts';

/**
 * The result of `work`, which runs with storage that is measured and bounded by the call's deadline. Then the call is
 * reported, with the result's members in the log line. Rethrows a failure, so that the trigger sees it.
 */
export async function runCall<S extends CallServices, T extends object>(
  operation: string,
  services: S,
  context: Context,
  work: (its: S, call: Call) => Promise<T>,
): Promise<T> {
  const call = openCall(services.clock, context);
  try {
    // No caller waits for a response, so a removal may take all the time that is left.
    const result = await work(servicesOf(services, call, Number.POSITIVE_INFINITY), call);
    await reportCall(services, call, { operation, facts: result });
    return result;
  } catch (error) {
    await reportCall(services, call, { operation, error: error as Error });
    throw error;
  }
}

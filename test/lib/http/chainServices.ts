/** Services for a handler whose operation uses none of them: they only observe. */

import { systemClock } from '../../../lib/concurrency/waiting.ts';
import type { InvocationFacts } from '../../../lib/domain/ports.ts';
import type { ChainServices } from '../../../lib/http/httpHandler.ts';

export function createChainServices(emitted: InvocationFacts[] = []): ChainServices {
  const never = async () => {
    throw new Error('not used here');
  };
  return {
    records: { read: never, readUpTo: never, write: never, verify: never },
    images: { put: never, remove: never, link: never, list: async function* () {} },
    clock: { ...systemClock, now: () => new Date(0) },
    metrics: {
      emit: async (facts: InvocationFacts) => {
        emitted.push(facts);
      },
    },
  };
}

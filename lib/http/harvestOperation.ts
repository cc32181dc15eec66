/** POST and PUT: read the input, harvest, make the response. */

import { Problem } from '../domain/problem.ts';
import type { Admission } from '../harvest/admission.ts';
import { type HarvestServices, harvest } from '../harvest/harvest.ts';
import type { ChainServices, Operation } from './httpHandler.ts';
import { readHarvestInput } from './input.ts';
import { harvestResponse } from './views.ts';

interface OperationServices extends ChainServices, HarvestServices {
  /** Absent: the number of concurrent harvests is not limited. */
  readonly admission?: Admission;
}

/**
 * The operation of POST or PUT.
 * @param name `post` harvests a page for the first time; `put` updates a page, or harvests it when it is new
 */
export function harvestOperation<S extends OperationServices>(
  name: 'post' | 'put',
  services: S,
): Operation<S> {
  const isUpdate = name === 'put';
  return {
    name,
    hasBody: true,
    services,
    async run({ body }, its, call) {
      const input = readHarvestInput(body);
      call.urlHost = input.url.host;
      const leave = enter(its.admission);
      try {
        const harvested = await harvest(its, { mode: isUpdate ? 'update' : 'create', ...input }, call);
        return harvestResponse(harvested, { isUpdate, isDryRun: input.isDryRun });
      } finally {
        leave();
      }
    },
  };
}

/** A usual harvest takes a few seconds. */
const RETRY_SECONDS = 2;

/**
 * A function that ends the harvest's admission.
 * @throws TOO_MANY_REQUESTS, before the lock or the bucket is used
 */
function enter(admission: Admission | undefined): () => void {
  if (admission === undefined) return () => {};
  const leave = admission.tryAcquire();
  if (leave !== null) return leave;
  throw new Problem('TOO_MANY_REQUESTS', {
    detail: `This process already runs as many harvests as HARVESTS_MAX allows. Try again in ${RETRY_SECONDS} seconds.`,
    retryAfterSeconds: RETRY_SECONDS,
  });
}

/** POST and PUT: read the input, harvest, shape the answer. */
import { type HarvestServices, harvest } from '../harvest/harvest.ts';
import type { ChainServices, Operation } from './httpHandler.ts';
import { readHarvestInput } from './input.ts';
import { harvestAnswer } from './views.ts';

/** @param name `post` harvests a page for the first time; `put` brings one up to date, or harvests it when it is new */
export function harvestOperation<S extends ChainServices & HarvestServices>(
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
      const harvested = await harvest(its, { mode: isUpdate ? 'update' : 'create', ...input }, call);
      return harvestAnswer(harvested, { isUpdate, isDryRun: input.isDryRun });
    },
  };
}

import { createHttpHandler } from '../lib/api/httpHandler.ts';
import { readHarvestInput } from '../lib/api/input.ts';
import { harvestAnswer } from '../lib/api/views.ts';
import { harvest } from '../lib/harvest/harvest.ts';
import { createHarvestServices } from '../lib/services.ts';

/** `PUT /images {"url":U}`: brings a page up to date, or harvests it when it is new. */
export const handler = createHttpHandler({
  name: 'put',
  hasBody: true,
  services: createHarvestServices(),
  async run({ body }, services, call) {
    const input = readHarvestInput(body);
    call.urlHost = input.url.host;
    const harvested = await harvest(services, { mode: 'update', ...input }, call);
    return harvestAnswer(harvested, { isUpdate: true, isDryRun: input.isDryRun });
  },
});

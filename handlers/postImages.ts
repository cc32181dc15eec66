import { createHttpHandler } from '../lib/api/httpHandler.ts';
import { readHarvestInput } from '../lib/api/input.ts';
import { harvestAnswer } from '../lib/api/views.ts';
import { harvest } from '../lib/harvest/harvest.ts';
import { createHarvestServices } from '../lib/services.ts';

/** `POST /images {"url":U}`: harvests a page for the first time. */
export const handler = createHttpHandler({
  name: 'post',
  hasBody: true,
  services: createHarvestServices(),
  async run({ body }, services, call) {
    const input = readHarvestInput(body);
    call.urlHost = input.url.host;
    const harvested = await harvest(services, { mode: 'create', ...input }, call);
    return harvestAnswer(harvested, { isUpdate: false, isDryRun: input.isDryRun });
  },
});

import { harvestOperation } from '../lib/http/harvestOperation.ts';
import { createHttpHandler } from '../lib/http/httpHandler.ts';
import { createHarvestServices } from '../lib/services.ts';

/** `POST /images {"url":U}`: harvests a page for the first time. */
export const handler = createHttpHandler(harvestOperation('post', createHarvestServices()));

import { harvestOperation } from '../lib/http/harvestOperation.ts';
import { createHttpHandler } from '../lib/http/httpHandler.ts';
import { createHarvestServices } from '../lib/services.ts';

/** `PUT /images {"url":U}`: updates a page, or harvests it when it is new. */
export const handler = createHttpHandler(harvestOperation('put', createHarvestServices()));

import { createHttpHandler } from '../lib/http/httpHandler.ts';
import { lookUpOperation } from '../lib/http/lookUpOperation.ts';
import { createBaseServices } from '../lib/services.ts';

/** `GET /images?url=U`: the names of a harvested page's copies, or of the copies of one image in all pages. */
export const handler = createHttpHandler(lookUpOperation(createBaseServices()));

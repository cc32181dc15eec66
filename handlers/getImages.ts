import { createHttpHandler } from '../lib/http/httpHandler.ts';
import { lookUpOperation } from '../lib/http/lookUpOperation.ts';
import { createBaseServices } from '../lib/services.ts';

/** `GET /images?url=U`: the names of a harvested page's images, or of the copies of one image. */
export const handler = createHttpHandler(lookUpOperation(createBaseServices()));

import { headerOf } from '../lib/api/httpEvent.ts';
import { createHttpHandler } from '../lib/api/httpHandler.ts';
import { readLookUpInput } from '../lib/api/input.ts';
import { lookUpAnswer } from '../lib/api/views.ts';
import { lookUp } from '../lib/record/lookUp.ts';
import { createBaseServices } from '../lib/services.ts';

/** `GET /images?url=U`: the names of a harvested page's images, or of the copies of one image. */
export const handler = createHttpHandler({
  name: 'get',
  hasBody: false,
  services: createBaseServices(),
  async run(event, services, call) {
    const { url, include } = readLookUpInput(event);
    call.urlHost = new URL(url).host;
    const found = await lookUp(services, url, call.measures);
    return lookUpAnswer(found, include, services.images, headerOf(event, 'if-none-match'));
  },
});

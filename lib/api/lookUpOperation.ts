/** GET: read the input, look the page or the image up, shape the answer. */
import { type LookUpServices, lookUp } from '../record/lookUp.ts';
import { headerOf } from './httpEvent.ts';
import type { ChainServices, Operation } from './httpHandler.ts';
import { readLookUpInput } from './input.ts';
import { lookUpAnswer } from './views.ts';

export function lookUpOperation<S extends ChainServices & LookUpServices>(services: S): Operation<S> {
  return {
    name: 'get',
    hasBody: false,
    services,
    async run(event, its, call) {
      const { url, include } = readLookUpInput(event);
      call.urlHost = new URL(url).host;
      const found = await lookUp(its, url, call.measures);
      return lookUpAnswer(found, include, its.images, headerOf(event, 'if-none-match'));
    },
  };
}

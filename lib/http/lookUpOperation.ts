/** GET: read the input, look the page or the image up, make the response. */
import { LOOK_UP_SHARE } from '../domain/times.ts';
import { type LookUpServices, lookUp } from '../lookup/lookUp.ts';
import { headerOf } from './httpEvent.ts';
import type { ChainServices, Operation } from './httpHandler.ts';
import { readLookUpInput } from './input.ts';
import { lookUpResponse } from './views.ts';

export function lookUpOperation<S extends ChainServices & LookUpServices>(services: S): Operation<S> {
  return {
    name: 'get',
    hasBody: false,
    services,
    async run(event, its, call) {
      const { url, include, limit, cursor } = readLookUpInput(event);
      call.urlHost = new URL(url).host;
      const end = call.start + (call.deadline - call.start) * LOOK_UP_SHARE;
      const isOver = () => services.clock.elapsed() >= end;
      const found = await lookUp(its, url, call.measures, { limit, cursor, isOver });
      return lookUpResponse(found, include, its.images, headerOf(event, 'if-none-match'));
    },
  };
}

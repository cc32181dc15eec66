/** How many images one process uploads at once. */
import { createFairSemaphore, type FairSemaphore } from '../concurrency/fairSemaphore.ts';

/** Below what the store's client has sockets for, so that no upload queues for one, and a record's call finds one. */
const UPLOADS_MAX = 96;
/** Of these, what one harvest may have. */
const UPLOADS_OF_ONE = 32;

/** Permits of one key, the bucket; the owners are harvests. */
export function createUploadPermits(): FairSemaphore {
  return createFairSemaphore({ perKey: UPLOADS_MAX, perOwner: UPLOADS_OF_ONE });
}

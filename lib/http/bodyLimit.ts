/** How large a request body may be. The functions check it, and the local servers check it before they read a body. */
import { Problem } from '../domain/problem.ts';

/** Limit in bytes, inclusive. */
export const BODY_MAX_BYTES = 16 * 1024;

export const bodyTooLarge = () => new Problem('BODY_TOO_LARGE', { detail: 'Send a body of at most 16 KiB.' });

/** How large the body of a call may be. The functions check it, and the servers of this machine before they read. */
import { Problem } from '../domain/problem.ts';

/** Bytes, inclusive. */
export const BODY_MAX_BYTES = 16 * 1024;

export const bodyTooLarge = () => new Problem('BODY_TOO_LARGE', { detail: 'Send a body of at most 16 KiB.' });

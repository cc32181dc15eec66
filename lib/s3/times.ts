/** How long calls of the S3 protocol may take. */

/** Milliseconds. `attempt` ends with the headers of the answer, `call` with the last byte of the last attempt. */
export interface StoreTimes {
  readonly connectMs: number;
  /** Records: small, and a caller waits for them. S3 answers such calls in well under a second. */
  readonly recordAttemptMs: number;
  readonly recordCallMs: number;
  /** Images, listings and removals: a busy disk may take seconds for them. */
  readonly bulkAttemptMs: number;
  readonly bulkCallMs: number;
}

export const STORE_TIMES: StoreTimes = {
  connectMs: 1_500,
  recordAttemptMs: 3_000,
  recordCallMs: 6_000,
  bulkAttemptMs: 10_000,
  bulkCallMs: 20_000,
};

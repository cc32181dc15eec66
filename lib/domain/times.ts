/**
 * Every time budget of a call, in milliseconds where the name does not say otherwise.
 *
 * How they fit together in a POST or a PUT, with the settings' defaults:
 *
 *     0 s                                                        27 s          28.5 s    28.7 s  29 s
 *     ├─ lock, record ─┬─ page ─┬─ stylesheets ─┬─ images ────────┼─ commit ────┼─────────┼───────┤
 *                      └──────── fetching, uploads ───────────────┘             │         │       deadline
 *                       stylesheets: a third of it,                no commit is begun     │
 *                       so that slow ones leave some for images    after this             │
 *                                                                  no storage is waited for after this
 *
 * A storage call for a record may take six seconds (`STORE_TIMES`), which is longer than the time kept for the commit.
 * The earlier of the two limits ends it. A conditional write that the deadline cuts off counts as unclear, never as
 * refused. `PAGE_TIMEOUT_MS` and `IMAGE_TIMEOUT_MS` bound one reading within the time for fetching. `REDIS_TIMES` bound
 * what Redis may cost a call.
 */

/** Time of a call whose runtime does not report the time left: what the HTTP gateway allows. */
export const INVOCATION_MS = 29_000;

/** Stylesheets may take this share of the time for fetching, which ends `REQUEST_RESERVE_MS` before the deadline. */
export const STYLESHEETS_SHARE = 1 / 3;

/** Time kept for a commit: no commit begins later than this before storage calls end. */
export const COMMIT_MS = 500;
/** Time kept for the response, its metrics and its log line: storage calls end this long before the deadline. */
export const ANSWER_MS = 300;
/** Limit of one removal while a caller waits. A sweep removes what is left. */
export const REMOVE_MS = 2_000;
/** The lock and the busy marker expire this long after the deadline of the operation that holds them. */
export const HOLD_MARGIN_MS = 1_000;

/** A look-up reads records for at most this share of its time. The rest is for links and the response. */
export const LOOK_UP_SHARE = 1 / 2;

/** Time kept at the end of a sweep to write its position. */
export const SWEEP_NOTE_MS = 3_000;
/** Time kept after that for the report and its log line. */
export const SWEEP_REPORT_MS = 2_000;

/** An attempt ends with the response's headers, a call with the last byte of its last attempt. */
export interface StoreTimes {
  readonly connectMs: number;
  /** For records: they are small, and S3 serves them in well under a second. */
  readonly recordAttemptMs: number;
  readonly recordCallMs: number;
  /** For images, listings and removals: a busy disk may take seconds. */
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

export interface RedisTimes {
  /** For the connection, TLS and AUTH together. */
  readonly connectMs: number;
  /** For one command with up to `CACHED_MAX_BYTES`. */
  readonly commandMs: number;
  /** For this long after a failure, calls do not use Redis. */
  readonly coolDownMs: number;
  /** After the cool-down, one call waits this long to see whether Redis is back. A write tries at most twice. */
  readonly probeWaitMs: number;
  /** A connection that was idle longer is replaced: while a function is frozen, its peer may drop it unnoticed. */
  readonly idleMaxMs: number;
  /** For this long after the check, a server is taken for the primary. */
  readonly roleMs: number;
}

export const REDIS_TIMES: RedisTimes = {
  connectMs: 500,
  commandMs: 500,
  coolDownMs: 1_000,
  probeWaitMs: 15,
  idleMaxMs: 30_000,
  roleMs: 5_000,
};

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
 * A record's call may take six seconds (`STORE_TIMES`), longer than what is kept for the commit: whichever ends first
 * ends it. A conditional write that the deadline cuts off counts as unclear, never as refused. `PAGE_TIMEOUT_MS` and
 * `IMAGE_TIMEOUT_MS` bound one reading within the time for fetching. Redis may cost a call at most `REDIS_TIMES`.
 */

/** What the gateway allows, where nobody says how much is left. */
export const INVOCATION_MS = 29_000;

// Fetching ends `REQUEST_RESERVE_MS` (a setting, 2,000) before the deadline.
export const STYLESHEETS_SHARE = 1 / 3;

/** A commit may take this long, so none is begun later before the end. */
export const COMMIT_MS = 500;
/** Kept for the answer itself, its metrics and its log line: no storage is waited for any longer. */
export const ANSWER_MS = 300;
/** Removing only tidies up: a sweep does what is left, and a caller should not wait long for it. */
export const REMOVE_MS = 2_000;
/** Lock and busy marker outlive the operation that holds them by this much. */
export const HOLD_MARGIN_MS = 1_000;

/** A look-up reads on for no longer than this share of its time: the rest is for links and for the answer. */
export const LOOK_UP_SHARE = 1 / 2;

/** Of a sweep: for the last note of where to go on, and for the report and its line in the log. */
export const SWEEP_NOTE_MS = 3_000;
export const SWEEP_REPORT_MS = 2_000;

/** `attempt` ends with the headers of the answer, `call` with the last byte of the last attempt. */
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

export interface RedisTimes {
  /** For the connection, with TLS and AUTH; and again for one command with up to `CACHED_MAX_BYTES`. */
  readonly connectMs: number;
  readonly commandMs: number;
  /** After a failure Redis is left alone so long: calls cost nothing meanwhile. */
  readonly coolDownMs: number;
  /** Then one call asks whether it is back, and waits at most so long for it; a write asks at most twice. */
  readonly probeWaitMs: number;
  /** A connection unused for so long is replaced: a frozen function's peer may have dropped it without a word. */
  readonly idleMaxMs: number;
  /** So long a server counts as the primary that it was. */
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

/** Bounds of a connection that hold for both versions of HTTP. */

/** Real sites send policies and cookies of some KiB; a browser stops at 256 KiB. */
export const HEADERS_MAX_BYTES = 64 * 1024;
/** A connection without work is closed after this time, whatever longer time the server offers. */
export const IDLE_MS = 4_000;

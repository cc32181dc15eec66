/** Bounds of a connection that hold for both versions of HTTP. */

/** All fields of a response, with those of its interim responses, in bytes: where a browser stops, too. */
export const HEADERS_MAX_BYTES = 256 * 1024;
/** A connection without work is closed after this time, whatever longer time the server offers. */
export const IDLE_MS = 4_000;

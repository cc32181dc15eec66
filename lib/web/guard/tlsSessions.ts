/** TLS sessions for resumption (RFC 8446 section 2.2), which saves the server and this side the certificate. */

export interface TlsSessions {
  get(key: string): Buffer | undefined;
  keep(key: string, session: Buffer): void;
}

/** A certificate is looked at again after this time. */
const KEPT_MS = 10 * 60_000;
const SESSIONS_MAX = 200;
/** A usual one has two KiB with its certificate. */
const SESSION_MAX_BYTES = 16 * 1024;

/** The last session of each key; of too many keys, those that came last. */
export function createTlsSessions(elapsed: () => number = () => performance.now()): TlsSessions {
  /** `since`: the certificate was checked. What is resumed brings a new session, but no new certificate. */
  const kept = new Map<string, { readonly session: Buffer; readonly since: number }>();

  return {
    get(key) {
      const found = kept.get(key);
      if (found === undefined || elapsed() - found.since < KEPT_MS) return found?.session;
      kept.delete(key);
      return undefined;
    },
    keep(key, session) {
      if (session.length > SESSION_MAX_BYTES) return;
      const since = kept.get(key)?.since ?? elapsed();
      kept.delete(key);
      kept.set(key, { session, since });
      const [oldest] = kept.keys();
      if (kept.size > SESSIONS_MAX && oldest !== undefined) kept.delete(oldest);
    },
  };
}

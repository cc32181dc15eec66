/** The Referer header that browsers send by default. */

/** Beyond this the origin alone is sent (Referrer Policy section 8.3). */
const REFERRER_MAX_LENGTH = 4096;

/**
 * `strict-origin-when-cross-origin` (Referrer Policy section 3.7): the whole URL within an origin, the origin alone to
 * another, nothing from https to http. Undefined: no header.
 */
export function refererOf(referrer: URL | undefined, target: URL): string | undefined {
  if (referrer === undefined || !['http:', 'https:'].includes(referrer.protocol)) return undefined;
  if (referrer.protocol === 'https:' && target.protocol !== 'https:') return undefined;
  const whole = referrer.origin + referrer.pathname + referrer.search;
  return referrer.origin === target.origin && whole.length <= REFERRER_MAX_LENGTH
    ? whole
    : `${referrer.origin}/`;
}

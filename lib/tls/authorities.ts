/** Certificates of authorities in PEM (RFC 7468). */
import { X509Certificate } from 'node:crypto';

/** `TRUSTED CERTIFICATE` and `X509 CERTIFICATE` are OpenSSL's older names. */
const BEGINNING = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const WHOLE = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[^-]*-----END \1-----/g;

/**
 * The number of the first certificate that cannot be read, from 1 on; null when all can. 1 also when there is none. OpenSSL
 * leaves out in silence what stands behind a broken certificate, so each is looked at.
 */
export function firstBroken(pem: string): number | null {
  const begun = [...pem.matchAll(BEGINNING)];
  const whole = new Map([...pem.matchAll(WHOLE)].map((match) => [match.index, match[0]]));
  const broken = begun.findIndex(({ index }) => !isReadable(whole.get(index)));
  if (begun.length === 0) return 1;
  return broken === -1 ? null : broken + 1;
}

function isReadable(block: string | undefined): boolean {
  if (block === undefined) return false;
  try {
    new X509Certificate(block);
    return true;
  } catch {
    return false;
  }
}

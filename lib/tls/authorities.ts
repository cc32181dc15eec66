/** Certificates of authorities in PEM (RFC 7468). */
import { X509Certificate } from 'node:crypto';

/** `TRUSTED CERTIFICATE` and `X509 CERTIFICATE` are OpenSSL's older names. */
const BEGINNING = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const WHOLE = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[^-]*-----END \1-----/g;

/**
 * The number, from 1, of the first certificate that cannot be read; null when all can. A text without a certificate
 * gives 1. OpenSSL ignores in silence all that follows a broken certificate, so each is checked here.
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

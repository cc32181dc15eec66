/** What was wrong with a TLS handshake, so that advice fits. */
import type { TlsFault } from '../domain/model.ts';

/** OpenSSL's and Node's codes by kind; the rest is no kind. */
const KINDS: readonly (readonly [RegExp, TlsFault])[] = [
  // X.509 verification (openssl-verify(1)), and Node's check of the name.
  [/^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|PATH_|HOSTNAME_|CRL_|EE_|CA_)/, 'certificate'],
  [/^ERR_TLS_CERT_/, 'certificate'],
  // The server speaks something else, or no version of HTTP that was offered (RFC 7301).
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|NO_APPLICATION_PROTOCOL/, 'protocol'],
  // No version or cipher in common.
  [/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|NO_PROTOCOLS|HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY/, 'version'],
  [/TOO_SMALL|CIPHER|LEGACY|INAPPROPRIATE_FALLBACK/, 'version'],
];

export function tlsFaultOf(code: unknown): TlsFault | undefined {
  return KINDS.find(([codes]) => codes.test(String(code)))?.[1];
}

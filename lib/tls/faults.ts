/** What went wrong with TLS or a certificate, by what Node and OpenSSL call it. */

export type TlsFault =
  /** No authority that is trusted here has signed the certificate. */
  | 'untrusted'
  /** The certificate is for another host name. */
  | 'otherName'
  | 'expired'
  | 'notYetValid'
  /** The certificate, or one of its chain, is broken, revoked, too weak, or not for a server. */
  | 'unusable'
  /** The server wants a certificate of its client. */
  | 'clientCertificate'
  /** The port speaks another protocol than TLS. */
  | 'noTls'
  /** Another failure of the handshake: versions, ciphers, an alert of the server. */
  | 'handshake';

/**
 * Every code that Node gives to a certificate which it does not accept: OpenSSL's `X509_V_ERR_…` without that prefix.
 * `UNSPECIFIED` stands for those that Node has no name for, such as a key that is too weak.
 */
const CERTIFICATE_CODES: Readonly<Record<string, TlsFault>> = {
  CERT_SIGNATURE_FAILURE: 'untrusted',
  CERT_UNTRUSTED: 'untrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'untrusted',

  ERR_TLS_CERT_ALTNAME_FORMAT: 'otherName',
  ERR_TLS_CERT_ALTNAME_INVALID: 'otherName',
  HOSTNAME_MISMATCH: 'otherName',

  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'notYetValid',

  CERT_CHAIN_TOO_LONG: 'unusable',
  CERT_REJECTED: 'unusable',
  CERT_REVOKED: 'unusable',
  CRL_HAS_EXPIRED: 'unusable',
  CRL_NOT_YET_VALID: 'unusable',
  CRL_SIGNATURE_FAILURE: 'unusable',
  ERROR_IN_CERT_NOT_AFTER_FIELD: 'unusable',
  ERROR_IN_CERT_NOT_BEFORE_FIELD: 'unusable',
  ERROR_IN_CRL_LAST_UPDATE_FIELD: 'unusable',
  ERROR_IN_CRL_NEXT_UPDATE_FIELD: 'unusable',
  INVALID_CA: 'unusable',
  INVALID_PURPOSE: 'unusable',
  OUT_OF_MEM: 'unusable',
  PATH_LENGTH_EXCEEDED: 'unusable',
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: 'unusable',
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: 'unusable',
  UNABLE_TO_DECRYPT_CRL_SIGNATURE: 'unusable',
  UNABLE_TO_GET_CRL: 'unusable',
  UNSPECIFIED: 'unusable',
};

/**
 * OpenSSL's reasons, in lower case; the first that fits. A server sends alerts of certificates (RFC 8446 section 6.2)
 * about its client's alone.
 */
const REASONS: readonly (readonly [RegExp, TlsFault])[] = [
  [/^(wrong version number|packet length too long|http request|https proxy request)$/, 'noTls'],
  [
    /alert (certificate required|(bad|unsupported) certificate|certificate (revoked|expired|unknown)|unknown ca|access denied)$/,
    'clientCertificate',
  ],
];

/** null when the error is of something else than TLS. */
export function tlsFaultOf(error: unknown): TlsFault | null {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
  const name = typeof code === 'string' ? code : '';
  if (Object.hasOwn(CERTIFICATE_CODES, name)) return CERTIFICATE_CODES[name] ?? null;
  const reason = reasonOf(name, typeof message === 'string' ? message : '');
  if (reason === null) return null;
  return REASONS.find(([sign]) => sign.test(reason))?.[1] ?? 'handshake';
}

/** Whether this side has refused the certificate: no byte of a request was sent then. */
export function isOfCertificate(error: unknown): boolean {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === 'string' && Object.hasOwn(CERTIFICATE_CODES, code);
}

/**
 * Where Node reads, the reason is its code: `ERR_SSL_WRONG_VERSION_NUMBER`. Where it writes, the code is `EPROTO` and
 * the reason the last but two of the message's parts: `write EPROTO …:error:0A00010B:SSL routines:function:reason:file:line:`.
 */
function reasonOf(code: string, message: string): string | null {
  if (code.startsWith('ERR_SSL_')) return code.slice('ERR_SSL_'.length).replaceAll('_', ' ').toLowerCase();
  const written = /:SSL routines:[^:]*:([^:]*)/.exec(message)?.[1];
  if (written !== undefined) return written.toLowerCase();
  return code === 'EPROTO' ? '' : null;
}

/** What is wrong with Redis, in one sentence for the log. Never a password: servers repeat what they did not understand. */

export interface RedisFault {
  /** Redis said no: its rules, its memory, its role. Otherwise it was not there, or did not answer. */
  readonly isRefusal: boolean;
  /** Another server has to be asked: this one is a replica, or has other keys of its cluster. */
  readonly isElsewhere: boolean;
  /** What was refused, in capitals; absent where nothing was. */
  readonly command?: string;
  readonly cause: string;
}

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  readonly isTls: boolean;
}

/** Told by the beginning of what Redis answered; the first that fits. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/^(WRONGPASS|ERR invalid password|ERR AUTH )/, 'Check the user and the password in REDIS_ADDRESS.'],
  [/^NOAUTH/, 'Put the password into REDIS_ADDRESS: redis://:password@host:6379.'],
  [/^NOPERM/, 'Grant its user the commands and keys that docs/storages.md lists.'],
  [/^READONLY/, 'This is a replica: set REDIS_ADDRESS to the primary.'],
  [/^MOVED/, 'This server belongs to a cluster: the service uses it as a cluster from now on.'],
  [/^OOM/, 'Give Redis more memory, or maxmemory-policy allkeys-lru.'],
  [
    /^ERR (DB index|invalid DB|SELECT)/,
    'Set the number at the end of REDIS_ADDRESS to a database that exists.',
  ],
  [/^MISCONF/, 'Redis cannot save its data: check its log.'],
];

const UNTRUSTED =
  'The certificate is not signed by a trusted authority: set REDIS_CA to the certificate of its authority.';
const NO_TLS = 'The server does not speak TLS on this port: use redis:// or the port for TLS.';

const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens at this address: check REDIS_ADDRESS, and that Redis runs.',
  ENOTFOUND: 'The host name is not known: check REDIS_ADDRESS.',
  EAI_AGAIN: 'No name server responded for the host name: check the network, and REDIS_ADDRESS.',
  EHOSTUNREACH:
    'No network route leads to this address: check REDIS_ADDRESS, and the network of the service.',
  ENETUNREACH: 'No network route leads to this address: check REDIS_ADDRESS, and the network of the service.',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is for another name: use its name in REDIS_ADDRESS.',
  CERT_HAS_EXPIRED: 'The certificate has expired: renew it.',
  CERT_NOT_YET_VALID: 'The certificate is not valid yet: check the clocks.',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'The server asks for a client certificate, which is not supported: turn this off in the server.',
};

const WANTS_TLS = 'If it expects TLS, use rediss://.';

export interface FaultFacts {
  /** The error is Redis's own answer. */
  readonly isReply: boolean;
  /** It came before Redis had answered anything. */
  readonly isConnecting: boolean;
}

export function redisFaultOf(
  error: unknown,
  { isReply, isConnecting }: FaultFacts,
  address: RedisAddress,
): RedisFault {
  const { code, message, command } = detailsOf(error);
  const said = withoutSecrets(message, address);
  if (isReply) {
    const hint = REFUSALS.find(([beginning]) => beginning.test(message))?.[1];
    return {
      isRefusal: true,
      isElsewhere: /^(READONLY|MOVED)/.test(message),
      ...(command !== undefined && { command }),
      cause: hint === undefined ? said : `${said.replace(/\.?$/, '.')} ${hint}`,
    };
  }
  const hint = BY_CODE[code] ?? hintOf(message, address, isConnecting);
  const cause = hint === undefined ? said : `${hint} (${said})`;
  return { isRefusal: false, isElsewhere: false, cause: `${address.host}:${address.port}: ${cause}` };
}

function hintOf(message: string, { isTls }: RedisAddress, isConnecting: boolean): string | undefined {
  if (isTls && /wrong version number|packet length too long|EPROTO/i.test(message)) return NO_TLS;
  // What is no reply of Redis' protocol: an alert of TLS begins with the byte 21.
  const [, byte] = /^Unknown RESP type (\d+)/.exec(message) ?? [];
  if (byte !== undefined)
    return byte === '21' ? WANTS_TLS : 'The server at this address is not a Redis: check REDIS_ADDRESS.';
  if (message === 'Command timed out')
    return 'Redis did not respond in time: check its load and the network.';
  if (message.startsWith('None of startup nodes'))
    return 'The cluster has no server for its keys: check CLUSTER INFO.';
  if (!/^(Connection is closed|(read|write) (ECONNRESET|EPIPE))/.test(message)) return undefined;
  if (!isConnecting) return 'The connection was lost.';
  return `The server closed the connection without a response.${isTls ? '' : ` ${WANTS_TLS}`}`;
}

/** Of several addresses tried in vain, the first: the error that stands for all has no text. */
function detailsOf(error: unknown): { code: string; message: string; command?: string } {
  const { code, message, command, errors } = Object(error) as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly command?: { readonly name?: unknown };
    readonly errors?: readonly unknown[];
  };
  if (!message && errors?.[0]) return detailsOf(errors[0]);
  const name = command?.name;
  return {
    code: String(code ?? ''),
    message: String(message ?? error),
    ...(typeof name === 'string' && { command: name.toUpperCase() }),
  };
}

function withoutSecrets(text: string, { username, password }: RedisAddress): string {
  const secrets = [password, username].filter((secret) => secret !== undefined && secret !== '');
  return secrets
    .flatMap((secret) => [String(secret), encodeURIComponent(String(secret))])
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

/** What is wrong with Redis, in one sentence for the log. Never a password: servers repeat what they did not understand. */
import { type TlsFault, tlsFaultOf } from '../tls/faults.ts';

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

const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens at this address: check REDIS_ADDRESS, and that Redis runs.',
  ENOTFOUND: 'The host name is not known: check REDIS_ADDRESS.',
  EAI_AGAIN: 'No name server responded for the host name: check the network, and REDIS_ADDRESS.',
  EHOSTUNREACH:
    'No network route leads to this address: check REDIS_ADDRESS, and the network of the service.',
  ENETUNREACH: 'No network route leads to this address: check REDIS_ADDRESS, and the network of the service.',
};

const BY_TLS: Readonly<Record<TlsFault, string>> = {
  untrusted:
    'The certificate is not signed by a trusted authority: set REDIS_CA to the certificate of its authority.',
  otherName: 'The certificate is for another name: use its name in REDIS_ADDRESS.',
  expired: 'The certificate has expired: renew it.',
  notYetValid: 'The certificate is not valid yet: check the clocks.',
  unusable:
    'The certificate, or one of its chain, is broken, revoked, too weak or not for a server: renew it.',
  clientCertificate:
    'The server asks for a client certificate, which is not supported: set tls-auth-clients to no.',
  noTls: 'The server does not speak TLS on this port: use redis:// or the port for TLS.',
  handshake:
    'The server refuses the TLS connection: check its log. It may need other versions of TLS, or a client certificate, which is not supported.',
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
  const { code, message, command, tls } = detailsOf(error);
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
  const hint = BY_CODE[code] ?? (tls ? BY_TLS[tls] : hintOf(message, address, isConnecting));
  const cause = hint === undefined ? said : `${hint} (${said})`;
  return { isRefusal: false, isElsewhere: false, cause: `${address.host}:${address.port}: ${cause}` };
}

function hintOf(message: string, { isTls }: RedisAddress, isConnecting: boolean): string | undefined {
  // What is no reply of Redis' protocol: an alert of TLS begins with the byte 21.
  const [, byte] = /^Unknown RESP type (\d+)/.exec(message) ?? [];
  if (byte !== undefined)
    return byte === '21' ? WANTS_TLS : 'The server at this address is not a Redis: check REDIS_ADDRESS.';
  if (message === 'Command timed out')
    return 'Redis did not respond in time: check its load and the network.';
  if (message.startsWith('None of startup nodes'))
    return 'The cluster has no server for its keys: check CLUSTER INFO.';
  if (
    !/^(Connection is closed|Client network socket disconnected|(read|write) (ECONNRESET|EPIPE))/.test(
      message,
    )
  )
    return undefined;
  if (!isConnecting) return 'The connection was lost.';
  return `The server closed the connection without a response.${isTls ? '' : ` ${WANTS_TLS}`}`;
}

interface ErrorDetails {
  readonly code: string;
  readonly message: string;
  readonly command?: string;
  readonly tls: TlsFault | null;
}

/** Of several addresses tried in vain, the first: the error that stands for all has no text. */
function detailsOf(error: unknown): ErrorDetails {
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
    tls: tlsFaultOf(error),
    ...(typeof name === 'string' && { command: name.toUpperCase() }),
  };
}

function withoutSecrets(text: string, { username, password }: RedisAddress): string {
  const secrets = [password, username].filter((secret) => secret !== undefined && secret !== '');
  return secrets
    .flatMap((secret) => [String(secret), encodeURIComponent(String(secret))])
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

/** The settings: read once from the environment, typed, all faults reported together. */
import { readFileSync } from 'node:fs';
import { SettingsError } from './settingsError.ts';
import { faultsOfAddress, hostLabelOf, hrefOf, parseBucket, parseEndpoint } from './storeAddress.ts';
import { firstBroken } from './tls/authorities.ts';

/** A host and port, as in an entry of `FETCH_ALLOW_HOSTS`. */
export interface AllowedHost {
  readonly hostname: string;
  readonly port: number;
}

/** Settings for reading from the web. */
export interface FetchConfig {
  readonly allowHosts: readonly AllowedHost[];
  /** Whether entries of `allowHosts` may name loopback addresses. Always false on AWS. */
  readonly isLoopbackAllowed: boolean;
  /** Endpoints of the storage and of Redis. No harvested URL may reach them, even when `allowHosts` has them. */
  readonly ownEndpoints: readonly AllowedHost[];
  readonly ports: readonly number[];
  readonly redirectsMax: number;
  /** Accept-Language of every request (RFC 9110 section 12.5.4). Absent: not sent. */
  readonly acceptLanguage?: string;
  /** URL or mail address of the operator, as part of the User-Agent. */
  readonly userAgentContact?: string;
  readonly connectTimeoutMs: number;
  readonly pageTimeoutMs: number;
  readonly imageTimeoutMs: number;
  /** Concurrent HTTP/1.1 connections of one process to one host at most. A slow host gets fewer. */
  readonly connectionsPerHost: number;
  /** Concurrent requests of one process over its one HTTP/2 connection to a host. */
  readonly streamsPerHost: number;
  /** Concurrent connections of one call. An HTTP/2 connection counts once for all its streams. */
  readonly connectionsMax: number;
}

/** Limits of one call, inclusive. */
export interface Limits {
  /** Decoded bytes; so is `imageMaxBytes`. */
  readonly pageMaxBytes: number;
  readonly imageMaxBytes: number;
  /** Decoded bytes of all images of one call. */
  readonly requestMaxBytes: number;
  /** Number of distinct image URLs. */
  readonly imagesMaxCount: number;
  readonly imageMaxPixels: number;
  /** Fetching ends this long before the deadline of the call. */
  readonly requestReserveMs: number;
}

export interface StoreConfig {
  readonly bucket: string;
  readonly region: string;
  /** URL of the server with its path, without a slash at the end. Absent: AWS. */
  readonly endpoint?: string;
  /** URL under which callers reach the same server; presigned links have it. Absent: `endpoint`. */
  readonly publicEndpoint?: string;
  /** Absent: the SDK's default provider chain, which on AWS finds the function's role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly linkTtlSeconds: number;
  /** The bucket is named in the path, not in the host name. Absent: true when there is an `endpoint`. */
  readonly forcePathStyle?: boolean;
  /** PEM certificates of the authorities to trust over TLS, instead of the usual ones. */
  readonly ca?: string;
}

export interface CacheConfig {
  /** A `redis://` or `rediss://` URL. Absent: no cache. */
  readonly url?: string;
  /** PEM certificates of the authorities to trust with `rediss://`, instead of the usual ones. */
  readonly ca?: string;
  readonly ttlSeconds: number;
}

interface MetricsConfig {
  /** Receives EMF documents as UDP datagrams. Absent: they go to the log. */
  readonly receiver?: AllowedHost;
}

/** Origins as browsers send them, or `*` for all origins. */
export type CorsOrigins = '*' | readonly string[];

export interface Config {
  readonly port: number;
  /** Origins whose pages may read the responses in a browser. */
  readonly corsOrigins: CorsOrigins;
  readonly fetch: FetchConfig;
  readonly limits: Limits;
  /** Concurrent harvests of one process. */
  readonly harvestsMax: number;
  readonly store: StoreConfig;
  readonly cache: CacheConfig;
  readonly metrics: MetricsConfig;
}

type Environment = Readonly<Record<string, string | undefined>>;

const MEBIBYTE = 1024 * 1024;
const DEFAULT_RECEIVER: AllowedHost = { hostname: '127.0.0.1', port: 25_888 };

/**
 * The settings, from environment variables.
 * @throws SettingsError that lists every fault
 */
export function readConfig(env: Environment): Config {
  const faults: string[] = [];
  const given = (name: string): string | undefined => {
    const value = env[name]?.trim();
    return value === '' ? undefined : value;
  };
  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const text = given(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    faults.push(`${name} must be a whole number from ${min} to ${max}, not "${text}".`);
    return fallback;
  };
  const parsed = <T>(name: string, parse: (text: string) => T | string): T | undefined => {
    const text = given(name);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (typeof value !== 'string') return value;
    faults.push(`${name} ${value}`);
    return undefined;
  };

  const endpoint = parsed('S3_ENDPOINT', parseEndpoint);
  const publicEndpoint = parsed('S3_PUBLIC_ENDPOINT', parseEndpoint);
  const pathStyle = parsed('S3_FORCE_PATH_STYLE', parseBoolean);
  const storeCa = parsed('S3_CA', parseCertificates);
  if (storeCa !== undefined && endpoint?.protocol === 'http:') {
    faults.push('S3_CA needs an S3_ENDPOINT that starts with https://: without TLS there is no certificate.');
  }
  const redis = parsed('REDIS_ADDRESS', parseRedisAddress);
  const redisCa = parsed('REDIS_CA', parseCertificates);
  const isRedisPlain = redis ? redis.protocol !== 'rediss:' : given('REDIS_ADDRESS') === undefined;
  if (redisCa !== undefined && isRedisPlain) {
    faults.push(
      'REDIS_CA needs a REDIS_ADDRESS that starts with rediss://: without TLS there is no certificate.',
    );
  }
  const allowHosts = parsed('FETCH_ALLOW_HOSTS', parseHosts) ?? [];
  const corsOrigins = parsed('CORS_ORIGINS', parseOrigins) ?? { origins: [] };
  const ports = parsed('FETCH_PORTS', parsePorts) ?? [80, 443, 8080, 8443];

  const acceptLanguage = parsed('ACCEPT_LANGUAGE', parseLanguages);
  const contact = parsed('USER_AGENT_CONTACT', parseContact);

  const bucket = parsed('S3_BUCKET', parseBucket)?.name;
  if (given('S3_BUCKET') === undefined)
    faults.push('S3_BUCKET is required: set it to the name of the bucket that keeps the images.');
  const address = { bucket: bucket ?? '', endpoint, publicEndpoint, pathStyle: pathStyle?.value };
  if (bucket !== undefined) faults.push(...faultsOfAddress(address));
  const accessKeyId = given('AWS_ACCESS_KEY_ID');
  const secretAccessKey = given('AWS_SECRET_ACCESS_KEY');
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    faults.push('Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither.');
  }
  const receiver = parsed('AWS_EMF_AGENT_ENDPOINT', parseReceiver) ?? DEFAULT_RECEIVER;
  const { hasReceiver } = parsed('AWS_EMF_ENVIRONMENT', parseEmfEnvironment) ?? {
    hasReceiver: !env.AWS_LAMBDA_FUNCTION_NAME,
  };
  const isOnAws = env.AWS_LAMBDA_RUNTIME_API !== undefined && !env.IS_OFFLINE && !env.IS_LOCAL;

  const hostLabel = hostLabelOf(address);

  const config: Config = {
    port: integer('PORT', 8080, 1, 65_535),
    corsOrigins: corsOrigins.origins,
    fetch: {
      allowHosts,
      isLoopbackAllowed: !isOnAws,
      ownEndpoints: [endpoint, publicEndpoint]
        .flatMap((url) => hostOf(url, 80))
        .flatMap((host) => [
          host,
          ...(hostLabel === null ? [] : [{ ...host, hostname: `${hostLabel}.${host.hostname}` }]),
        ])
        .concat(hostOf(redis, 6379)),
      ports,
      redirectsMax: integer('REDIRECTS_MAX', 20, 0, 20),
      ...(acceptLanguage && { acceptLanguage: acceptLanguage.list }),
      ...(contact && { userAgentContact: contact.text }),
      connectTimeoutMs: integer('CONNECT_TIMEOUT_MS', 3_000, 1, 60_000),
      pageTimeoutMs: integer('PAGE_TIMEOUT_MS', 10_000, 1, 900_000),
      imageTimeoutMs: integer('IMAGE_TIMEOUT_MS', 10_000, 1, 900_000),
      connectionsPerHost: integer('CONNECTIONS_PER_HOST', 32, 1, 256),
      streamsPerHost: integer('STREAMS_PER_HOST', 100, 1, 1_000),
      connectionsMax: integer('CONNECTIONS_MAX', 32, 1, 1_024),
    },
    limits: {
      pageMaxBytes: integer('PAGE_MAX_BYTES', 10 * MEBIBYTE, 1, 100 * MEBIBYTE),
      imageMaxBytes: integer('IMAGE_MAX_BYTES', 20 * MEBIBYTE, 1, 1024 * MEBIBYTE),
      requestMaxBytes: integer('REQUEST_MAX_BYTES', 250 * MEBIBYTE, 1, 1024 * 1024 * MEBIBYTE),
      imagesMaxCount: integer('IMAGES_MAX_COUNT', 1_000, 1, 1_000),
      imageMaxPixels: integer('IMAGE_MAX_PIXELS', 100_000_000, 1, 1e12),
      // With less than a second, no time would be left to commit.
      requestReserveMs: integer('REQUEST_RESERVE_MS', 2_000, 1_000, 60_000),
    },
    harvestsMax: integer('HARVESTS_MAX', 8, 1, 1_000),
    store: {
      bucket: bucket ?? '',
      region: given('AWS_REGION') ?? 'us-east-1',
      ...(endpoint && { endpoint: hrefOf(endpoint) }),
      ...(publicEndpoint && { publicEndpoint: hrefOf(publicEndpoint) }),
      ...(pathStyle && { forcePathStyle: pathStyle.value }),
      ...(storeCa && { ca: storeCa.pem }),
      ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
      linkTtlSeconds: integer('LINK_TTL_SECONDS', 900, 1, 604_800),
    },
    cache: {
      ...(redis && { url: redis.href }),
      ...(redisCa && { ca: redisCa.pem }),
      // At most 300: when Redis fails during a write, responses may be stale for this long.
      ttlSeconds: integer('CACHE_TTL_SECONDS', 300, 1, 300),
    },
    metrics: { ...(hasReceiver && { receiver }) },
  };
  if (faults.length > 0) throw new SettingsError(faults);
  return config;
}

const LANGUAGE = /^(?:\*|[a-z]{1,8}(?:-[a-z\d]{1,8})*)$/i;
const WEIGHT = /^q=(?:0(?:\.\d{1,3})?|1(?:\.0{1,3})?)$/i;

/** The value of Accept-Language (RFC 9110 section 12.5.4). */
function parseLanguages(text: string): { readonly list: string } | string {
  const languages = text.split(',').map((each) => each.split(';').map((part) => part.trim()));
  const isList = languages.every(
    ([language = '', weight = 'q=1', ...others]) =>
      LANGUAGE.test(language) && WEIGHT.test(weight) && others.length === 0,
  );
  return isList && text.length <= 200
    ? { list: languages.map((each) => each.join(';')).join(', ') }
    : `must be languages as browsers send them, such as de-CH, de;q=0.9, en;q=0.8, not "${text.slice(0, 100)}".`;
}

/** A URL or a mail address that is valid inside a comment of User-Agent (RFC 9110 section 5.6.5). */
function parseContact(text: string): { readonly text: string } | string {
  const isPlain = /^[\x21-\x27\x2a-\x3a\x3c-\x5b\x5d-\x7e]{3,200}$/.test(text);
  const isUrl = /^(?:https?:\/\/[^/]|mailto:[^@]+@)/i.test(text) && URL.canParse(text);
  const isMail = /^[^@:/]+@[^@:/.]+(?:\.[^@:/.]+)*$/.test(text);
  return isPlain && (isUrl || isMail)
    ? { text }
    : `must be a URL or a mail address of at most 200 ASCII characters, without spaces, semicolons and parentheses, not "${text.slice(0, 100)}".`;
}

function parseBoolean(text: string): { readonly value: boolean } | string {
  if (text === 'true' || text === 'false') return { value: text === 'true' };
  return `must be true or false, not "${text}".`;
}

const REDIS_FORM = 'must be host:port or a URL that starts with redis:// or rediss://';

/** Address forms of other Redis clients, each with the fault that explains it. */
const OTHER_REDIS: readonly (readonly [RegExp, string])[] = [
  [
    /^(redis\+|rediss\+)?sentinel:/i,
    'names a Sentinel, which is not supported: give the address of the primary, or a name that follows a failover.',
  ],
  [
    /^(unix|redis\+unix|redis\+socket|file):|^\//i,
    `names a socket file, which is not supported: it ${REDIS_FORM}.`,
  ],
  [/,[^@,]*$/, 'has several hosts: give one. Any server of a cluster is enough, since it names the others.'],
];

/** The URL of a Redis server. A fault never quotes the setting, which may have a password. */
function parseRedisAddress(text: string): URL | string {
  const other = OTHER_REDIS.find(([beginning]) => beginning.test(text))?.[1];
  if (other !== undefined) return other;
  const url = URL.parse(text.includes('://') ? text : `redis://${text}`);
  const isRedis = url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '';
  const isWhole = isRedis && `${url.search}${url.hash}` === '' && isDecodable(url.username, url.password);
  if (isWhole && /^(\/\d*)?$/.test(url.pathname)) return url;
  if (!text.includes('@') && !isRedis) return `${REDIS_FORM}.`;
  if (isRedis && !text.includes('@') && `${url.search}${url.hash}` !== '')
    return 'must have no query and no fragment: remove all that follows the database number.';
  if (isWhole && !url.pathname.includes('@'))
    return 'must end with the port, or with / and a database number.';
  return `${REDIS_FORM}. In a user or password, percent-encode all characters except letters and digits: @ is %40, # is %23, / is %2F, % is %25.`;
}

function isDecodable(...texts: readonly string[]): boolean {
  try {
    texts.map(decodeURIComponent);
    return true;
  } catch {
    return false;
  }
}

/** Certificates in PEM, from the setting itself (with line ends, or `\n` for each) or from the file that it names. */
function parseCertificates(text: string): { readonly pem: string } | string {
  const isPath = !text.includes('-----BEGIN');
  const pem = isPath ? readText(text) : text.replaceAll('\\n', '\n');
  const broken = firstBroken(pem);
  if (broken === null) return { pem };
  if (broken > 1) return `must have whole certificates alone: number ${broken} cannot be read.`;
  const given = isPath ? `, not "${text.slice(0, 100)}"` : '';
  return `must be a certificate in PEM (-----BEGIN CERTIFICATE-----…) or the path of a file with one${given}.`;
}

/** Empty where the file cannot be read. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Hosts from exact `host:port` entries, separated by commas. */
function parseHosts(text: string): AllowedHost[] | string {
  const hosts: AllowedHost[] = [];
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const url = /^[^\s/?#@\\*]+:0*[1-9]\d{0,4}$/.test(entry) ? URL.parse(`http://${entry}/`) : null;
    if (url === null || url.hostname === '') {
      return `has "${entry}", which is not an exact host:port.`;
    }
    hosts.push(...hostOf(url, 80));
  }
  return hosts;
}

/** The receiver of metrics, from `udp://host:port`. */
function parseReceiver(text: string): AllowedHost | string {
  const isReceiver = /^udp:\/\/[^\s/?#@\\]+:0*[1-9]\d{0,4}\/?$/i.test(text);
  const url = isReceiver ? URL.parse(text.replace(/^udp/i, 'http')) : null;
  if (url === null) return 'must be udp://host:port.';
  return { hostname: url.hostname.toLowerCase().replace(/^\[|\]$/g, ''), port: Number(url.port || 80) };
}

/**
 * Whether metrics go to a receiver, by the environment names of aws-embedded-metrics. Its other environments use an
 * agent over TCP, where an agent that does not read blocks the sender.
 */
function parseEmfEnvironment(text: string): { readonly hasReceiver: boolean } | string {
  if (text === 'Agent') return { hasReceiver: true };
  if (text === 'Lambda' || text === 'Local') return { hasReceiver: false };
  return `must be Agent, Lambda or Local, not "${text}".`;
}

/** Origins: `*`, or exact ones separated by commas. */
function parseOrigins(text: string): { readonly origins: CorsOrigins } | string {
  if (text === '*') return { origins: text };
  const origins: string[] = [];
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const url = /^https?:\/\/[^\s/?#@\\*]+\/?$/i.test(entry) ? URL.parse(entry) : null;
    if (url === null)
      return `has "${entry}", which is not an origin such as https://app.example.com. Use "*" only alone.`;
    origins.push(url.origin);
  }
  return { origins };
}

function parsePorts(text: string): number[] | string {
  const ports = text.split(',').map((part) => (/^\s*\d{1,5}\s*$/.test(part) ? Number(part) : 0));
  return ports.every((port) => port >= 1 && port <= 65_535)
    ? ports
    : `must be port numbers from 1 to 65535, separated by commas, not "${text}".`;
}

function hostOf(url: URL | undefined, defaultPort: number): AllowedHost[] {
  if (url === undefined) return [];
  const byScheme = url.protocol === 'https:' ? 443 : defaultPort;
  return [{ hostname: url.hostname.toLowerCase(), port: url.port === '' ? byScheme : Number(url.port) }];
}

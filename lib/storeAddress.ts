/** Where the bucket is, as the settings say it. Refused is what cannot work with any S3 server, and no more. */
import { isIP } from 'node:net';

export interface StoreAddress {
  readonly bucket: string;
  readonly endpoint?: URL | undefined;
  readonly publicEndpoint?: URL | undefined;
  /** `S3_FORCE_PATH_STYLE`; undefined: not set. */
  readonly pathStyle?: boolean | undefined;
}

const ENDPOINT_FORM = 'must be host:port or a URL that starts with http:// or https://';

/** `host:port` or a URL, which may have a path; a string is a fault. */
export function parseEndpoint(text: string): URL | string {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return `${ENDPOINT_FORM}.`;
  // Dropping these in silence would hide a mistake. Access keys have their own settings.
  const isPlain = `${url.username}${url.password}${url.search}${url.hash}` === '';
  return isPlain ? url : `${ENDPOINT_FORM}, without user, query and fragment.`;
}

/** Without slashes at the end, which would become part of every key. */
export function hrefOf({ origin, pathname }: URL): string {
  let end = pathname.length;
  while (pathname[end - 1] === '/') end -= 1;
  return origin + pathname.slice(0, end);
}

/** AWS took names of so many characters before 2018; no server takes more. */
const BUCKET_MAX_CHARS = 255;

/** The name alone, or an access point's ARN; a string is a fault. Some servers take other names than AWS does. */
export function parseBucket(text: string): { readonly name: string } | string {
  if (text.startsWith('arn:')) return { name: text };
  const fault = `must be only the name of a bucket, not "${text.slice(0, 100)}"`;
  // In a URL these are no names: `/../key` is `/key`.
  if (text === '.' || text === '..') return `${fault}: a path cannot hold it.`;
  if (/^[^\s\p{Cc}/\\?#@]+$/u.test(text)) {
    return text.length > BUCKET_MAX_CHARS
      ? `must have at most ${BUCKET_MAX_CHARS} characters.`
      : { name: text };
  }
  const name = /^s3:\/\/([^\s/?#@]+)/i.exec(text)?.[1];
  return name === undefined ? `${fault}, without URL and path.` : `${fault}: the name is ${name}.`;
}

/** What can be part of a host name, as S3 clients judge it. With dots no wildcard certificate would fit. */
const HOST_LABEL = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** Sentences; each begins with the name of a setting. */
export function faultsOfAddress({ bucket, endpoint, publicEndpoint, pathStyle }: StoreAddress): string[] {
  const given = [endpoint, publicEndpoint].filter((url) => url !== undefined);
  const faults: string[] = [];
  if (endsWith(endpoint, bucket))
    faults.push('S3_ENDPOINT must not end with the bucket: set it in S3_BUCKET.');
  // Both lead to one server, and the signature covers the path: no proxy can take the bucket away again. A host name
  // that begins with the bucket says nothing: `images.example.com` before a server with path style is right.
  if (endsWith(publicEndpoint, bucket)) {
    faults.push('S3_PUBLIC_ENDPOINT must not end with the bucket: links have it behind the endpoint.');
  }
  if (given.length === 0) return faults;
  const isArn = bucket.startsWith('arn:');
  const numeric = given.filter(isNumeric);
  if (isArn && pathStyle !== false) {
    faults.push(
      'S3_BUCKET is an ARN, which has no place in a path: set S3_FORCE_PATH_STYLE to false, or name the bucket.',
    );
  } else if (pathStyle !== false) {
    return faults;
  } else if (!isArn && !HOST_LABEL.test(bucket)) {
    faults.push(
      'S3_FORCE_PATH_STYLE must not be false with this S3_BUCKET: a host name takes 3 to 63 lower-case letters, digits and hyphens.',
    );
  } else if (numeric.length === given.length || (isArn && numeric.length > 0)) {
    faults.push(
      'S3_FORCE_PATH_STYLE must not be false with an IP address in S3_ENDPOINT: only a host name has room for the bucket.',
    );
  }
  return faults;
}

/** What stands before the endpoint's host name in requests; null where the bucket stands in the path. */
export function hostLabelOf({ bucket, pathStyle }: StoreAddress): string | null {
  if (pathStyle !== false || bucket === '') return null;
  const [, account, name] = /^arn:[^:]*:[^:]*:[^:]*:([^:]*):accesspoint[:/]([^:/]+)/.exec(bucket) ?? [];
  return name === undefined ? bucket : `${name}-${account}`;
}

function endsWith(url: URL | undefined, bucket: string): boolean {
  return url !== undefined && url.pathname.split('/').filter(Boolean).at(-1) === bucket;
}

function isNumeric({ hostname }: URL): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}

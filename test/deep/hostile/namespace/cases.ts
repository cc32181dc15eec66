/** What is read in the namespace, and what must come of it. */
import type { AllowedHost } from '../../../../lib/config.ts';

export interface Case {
  readonly title: string;
  readonly url: string;
  /** What each name resolves to, at the first question, the second, …; the last answer stays. */
  readonly names?: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly allow?: readonly AllowedHost[];
  readonly own?: readonly AllowedHost[];
  readonly expected: Outcome;
}

export interface Outcome {
  /** `read`, or the fault. */
  readonly result: string;
  /** The addresses that were met, in order. */
  readonly met: readonly string[];
}

/** Addresses of the namespace that no page may reach. */
export const CLOSED = [
  '127.0.0.1',
  '::1',
  '169.254.169.254',
  '169.254.170.2',
  '10.0.0.5',
  '172.16.0.5',
  '192.168.7.7',
  '100.64.0.5',
  '168.63.129.16',
  '198.18.0.5',
  '203.0.113.9',
  'fd00::1',
  'fd00:ec2::254',
  '64:ff9b::7f00:1',
  '2002:7f00:1::1',
] as const;
/** Public by number. The namespace has no way out, so these are its own. */
const V4 = '93.184.216.34';
const V6 = '2606:4700::5';
export const PUBLIC = [V4, V6] as const;

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);
const FORBIDDEN: Outcome = { result: 'forbidden', met: [] };
const NGINX = { hostname: 'nginx', port: 80 };
const HERE = { hostname: 'localhost', port: 8080 };

export const CASES: readonly Case[] = [
  { title: 'U a public address', url: `http://${V4}/`, expected: { result: 'read', met: [V4] } },
  { title: 'U a public IPv6 address', url: `http://[${V6}]/`, expected: { result: 'read', met: [V6] } },
  {
    title: 'D a public name',
    url: 'http://a.test/',
    names: { 'a.test': [[V4]] },
    expected: { result: 'read', met: [V4] },
  },
  ...CLOSED.flatMap((address): Case[] => [
    { title: `U ${address} itself`, url: `http://${bracketed(address)}/`, expected: FORBIDDEN },
    {
      title: `D a name at ${address}`,
      url: 'http://a.test/',
      names: { 'a.test': [[address]] },
      expected: FORBIDDEN,
    },
    {
      title: `D a name at ${address} and at a public address`,
      url: 'http://a.test/',
      names: { 'a.test': [[address, V4, address]] },
      expected: { result: 'read', met: [V4] },
    },
    {
      title: `R a redirect to ${address}`,
      url: `http://a.test/to?http://${bracketed(address)}/`,
      names: { 'a.test': [[V4]] },
      expected: { result: 'forbidden', met: [V4] },
    },
    {
      title: `R a redirect to the same name, by then at ${address}`,
      url: 'http://a.test/to?http://a.test/',
      names: { 'a.test': [[V4], [address]] },
      expected: { result: 'forbidden', met: [V4] },
    },
  ]),
  ...CLOSED.filter((address) => !address.includes(':')).map(
    (address): Case => ({
      title: `D06 a name at ::ffff:${address}`,
      url: 'http://a.test/',
      names: { 'a.test': [[`::ffff:${address}`]] },
      expected: FORBIDDEN,
    }),
  ),
  {
    title: 'U44 a listed name at a private address',
    url: 'http://nginx/',
    names: { nginx: [['10.0.0.5']] },
    allow: [NGINX],
    expected: { result: 'read', met: ['10.0.0.5'] },
  },
  ...['127.0.0.1', '169.254.169.254', 'fd00:ec2::254', '100.64.0.5'].map(
    (address): Case => ({
      title: `U45 a listed name at ${address}`,
      url: 'http://nginx/',
      names: { nginx: [[address]] },
      allow: [NGINX],
      expected: FORBIDDEN,
    }),
  ),
  {
    title: 'U46 a listed name at another port',
    url: 'http://nginx:8080/',
    names: { nginx: [['10.0.0.5']] },
    allow: [NGINX],
    expected: FORBIDDEN,
  },
  {
    title: 'U46 the address of a listed name',
    url: 'http://10.0.0.5/',
    names: { nginx: [['10.0.0.5']] },
    allow: [NGINX],
    expected: FORBIDDEN,
  },
  {
    title: 'U44 a listed loopback',
    url: 'http://127.0.0.1/',
    allow: [{ hostname: '127.0.0.1', port: 80 }],
    expected: { result: 'read', met: ['127.0.0.1'] },
  },
  {
    title: 'U47 the store, by a listed name of its own',
    url: 'http://nginx/',
    names: { nginx: [['10.0.0.5']], minio: [['10.0.0.5']] },
    allow: [NGINX],
    own: [{ hostname: 'minio', port: 80 }],
    expected: FORBIDDEN,
  },
  {
    title: 'U47 the store on loopback, by the public address of its machine',
    url: `http://${V4}:8080/`,
    names: { localhost: [['127.0.0.1', '::1']] },
    own: [HERE],
    expected: FORBIDDEN,
  },
  {
    title: 'U47 the store on loopback, by a name at the public address of its machine',
    url: 'http://a.test:8080/',
    names: { localhost: [['127.0.0.1', '::1']], 'a.test': [[V6, V4]] },
    own: [HERE],
    expected: FORBIDDEN,
  },
  {
    title: 'U47 another port of the machine that has the store',
    url: `http://${V4}/`,
    names: { localhost: [['127.0.0.1']] },
    own: [HERE],
    expected: { result: 'read', met: [V4] },
  },
];

/** Which addresses are public, by another way than the service's own: whole ranges, compared as big numbers. */
import { isIPv4, isIPv6 } from 'node:net';

type Range = readonly [first: string, last: string];

/** IANA's special-purpose registries and the metadata addresses of the clouds. */
const NOT_PUBLIC_V4: readonly Range[] = [
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['127.0.0.0', '127.255.255.255'],
  ['168.63.129.16', '168.63.129.16'],
  ['169.254.0.0', '169.254.255.255'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.0.0.0', '192.0.0.255'],
  ['192.0.2.0', '192.0.2.255'],
  ['192.31.196.0', '192.31.196.255'],
  ['192.52.193.0', '192.52.193.255'],
  ['192.88.99.0', '192.88.99.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['192.175.48.0', '192.175.48.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.255'],
  ['224.0.0.0', '255.255.255.255'],
];

/** Of 2000::/3; all else of IPv6 is not public anyway. */
const NOT_PUBLIC_V6: readonly Range[] = [
  ['2001:0:0:0:0:0:0:0', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:db8:0:0:0:0:0:0', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2002:0:0:0:0:0:0:0', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2620:4f:8000:0:0:0:0:0', '2620:4f:8000:ffff:ffff:ffff:ffff:ffff'],
  ['3fff:0:0:0:0:0:0:0', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
];

/** Whether a socket to this address reaches a public machine. False for text that is not an address. */
export function isPublicByRange(address: string): boolean {
  if (isIPv4(address)) return isPublicV4(numberOf(address.split('.'), 10, 256n));
  if (!isIPv6(address) || address.includes('%')) return false;
  const value = numberOf(groupsOf(address), 16, 65_536n);
  // ::ffff:0:0/96 is dialled as the IPv4 address that it holds.
  if (value >> 32n === 0xffffn) return isPublicV4(value & 0xffff_ffffn);
  // ISATAP holds one as well, behind any prefix.
  if (((value >> 32n) & 0xfdff_ffffn) === 0x5efen) return false;
  if (value >> 125n !== 1n) return false;
  return !NOT_PUBLIC_V6.some(([first, last]) => isWithin(value, first, last, ':', 16, 65_536n));
}

const isPublicV4 = (value: bigint) =>
  !NOT_PUBLIC_V4.some(([first, last]) => isWithin(value, first, last, '.', 10, 256n));

function isWithin(value: bigint, first: string, last: string, dot: string, radix: number, base: bigint) {
  return value >= numberOf(first.split(dot), radix, base) && value <= numberOf(last.split(dot), radix, base);
}

function numberOf(groups: readonly string[], radix: number, base: bigint): bigint {
  return groups.reduce((value, group) => value * base + BigInt(Number.parseInt(group, radix)), 0n);
}

/** Eight groups of hexadecimal digits. */
function groupsOf(address: string): readonly string[] {
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
  );
  const [head = '', tail] = plain.split('::');
  const split = (part: string | undefined) => (part ? part.split(':') : []);
  const missing = 8 - split(head).length - split(tail).length;
  return tail === undefined
    ? split(head)
    : [...split(head), ...Array<string>(missing).fill('0'), ...split(tail)];
}

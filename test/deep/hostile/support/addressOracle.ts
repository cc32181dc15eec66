/**
 * An independent classification of every address. The registries are written as cuts of the number line, not as
 * prefixes, and the arithmetic is separate. It shares only the names of the classes with the guard.
 */
import type { AddressClass } from '../../../../lib/web/guard/addressPolicy.ts';

type Cut = readonly [first: bigint, is: AddressClass];

/** Each row holds from its address up to the next row. */
const IPV4_CUTS: readonly Cut[] = cuts(ipv4Number, [
  ['0.0.0.0', 'special'],
  ['1.0.0.0', 'public'],
  ['10.0.0.0', 'private'],
  ['11.0.0.0', 'public'],
  ['100.64.0.0', 'special'],
  ['100.128.0.0', 'public'],
  ['127.0.0.0', 'loopback'],
  ['128.0.0.0', 'public'],
  ['168.63.129.16', 'special'],
  ['168.63.129.17', 'public'],
  ['169.254.0.0', 'special'],
  ['169.255.0.0', 'public'],
  ['172.16.0.0', 'private'],
  ['172.32.0.0', 'public'],
  ['192.0.0.0', 'special'],
  ['192.0.1.0', 'public'],
  ['192.0.2.0', 'special'],
  ['192.0.3.0', 'public'],
  ['192.31.196.0', 'special'],
  ['192.31.197.0', 'public'],
  ['192.52.193.0', 'special'],
  ['192.52.194.0', 'public'],
  ['192.88.99.0', 'special'],
  ['192.88.100.0', 'public'],
  ['192.168.0.0', 'private'],
  ['192.169.0.0', 'public'],
  ['192.175.48.0', 'special'],
  ['192.175.49.0', 'public'],
  ['198.18.0.0', 'special'],
  ['198.20.0.0', 'public'],
  ['198.51.100.0', 'special'],
  ['198.51.101.0', 'public'],
  ['203.0.113.0', 'special'],
  ['203.0.114.0', 'public'],
  ['224.0.0.0', 'special'],
]);

/** The same for IPv6; an address is its hex digits from the left. */
const IPV6_CUTS: readonly Cut[] = cuts(
  (digits) => BigInt(`0x${digits.padEnd(32, '0')}`),
  [
    ['0', 'special'],
    ['00000000000000000000000000000001', 'loopback'],
    ['00000000000000000000000000000002', 'special'],
    ['2', 'public'],
    ['2001', 'special'],
    ['200102', 'public'],
    ['20010db8', 'special'],
    ['20010db9', 'public'],
    ['2002', 'special'],
    ['2003', 'public'],
    ['2620004f8000', 'special'],
    ['2620004f8001', 'public'],
    ['3fff', 'special'],
    ['3fff1', 'public'],
    ['4', 'special'],
    ['fc', 'private'],
    ['fd000ec2', 'special'],
    ['fd000ec3', 'private'],
    ['fd2000ce000000000000000000000254', 'special'],
    ['fd2000ce000000000000000000000255', 'private'],
    ['fe', 'special'],
  ],
);

const WORD = 2n ** 32n;

export function classOfIpv4(value: bigint): AddressClass {
  return classAt(IPV4_CUTS, value);
}

export function classOfIpv6(value: bigint): AddressClass {
  if (value / WORD === 0xffffn) return classOfIpv4(value % WORD);
  const identifier = (value / WORD) % WORD;
  if (identifier === 0x0000_5efen || identifier === 0x0200_5efen) return 'special';
  return classAt(IPV6_CUTS, value);
}

/** For every range: the address before it, its first, its last, and the address after it; each once. */
export function edgesOf(version: 4 | 6): readonly bigint[] {
  const [rows, size] = version === 4 ? [IPV4_CUTS, WORD] : [IPV6_CUTS, WORD ** 4n];
  const edges = rows.flatMap(([first]) => [first - 2n, first - 1n, first, first + 1n]);
  return [...new Set([...edges, size - 1n])].filter((value) => value >= 0n);
}

export function ipv4Number(text: string): bigint {
  return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

export function ipv4Text(value: bigint): string {
  const number = Number(value);
  return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
}

/** The address in one of five spellings: whole, in capitals, padded, with a dotted end, and as in a URL. */
export function ipv6Text(value: bigint, spelling = 0): string {
  const groups = value.toString(16).padStart(32, '0').match(/..../g) ?? [];
  const short = groups.map((group) => group.replace(/^0{1,3}/, ''));
  switch (spelling % 5) {
    case 1:
      return short.join(':').toUpperCase();
    case 2:
      return groups.join(':');
    case 3:
      return `${short.slice(0, 6).join(':')}:${ipv4Text(value % WORD)}`;
    case 4:
      return new URL(`http://[${short.join(':')}]`).hostname.slice(1, -1);
    default:
      return short.join(':');
  }
}

function classAt(rows: readonly Cut[], value: bigint): AddressClass {
  const row = rows.findLast(([first]) => first <= value);
  if (row === undefined) throw new Error(`Below the first cut: ${value}`);
  return row[1];
}

function cuts(read: (text: string) => bigint, rows: readonly (readonly [string, AddressClass])[]): Cut[] {
  return rows.map(([text, is]) => [read(text), is]);
}

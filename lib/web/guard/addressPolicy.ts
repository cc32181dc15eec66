/** Which addresses may be dialled: a pure table, judged on the address as text that a socket would connect to. */
import { isIPv4, isIPv6 } from 'node:net';

/**
 * `special` is everything that no setting opens: link-local, metadata, multicast, documentation, every IPv4 address
 * wrapped in IPv6, and text that is not exactly one address.
 */
export type AddressClass = 'public' | 'private' | 'loopback' | 'special';

interface Block {
  readonly bytes: Uint8Array;
  readonly prefix: number;
  readonly class: AddressClass;
}

/** IPv4 blocks that are not public: the IANA special-purpose registry (RFC 6890) and two neighbours of it. */
const IPV4_BLOCKS: readonly Block[] = [
  block('0.0.0.0/8', 'special'), // RFC 791: this network
  block('10.0.0.0/8', 'private'), // RFC 1918
  block('100.64.0.0/10', 'special'), // RFC 6598: carrier-grade NAT; one cloud keeps its metadata here
  block('127.0.0.0/8', 'loopback'), // RFC 1122
  block('168.63.129.16/32', 'special'), // Azure's platform endpoint: public by number, local by routing
  block('169.254.0.0/16', 'special'), // RFC 3927: link-local, metadata
  block('172.16.0.0/12', 'private'), // RFC 1918
  block('192.0.0.0/24', 'special'), // RFC 6890: protocol assignments
  block('192.0.2.0/24', 'special'), // RFC 5737: documentation
  block('192.31.196.0/24', 'special'), // RFC 7535: AS112
  block('192.52.193.0/24', 'special'), // RFC 7450: AMT
  block('192.88.99.0/24', 'special'), // RFC 7526: 6to4 relays
  block('192.168.0.0/16', 'private'), // RFC 1918
  block('192.175.48.0/24', 'special'), // RFC 7534: AS112
  block('198.18.0.0/15', 'special'), // RFC 2544: benchmarks
  block('198.51.100.0/24', 'special'), // RFC 5737: documentation
  block('203.0.113.0/24', 'special'), // RFC 5737: documentation
  block('224.0.0.0/4', 'special'), // RFC 5771: multicast
  block('240.0.0.0/4', 'special'), // RFC 1112: reserved; 255.255.255.255 with it
];

/** IPv6 is special unless a row says otherwise; the first row that holds the address decides. */
const IPV6_BLOCKS: readonly Block[] = [
  block('::1/128', 'loopback'), // RFC 4291
  block('fd00:ec2::/32', 'special'), // AWS metadata, inside the private range
  block('fd20:ce::254/128', 'special'), // Google Cloud metadata, inside the private range
  block('fc00::/7', 'private'), // RFC 4193
  block('2001::/23', 'special'), // RFC 2928: protocol assignments, Teredo (RFC 4380), ORCHID (RFC 7343)
  block('2001:db8::/32', 'special'), // RFC 3849: documentation
  block('2002::/16', 'special'), // RFC 3056: 6to4
  block('2620:4f:8000::/48', 'special'), // RFC 7534: AS112
  block('3fff::/20', 'special'), // RFC 9637: documentation
  block('2000::/3', 'public'), // RFC 4291: global unicast
];

const IPV4_MAPPED = block('::ffff:0:0/96', 'special'); // RFC 4291 section 2.5.5.2

/** The class of one address. Text that is not exactly one address (a zone id, leading zeros, a name) is `special`. */
export function addressClass(address: string): AddressClass {
  const bytes = addressBytes(address);
  if (bytes === null) return 'special';
  if (bytes.length === 4) return classIn(IPV4_BLOCKS, bytes) ?? 'public';
  // The kernel dials a mapped address over IPv4, so it is judged as what it reaches.
  if (isWithin(IPV4_MAPPED, bytes)) return classIn(IPV4_BLOCKS, bytes.subarray(12)) ?? 'public';
  if (isIsatap(bytes)) return 'special';
  return classIn(IPV6_BLOCKS, bytes) ?? 'special';
}

/** 4 or 16 bytes in network order; null for everything that is not exactly one address. */
export function addressBytes(address: string): Uint8Array | null {
  if (isIPv4(address)) return Uint8Array.from(address.split('.'), Number);
  if (!isIPv6(address) || address.includes('%')) return null;
  const [head = '', tail] = address.split('::');
  const before = groupBytes(head);
  if (tail === undefined) return Uint8Array.from(before);
  const after = groupBytes(tail);
  return Uint8Array.from([...before, ...Array<number>(16 - before.length - after.length).fill(0), ...after]);
}

function groupBytes(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** RFC 5214 section 6.1: the interface identifier `[02]00:5efe` and an IPv4 address, behind any prefix. */
function isIsatap(bytes: Uint8Array): boolean {
  const [b8, b9, b10, b11] = bytes.subarray(8);
  return (Number(b8) & 0xfd) === 0 && b9 === 0 && b10 === 0x5e && b11 === 0xfe;
}

function classIn(blocks: readonly Block[], bytes: Uint8Array): AddressClass | undefined {
  return blocks.find((row) => isWithin(row, bytes))?.class;
}

function isWithin({ bytes: network, prefix }: Block, bytes: Uint8Array): boolean {
  const whole = prefix >> 3;
  for (let i = 0; i < whole; i++) if (network[i] !== bytes[i]) return false;
  // Zero where the prefix ends with a byte, behind which there may be no other.
  const mask = (0xff00 >> (prefix & 7)) & 0xff;
  return (Number(network[whole]) & mask) === (Number(bytes[whole]) & mask);
}

/** @throws Error when `cidr` is not an address block, so that a slip in the tables cannot go unnoticed. */
export function block(cidr: string, of: AddressClass): Block {
  const [address = '', prefix] = cidr.split('/');
  const bytes = addressBytes(address);
  if (bytes === null) throw new Error(`Not an address block: ${cidr}`);
  return { bytes, prefix: Number(prefix), class: of };
}

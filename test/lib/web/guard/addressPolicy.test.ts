import { describe, expect, it } from '@jest/globals';
import {
  type AddressClass,
  addressBytes,
  addressClass,
  block,
} from '../../../../lib/web/guard/addressPolicy.ts';

/** First and last address of every range that is not public: whole numbers here, bit prefixes in the code. */
const IPV4_RANGES: readonly (readonly [string, string, AddressClass])[] = [
  ['0.0.0.0', '0.255.255.255', 'special'],
  ['10.0.0.0', '10.255.255.255', 'private'],
  ['100.64.0.0', '100.127.255.255', 'special'],
  ['127.0.0.0', '127.255.255.255', 'loopback'],
  ['168.63.129.16', '168.63.129.16', 'special'],
  ['169.254.0.0', '169.254.255.255', 'special'],
  ['172.16.0.0', '172.31.255.255', 'private'],
  ['192.0.0.0', '192.0.0.255', 'special'],
  ['192.0.2.0', '192.0.2.255', 'special'],
  ['192.31.196.0', '192.31.196.255', 'special'],
  ['192.52.193.0', '192.52.193.255', 'special'],
  ['192.88.99.0', '192.88.99.255', 'special'],
  ['192.168.0.0', '192.168.255.255', 'private'],
  ['192.175.48.0', '192.175.48.255', 'special'],
  ['198.18.0.0', '198.19.255.255', 'special'],
  ['198.51.100.0', '198.51.100.255', 'special'],
  ['203.0.113.0', '203.0.113.255', 'special'],
  ['224.0.0.0', '239.255.255.255', 'special'],
  ['240.0.0.0', '255.255.255.255', 'special'],
];

const IPV6_RANGES: readonly (readonly [string, string, AddressClass])[] = [
  ['::', '::', 'special'],
  ['::1', '::1', 'loopback'],
  ['::2', '::fffe:ffff:ffff', 'special'],
  ['::1:0:0:0', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'special'],
  ['2000::', '2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'public'],
  ['2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', 'special'],
  ['2001:200::', '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', 'public'],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', 'special'],
  ['2001:db9::', '2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'public'],
  ['2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'special'],
  ['2003::', '2620:4f:7fff:ffff:ffff:ffff:ffff:ffff', 'public'],
  ['2620:4f:8000::', '2620:4f:8000:ffff:ffff:ffff:ffff:ffff', 'special'],
  ['2620:4f:8001::', '3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'public'],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', 'special'],
  ['3fff:1000::', '3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'public'],
  ['4000::', 'fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'special'],
  ['fc00::', 'fd00:ec1:ffff:ffff:ffff:ffff:ffff:ffff', 'private'],
  ['fd00:ec2::', 'fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff', 'special'],
  ['fd00:ec3::', 'fd20:ce::253', 'private'],
  ['fd20:ce::254', 'fd20:ce::254', 'special'],
  ['fd20:ce::255', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'private'],
  ['fe00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'special'],
];

const IPV4_NUMBERS = IPV4_RANGES.map(numbersOf);
const IPV6_NUMBERS = IPV6_RANGES.map(numbersOf);
const IPV4_MAX = 2n ** 32n;

describe('the class of an IPv4 address', () => {
  it.each(IPV4_RANGES)(
    'from %s to %s is %s, and the neighbours are what they are',
    (first, last, expected) => {
      expect([first, last].map(addressClass)).toEqual([expected, expected]);
      for (const neighbour of [numberOf(first) - 1n, numberOf(last) + 1n]) {
        if (neighbour < 0n || neighbour >= IPV4_MAX) continue;
        expect(addressClass(ipv4Text(neighbour))).toBe(ipv4Class(neighbour));
      }
    },
  );

  it.each(IPV4_RANGES)('from %s to %s is that of its range, whichever bit is another', (...ends) => {
    for (const address of oneBitFrom(ends, 32n).map(ipv4Text)) {
      expect([address, addressClass(address)]).toEqual([address, ipv4Class(numberOf(address))]);
    }
  });

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.216.34',
    '126.255.255.255',
    '172.32.0.0',
    '191.255.255.255',
    '223.255.255.255',
  ])('%s is public', (address) => expect(addressClass(address)).toBe('public'));
});

describe('the class of an IPv6 address', () => {
  it.each(IPV6_RANGES)('from %s to %s is %s', (first, last, expected) => {
    expect([first, last].map(addressClass)).toEqual([expected, expected]);
  });

  it.each(IPV6_RANGES)('from %s to %s is that of its range, whichever bit is another', (...ends) => {
    for (const value of oneBitFrom(ends, 128n)) {
      // Mapped addresses and ISATAP identifiers lie across the ranges.
      if (value >> 32n === 0xffffn || ((value >> 32n) & 0xfdffffffn) === 0x5efen) continue;
      const address = ipv6Text(value);
      const expected = IPV6_NUMBERS.find(([first, last]) => first <= value && value <= last)?.[2];
      expect([address, addressClass(address)]).toEqual([address, expected]);
    }
  });

  it('is special next to the mapped ones, whatever IPv4 address is inside', () => {
    for (const prefix of ['::fffe:', '::fffd:', '::7fff:', '::1:ffff:', '1::ffff:', '::ffff:0:']) {
      expect([prefix, addressClass(`${prefix}8.8.8.8`)]).toEqual([prefix, 'special']);
    }
  });

  it.each([
    ['::ffff:', ''],
    ['0:0:0:0:0:ffff:', ''],
    ['::FFFF:', ''],
  ])('behind %s is that of the IPv4 address', (prefix) => {
    for (const [first, last, expected] of IPV4_RANGES) {
      for (const address of [first, last]) {
        expect(addressClass(prefix + address)).toBe(expected);
        expect(addressClass(prefix + hexTail(address))).toBe(expected);
      }
    }
    expect(addressClass(`${prefix}8.8.8.8`)).toBe('public');
  });

  it.each([
    ['IPv4-compatible', (v4: string) => `::${v4}`],
    ['IPv4-translated', (v4: string) => `::ffff:0:${v4}`],
    ['NAT64', (v4: string) => `64:ff9b::${v4}`],
    ['local NAT64', (v4: string) => `64:ff9b:1::${v4}`],
    ['6to4', (v4: string) => `2002:${hexTail(v4)}::`],
    ['6to4 with a host', (v4: string) => `2002:${hexTail(v4)}::1`],
    ['Teredo server', (v4: string) => `2001:0:${hexTail(v4)}::1`],
    ['Teredo client', (v4: string) => `2001::8000:63bf:${hexTail(v4)}`],
    ['ISATAP', (v4: string) => `2606:4700::5efe:${v4}`],
    ['ISATAP with the global bit', (v4: string) => `2606:4700::200:5efe:${v4}`],
    ['ISATAP in the private range', (v4: string) => `fd12::5efe:${v4}`],
    ['link-local ISATAP', (v4: string) => `fe80::5efe:${v4}`],
  ])('of the %s form is special, whatever IPv4 address is inside', (_, wrap) => {
    for (const v4 of [
      '127.0.0.1',
      '10.0.0.1',
      '169.254.169.254',
      '192.168.1.1',
      '8.8.8.8',
      '93.184.216.34',
    ]) {
      const wrapped = wrap(v4);
      expect([wrapped, addressClass(wrapped)]).toEqual([wrapped, 'special']);
    }
  });

  it('is public where one bit of an ISATAP identifier is another, but for the global one', () => {
    const GLOBAL = 25;
    for (let bit = 0; bit < 32; bit += 1) {
      const identifier = (0x5efe ^ (2 ** bit)) >>> 0;
      const address = `2606:4700::${(identifier >>> 16).toString(16)}:${(identifier & 0xffff).toString(16)}:7f00:1`;
      expect([address, addressClass(address)]).toEqual([address, bit === GLOBAL ? 'special' : 'public']);
    }
  });

  it.each([
    '100::1', // discard
    '100:0:0:1::1',
    '5f00::1', // SRv6
    'fec0::1', // old site-local
    'fe80::1',
    'febf::1',
    'ff02::1',
    'ff0e::1',
    '4ffe::1',
  ])('%s is special', (address) => expect(addressClass(address)).toBe('special'));

  it.each(['2606:4700:4700::1111', '2001:4860:4860::8888', '2a00:1450:4001:80b::200e'])(
    '%s is public',
    (address) => expect(addressClass(address)).toBe('public'),
  );
});

describe('text that is not exactly one address', () => {
  it.each([
    '',
    ' ',
    'not-an-ip',
    'localhost',
    '8.8.8',
    '8.8.8.8.8',
    '8.8.8.256',
    '08.8.8.8',
    '0x8.8.8.8',
    '134744072',
    ' 8.8.8.8',
    '8.8.8.8 ',
    '8.8.8.8/32',
    '8.8.8.8:80',
    '8.8.8.8\n',
    '8.8.8.8\0',
    '٨.8.8.8',
    '2606:4700::1111%eth0',
    'fe80::1%1',
    '[2606:4700::1111]',
    '2606:4700::1::2',
    '2606:4700:::1',
    '2606:4700',
    '2606:4700:0:0:0:0:0:0:1',
    '12606:4700::1',
    'g606:4700::1',
    '::ffff:8.8.8',
    '::ffff:08.8.8.8',
    '::ffff:8.8.8.8:1',
  ])('%j is special', (text) => expect(addressClass(text)).toBe('special'));
});

it.each(['', '10.0.0/8', '10.0.0.0.0/8', 'fd00::g/8'])('a row of %j would be an error at once', (cidr) => {
  expect(() => block(cidr, 'special')).toThrow('Not an address block');
});

function numbersOf([first, last, expected]: readonly [string, string, AddressClass]) {
  return [numberOf(first), numberOf(last), expected] as const;
}

function numberOf(address: string): bigint {
  const hex = Buffer.from(addressBytes(address) ?? []).toString('hex');
  return BigInt(`0x${hex}`);
}

/** The ends of a range with one bit changed, and each bit in its turn. */
function oneBitFrom([first, last]: readonly [string, string, AddressClass], bits: bigint): readonly bigint[] {
  const masks = Array.from({ length: Number(bits) }, (_, bit) => 1n << BigInt(bit));
  return [numberOf(first), numberOf(last)].flatMap((end) => masks.map((mask) => end ^ mask));
}

function ipv6Text(value: bigint): string {
  return value
    .toString(16)
    .padStart(32, '0')
    .replaceAll(/.{4}(?=.)/g, '$&:');
}

function ipv4Class(value: bigint): AddressClass {
  return IPV4_NUMBERS.find(([first, last]) => first <= value && value <= last)?.[2] ?? 'public';
}

function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
}

function hexTail(ipv4: string): string {
  const value = numberOf(ipv4);
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

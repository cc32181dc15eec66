/** What the trial on an engine reads off the kernel's tables. */
import { describe, expect, it } from '@jest/globals';
import { isolated, masqueraded, waysOut } from '../../stack/routes.ts';

const HEADER = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT    ';
const row = (device: string, destination: string, gateway: string, mask: string, flags = '0003') =>
  `${device}\t${destination}\t${gateway}\t${flags}\t0\t0\t0\t${mask}\t0\t0\t0    `;
const table = (...rows: string[]) => `${[HEADER, ...rows].join('\n')}\n`;
const OUTSIDE = row('eth0', '000012AC', '00000000', '0000FFFF', '0001');
const INSIDE = row('eth1', '000013AC', '00000000', '0000FFFF', '0001');

describe('the ways out of a container', () => {
  it('are the networks that its default routes lead by', () => {
    expect(waysOut(table(row('eth0', '00000000', '010012AC', '00000000'), OUTSIDE, INSIDE))).toEqual([
      '172.18.0.0/16',
    ]);
  });

  it('are none on internal networks, which have no default route', () => {
    expect(waysOut(table(OUTSIDE, INSIDE))).toEqual([]);
    expect(waysOut(table())).toEqual([]);
  });

  it('are none where the default route is one that refuses', () => {
    expect(waysOut(table(row('lo', '00000000', '00000000', '00000000', '0201'), OUTSIDE))).toEqual([]);
  });

  it.each([
    ['half of all addresses', row('eth0', '00000080', '010012AC', '00000080')],
    ['a device that has no network of its own', row('tun0', '00000000', '00000000', '00000000', '0001')],
  ])('are known for a route to %s too', (_, route) => {
    expect(waysOut(table(route, OUTSIDE))).toHaveLength(1);
  });

  it('cannot be read from what is no table', () => {
    expect(() => waysOut('cat: /proc/net/route: No such file or directory')).toThrow('no table of routes');
  });
});

describe('the networks whose packets get the address of this machine', () => {
  const rules = [
    '-P POSTROUTING ACCEPT',
    '-A POSTROUTING -s 172.18.0.0/16 ! -o br-0123456789ab -j MASQUERADE',
    // Of a published port, for the container itself.
    '-A POSTROUTING -s 172.19.0.2/32 -d 172.19.0.2/32 -p tcp -m tcp --dport 9090 -j MASQUERADE',
  ].join('\n');

  it('are those that a rule of the engine names', () => {
    const isMasked = masqueraded(rules);
    expect(['172.18.0.0/16', '172.19.0.0/16'].map(isMasked)).toEqual([true, false]);
  });

  it.each(['-A POSTROUTING -o eth0 -j MASQUERADE', '-A POSTROUTING -j SNAT --to-source 192.0.2.1'])(
    'are all of them where the machine has %s',
    (rule) => {
      expect(masqueraded(`${rules}\n${rule}`)('172.19.0.0/16')).toBe(true);
    },
  );
});

describe('the networks that nothing leaves', () => {
  const rules = [
    '-A FORWARD -j DOCKER-ISOLATION-STAGE-1',
    '-A DOCKER-ISOLATION-STAGE-1 ! -s 172.18.0.0/16 -o br-0123456789ab -j DROP',
    '-A DOCKER-ISOLATION-STAGE-1 ! -d 172.18.0.0/16 -i br-0123456789ab -j DROP',
    // What comes in is dropped, what leaves is not.
    '-A DOCKER-ISOLATION-STAGE-1 ! -s 172.19.0.0/16 -o br-ba9876543210 -j DROP',
    '-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2',
  ].join('\n');

  it('are those of which the engine drops what is for elsewhere', () => {
    expect(['172.18.0.0/16', '172.19.0.0/16', '172.20.0.0/16'].map(isolated(rules))).toEqual([
      true,
      false,
      false,
    ]);
  });
});

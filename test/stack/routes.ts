/** The kernel's tables of where packets go, as it tells them. */

/** Flag of a route that refuses (linux/route.h, RTF_REJECT). */
const REJECT = 0x200;
/** A route for more addresses than this leaves leads out, default or not: no network of an engine is so large. */
const SHORTEST_PREFIX = 8;

interface Route {
  readonly device: string;
  readonly network: string;
  readonly prefix: number;
  readonly hasGateway: boolean;
  readonly refuses: boolean;
}

/**
 * The networks by which packets can leave for any address, such as `172.18.0.0/16`; the device where it has none.
 * @param table /proc/net/route, as the container sees it
 */
export function waysOut(table: string): readonly string[] {
  const [header = '', ...rows] = table.trim().split('\n');
  if (!header.startsWith('Iface')) throw new Error(`no table of routes: ${table.slice(0, 100)}`);
  const routes = rows.map(readRoute);
  return routes
    .filter(({ prefix, refuses }) => prefix < SHORTEST_PREFIX && !refuses)
    .map(({ device }) => {
      const own = routes.find((route) => route.device === device && !route.hasGateway && route.prefix > 0);
      return own === undefined ? device : `${own.network}/${own.prefix}`;
    });
}

function readRoute(row: string): Route {
  const [device = '', destination = '', gateway = '', flags = '', , , , mask = ''] = row.split('\t');
  return {
    device,
    network: bytesOf(destination).join('.'),
    prefix: bytesOf(mask).reduce((bits, byte) => bits + byte.toString(2).replaceAll('0', '').length, 0),
    hasGateway: Number.parseInt(gateway, 16) !== 0,
    refuses: (Number.parseInt(flags, 16) & REJECT) !== 0,
  };
}

/** The kernel writes an address as a number in the machine's own order: the last byte first. */
const bytesOf = (hex: string) =>
  [6, 4, 2, 0].map((start) => Number.parseInt(hex.trim().slice(start, start + 2), 16));

/**
 * Tells of a network whether its packets get this machine's address, without which no answer from elsewhere finds
 * its way back. A rule for no network in particular is for all.
 * @param rules `iptables -t nat -S POSTROUTING`
 */
export function masqueraded(rules: string): (network: string) => boolean {
  const given = rules
    .split('\n')
    .filter((rule) => / -j (MASQUERADE|SNAT)\b/.test(rule))
    // A published port, reached by its own container.
    .filter((rule) => !/ -s (\S+) -d \1 /.test(rule))
    .map((rule) => / -s (\S+)/.exec(rule)?.[1]);
  return (network) => given.some((source) => source === undefined || source === network);
}

/**
 * Tells of a network whether the engine drops what leaves it for another one, as it does for internal networks.
 * @param rules `iptables -S`
 */
export function isolated(rules: string): (network: string) => boolean {
  const dropped = new Set([...rules.matchAll(/ ! -d (\S+) -i \S+ -j DROP$/gm)].map(([, network]) => network));
  return (network) => dropped.has(network);
}

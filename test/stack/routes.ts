/** Reads the kernel's tables of routes and of packet filters. */

/** Flag of a route that refuses packets (linux/route.h, RTF_REJECT). */
const REJECT = 0x200;
/** A route with a shorter prefix leads out, even if it is not the default one: the engine's networks are smaller. */
const SHORTEST_PREFIX = 8;

interface Route {
  readonly device: string;
  readonly network: string;
  readonly prefix: number;
  readonly hasGateway: boolean;
  readonly refuses: boolean;
}

/**
 * The networks over which packets can leave, such as `172.18.0.0/16`; for a route without a network, its device.
 * @param table /proc/net/route of the container
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

/** The bytes of an address, which the kernel writes as a number in the machine's byte order: the last byte first. */
const bytesOf = (hex: string) =>
  [6, 4, 2, 0].map((start) => Number.parseInt(hex.trim().slice(start, start + 2), 16));

/**
 * A function that tells whether a network's packets get this machine's address (masquerading). Without it, no response
 * from outside finds its way back. A rule without a network applies to all.
 * @param rules `iptables -t nat -S POSTROUTING`
 */
export function masqueraded(rules: string): (network: string) => boolean {
  const given = rules
    .split('\n')
    .filter((rule) => / -j (MASQUERADE|SNAT)\b/.test(rule))
    // Not the rule for a container that calls its own published port.
    .filter((rule) => !/ -s (\S+) -d \1 /.test(rule))
    .map((rule) => / -s (\S+)/.exec(rule)?.[1]);
  return (network) => given.some((source) => source === undefined || source === network);
}

/**
 * A function that tells whether the engine drops packets from this network to others, as it does for internal networks.
 * @param rules `iptables -S`
 */
export function isolated(rules: string): (network: string) => boolean {
  const dropped = new Set([...rules.matchAll(/ ! -d (\S+) -i \S+ -j DROP$/gm)].map(([, network]) => network));
  return (network) => dropped.has(network);
}

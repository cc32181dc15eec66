/** The number of datagrams that the kernel dropped because they were not read in time: all that UDP loses on one machine. */
import { readFile } from 'node:fs/promises';

/** Linux only, where `/proc/net/udp` and `udp6` have it; undefined elsewhere. Sockets are found by their port. */
export async function readUdpDrops(port: number): Promise<number | undefined> {
  const tables = await Promise.all(
    ['/proc/net/udp', '/proc/net/udp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  return sumDrops(tables.join('\n'), port);
}

/** Local address is the second column, `ADDRESS:PORT` in hexadecimal; the drops are the last. */
export function sumDrops(table: string, port: number): number | undefined {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let sum: number | undefined;
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (columns[1]?.endsWith(end)) sum = (sum ?? 0) + Number(columns.at(-1));
  }
  return sum;
}

/** The system's own list of names (hosts(5)), which goes before any name server. */
import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { ResolvedAddress } from './resolveNames.ts';

/** The addresses that the list has for a name, in its order; none where it has none or cannot be read. */
export type LookInHostsFile = (hostname: string) => Promise<readonly ResolvedAddress[]>;

type Names = ReadonlyMap<string, readonly ResolvedAddress[]>;

const FILES = ['/etc/hosts', 'C:\\Windows\\System32\\drivers\\etc\\hosts'];

/** Read again when it has changed: some keep a hundred thousand names in it. */
export function createHostsFile(files: readonly string[] = FILES): LookInHostsFile {
  const kept = new Map<string, { readonly version: string; readonly names: Promise<Names> }>();

  const namesIn = async (file: string): Promise<Names> => {
    const { mtimeMs, size } = await stat(file);
    const version = `${mtimeMs} ${size}`;
    const known = kept.get(file);
    if (known?.version === version) return known.names;
    const names = readFile(file, 'utf8').then(namesOf);
    kept.set(file, { version, names });
    return names;
  };

  return async (hostname) => {
    const name = hostname.toLowerCase().replace(/\.$/, '');
    const lists = await Promise.allSettled(files.map(namesIn));
    return lists.flatMap((list) => (list.status === 'fulfilled' ? (list.value.get(name) ?? []) : []));
  };
}

function namesOf(text: string): Names {
  const names = new Map<string, ResolvedAddress[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const family = isIP(address);
    if (family === 0) continue;
    for (const alias of aliases) {
      const name = alias.toLowerCase();
      names.set(name, [...(names.get(name) ?? []), { address, family }]);
    }
  }
  return names;
}

/** The system's own list of names (hosts(5)), which goes before any name server. */
import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { ResolvedAddress } from './resolve.ts';

/** The addresses that the list has for a name, in its order; none where it has none or cannot be read. */
export type LookInHostsFile = (hostname: string) => Promise<readonly ResolvedAddress[]>;

type Names = ReadonlyMap<string, readonly ResolvedAddress[]>;

/** By platform; everywhere else `/etc/hosts`. */
const FILES: Readonly<Record<string, string>> = { win32: 'C:\\Windows\\System32\\drivers\\etc\\hosts' };

/** Read again when it has changed: some keep a hundred thousand names in it. */
export function createHostsFile(file = FILES[process.platform] ?? '/etc/hosts'): LookInHostsFile {
  let kept: { readonly version: string; readonly names: Promise<Names> } | null = null;

  const readNames = async (): Promise<Names> => {
    const { mtimeMs, size } = await stat(file);
    const version = `${mtimeMs} ${size}`;
    if (kept?.version === version) return kept.names;
    const names = readFile(file, 'utf8').then(namesOf);
    kept = { version, names };
    return names;
  };

  return async (hostname) => {
    try {
      return (await readNames()).get(hostname.toLowerCase().replace(/\.$/, '')) ?? [];
    } catch {
      // It is not there, or could not be read just now, which says nothing of the next time.
      kept = null;
      return [];
    }
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
      const addresses = names.get(name) ?? [];
      addresses.push({ address, family });
      names.set(name, addresses);
    }
  }
  return names;
}

/** Changes one value of a JSON text and leaves it JSON, where blind changes would only try the parser. */
import type { Random } from '../../support/random.ts';

const DEEP = JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`);

const VALUES: readonly [unknown, ...unknown[]] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  2 ** 53,
  1e308,
  '',
  ' ',
  'a',
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  'x'.repeat(300),
  [],
  {},
  [[]],
  DEEP,
];

interface Spot {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** JSON text with random changes; text that is not JSON is returned unchanged. `words` are strings to insert. */
export function reshapeJson(text: string, words: readonly string[], random: Random): string {
  const root = parsed(text);
  const spots = spotsOf(root);
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const spot = random.anyOf(spots);
    if (spot === undefined) return text;
    change(spot, spots, words, random);
  }
  return JSON.stringify(root);
}

function change({ holder, key }: Spot, spots: readonly Spot[], words: readonly string[], random: Random) {
  const value = holder[key];
  const other = random.anyOf(spots);
  const copy = other === undefined ? null : structuredClone(other.holder[other.key]);
  switch (random.below(6)) {
    case 0:
      holder[key] = structuredClone(random.of(VALUES));
      break;
    case 1:
      // Of a list too, which then has a hole: its own `splice` goes by a `constructor` that may have been put in.
      delete holder[key];
      break;
    case 2:
      holder[key] = copy;
      break;
    case 3:
      // `__proto__` becomes a member like any other, as it does in JSON.parse.
      Object.defineProperty(holder, random.anyOf(words) ?? key, {
        value: copy,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      break;
    case 4:
      if (Array.isArray(value)) value.push(copy);
      break;
    default:
      holder[key] = typeof value === 'number' ? value * random.of([-1, 0, 0.5, 1e9]) : random.anyOf(words);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Every place that holds a value, two hundred at most. */
function spotsOf(root: unknown): readonly Spot[] {
  const spots: Spot[] = [];
  const holders = [root];
  for (const holder of holders) {
    if (typeof holder !== 'object' || holder === null || spots.length > 200) continue;
    for (const key of Object.keys(holder)) {
      const members = holder as Record<string, unknown>;
      spots.push({ holder: members, key });
      holders.push(members[key]);
    }
  }
  return spots;
}

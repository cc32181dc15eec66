import type { CssToken } from './cssTokens.ts';

/** An image in the value of a declaration. */
export interface CssImage {
  /** Unescaped, but not resolved. */
  readonly url: string;
  /** Number of its group: the candidates of one `image-set()` have the same. */
  readonly group: number;
  /** The resolution in an `image-set()`, as written. */
  readonly descriptor?: string;
  /** The resolution in `x`. */
  readonly density?: number;
}

export interface CssValueReader {
  take(token: CssToken): void;
  /** Whether a bracket is open, inside which `;` and `}` end nothing. */
  isNested(): boolean;
  /** The images read so far. Empty when there was a bad token, since a browser then drops the value. */
  finish(): readonly CssImage[];
  /** Begins the next value. */
  reset(): void;
}

interface Bracket {
  readonly closer: string;
  readonly function: string;
  /** The `image-set()` that this bracket is, or is inside; null without one. */
  readonly set: ImageSet | null;
}

interface ImageSet {
  readonly group: number;
  /** Index of the image to which a following resolution belongs; null when there is no such image. */
  current: number | null;
}

const IMAGE_SETS: ReadonlySet<string> = new Set(['image-set', '-webkit-image-set']);
/** Functions in which a quoted string is the URL of an image. */
const TAKES_STRING: ReadonlySet<string> = new Set(['url', 'src', 'image', ...IMAGE_SETS]);
const RESOLUTION = /^\+?(\d+(?:\.\d+)?|\.\d+)(x|dppx|dpi|dpcm)$/i;
/** Units of a resolution, and how many of each make 1x. */
const PER_X: ReadonlyMap<string, number> = new Map([
  ['x', 1],
  ['dppx', 1],
  ['dpi', 96],
  ['dpcm', 96 / 2.54],
]);

/** A reader of the images in a value: `url()` at any depth, and strings where CSS takes a string for a URL. */
export function createCssValueReader(): CssValueReader {
  const brackets: Bracket[] = [];
  let images: CssImage[] = [];
  let isBad = false;
  let nextGroup = 0;

  const open = (closer: string, name: string) => {
    const outer = brackets.at(-1)?.set ?? null;
    const set = outer === null && IMAGE_SETS.has(name) ? { group: nextGroup++, current: null } : outer;
    brackets.push({ closer, function: name, set });
  };
  const add = (url: string) => {
    const set = brackets.at(-1)?.set ?? null;
    if (set !== null) set.current = images.length;
    images.push({ url, group: set?.group ?? nextGroup++ });
  };
  const describe = (set: ImageSet, resolution: string) => {
    const [, number, unit = ''] = RESOLUTION.exec(resolution) ?? [];
    const perX = PER_X.get(unit.toLowerCase());
    const image = set.current === null ? undefined : images[set.current];
    if (perX === undefined || image === undefined || set.current === null) return;
    images[set.current] = { ...image, descriptor: resolution, density: Number(number) / perX };
    set.current = null;
  };

  return {
    take: (token) => {
      if (token.closer !== null) return open(token.closer, token.value);
      const bracket = brackets.at(-1);
      switch (token.kind) {
        case 'url':
          return add(token.value);
        case 'string':
          if (bracket !== undefined && TAKES_STRING.has(bracket.function)) add(token.value);
          return;
        case 'dimension':
          if (bracket?.set) describe(bracket.set, token.value);
          return;
        case ',':
          if (bracket?.set && IMAGE_SETS.has(bracket.function)) bracket.set.current = null;
          return;
        case 'bad':
          isBad = true;
          return;
        default:
          if (token.kind === bracket?.closer) brackets.pop();
      }
    },
    isNested: () => brackets.length > 0,
    finish: () => (isBad ? [] : images),
    reset: () => {
      brackets.length = 0;
      images = [];
      isBad = false;
    },
  };
}

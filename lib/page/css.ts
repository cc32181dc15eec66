import { shortenDataUrls } from './cssDataUrls.ts';
import { type CssBudget, type CssToken, createCssTokens } from './cssTokens.ts';
import { type CssImage, createCssValueReader } from './cssValue.ts';
import { isImageProperty } from './imageProperties.ts';

/** An image or an imported stylesheet that CSS names. */
export type CssReference =
  | (CssImage & {
      readonly kind: 'image';
      /** Lower case; a custom property as written. */
      readonly property: string;
    })
  | { readonly kind: 'import'; readonly url: string };

/** `declarations` is a `style` attribute. */
export type CssContext = 'stylesheet' | 'declarations';

const TOKENS_PER_STEP = 512;
const NONE: readonly CssReference[] = [];

/** Each reference needs one of these; a backslash may hide any of them. */
const REFERENCE_START = /(?:url|src|image|image-set)\(|@import|\\/i;

/** Whether `css` can hold a reference at all. */
export function mayNameImages(css: string): boolean {
  return REFERENCE_START.test(css);
}

/**
 * Reads what images and stylesheets CSS names, in order; a `null` between them is a good place for a rest. Follows
 * CSS Syntax: a declaration with a bad string or URL is dropped, what is not closed ends with the text. Values of
 * custom properties count (a page that puts an image there means to use it); `@font-face` and the preludes of rules
 * do not.
 */
export function* readCss(
  css: string,
  context: CssContext,
  budget: CssBudget,
): Generator<CssReference | null, void, undefined> {
  const { text, restore } = shortenDataUrls(css);
  const reader = createRuleReader(context);
  const nextToken = createCssTokens(text, budget);
  let count = 0;
  for (let token = nextToken(); token !== null; token = nextToken()) {
    const completed = reader.take(token);
    if (completed !== NONE) yield* restored(completed, restore);
    count += 1;
    if (count % TOKENS_PER_STEP === 0) yield null;
  }
  yield* restored(reader.finish(), restore);
}

function* restored(
  found: readonly CssReference[],
  restore: (url: string) => string,
): Generator<CssReference> {
  for (const reference of found) yield { ...reference, url: restore(reference.url) };
}

interface RuleReader {
  /** What `token` completes. */
  take(token: CssToken): readonly CssReference[];
  finish(): readonly CssReference[];
}

/** Keeps the place in the nesting of rules. Since rules nest, `a:b` may be a declaration or begin a selector. */
function createRuleReader(context: CssContext): RuleReader {
  /** Open blocks; true where declarations count. */
  const blocks: boolean[] = [context === 'declarations'];
  const value = createCssValueReader();
  let state: 'start' | 'name' | 'value' | 'prelude' | 'import' = 'start';
  let name = '';
  /** What closes the open brackets of a prelude, in which `;` and `{` mean nothing. */
  let closers: string[] = [];
  let isFontFace = false;
  let areImportsOver = context === 'declarations';

  const restart = () => {
    state = 'start';
    name = '';
    closers = [];
    isFontFace = false;
    value.reset();
  };
  const commit = (): readonly CssReference[] => {
    const property = name;
    const images = state === 'value' && blocks.at(-1) === true ? value.finish() : [];
    restart();
    if (images.length === 0 || !isImageProperty(property)) return NONE;
    return images.map((image) => ({ kind: 'image', property, ...image }));
  };
  const openBlock = () => {
    const isTop = blocks.length === 1;
    areImportsOver ||= isTop;
    blocks.push(!isFontFace && (isTop || blocks.at(-1) === true));
    restart();
  };
  const closeBlock = () => {
    const found = commit();
    if (blocks.length > 1) blocks.pop();
    return found;
  };

  const takeAtStart = (token: CssToken): readonly CssReference[] => {
    switch (token.kind) {
      case '}':
        return closeBlock();
      case ';':
        return NONE;
      case 'ident':
        state = 'name';
        name = token.value.startsWith('--') ? token.value : token.value.toLowerCase();
        return NONE;
      case 'atKeyword':
        state = token.value === 'import' && !areImportsOver ? 'import' : 'prelude';
        isFontFace = token.value === 'font-face';
        areImportsOver ||= token.value === 'namespace';
        return NONE;
      default:
        state = 'prelude';
        return takeInPrelude(token);
    }
  };
  const takeInPrelude = (token: CssToken): readonly CssReference[] => {
    if (closers.length > 0 || token.kind !== '{') {
      if (token.closer !== null) closers.push(token.closer);
      else if (token.kind === closers.at(-1)) closers.pop();
      else if (closers.length > 0) return NONE;
      else if (token.kind === ';') restart();
      else if (token.kind === '}') return closeBlock();
      return NONE;
    }
    openBlock();
    return NONE;
  };
  const takeValue = (token: CssToken): readonly CssReference[] => {
    if (!value.isNested()) {
      if (token.kind === ';') return commit();
      if (token.kind === '}') return closeBlock();
      if (token.kind === '{' && !name.startsWith('--')) {
        // It was a selector, as in `a:hover {`.
        openBlock();
        return NONE;
      }
    }
    value.take(token);
    return NONE;
  };
  const takeImport = (token: CssToken): readonly CssReference[] => {
    if (token.kind === 'function' && token.value === 'url') {
      closers.push(')');
      return NONE;
    }
    state = 'prelude';
    if (token.kind !== 'string' && token.kind !== 'url') return takeInPrelude(token);
    return [{ kind: 'import', url: token.value }];
  };

  return {
    take: (token) => {
      if (token.kind === 'blank') return NONE;
      switch (state) {
        case 'start':
          return takeAtStart(token);
        case 'name':
          state = token.kind === ':' ? 'value' : 'prelude';
          return state === 'value' ? NONE : takeInPrelude(token);
        case 'value':
          return takeValue(token);
        case 'import':
          return takeImport(token);
        case 'prelude':
          return takeInPrelude(token);
      }
    },
    finish: commit,
  };
}

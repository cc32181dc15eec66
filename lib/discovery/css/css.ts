import { type CssToken, createCssTokens } from './cssTokens.ts';
import { type CssImage, createCssValueReader } from './cssValue.ts';
import { isImageProperty } from './imageProperties.ts';

/** An image or an imported stylesheet that CSS names. */
export type CssReference =
  | (CssImage & {
      readonly kind: 'image';
      /** In lower case, except for a custom property. */
      readonly property: string;
    })
  | { readonly kind: 'import'; readonly url: string };

/** How CSS ended. */
export interface CssEnd {
  /** False when a rule, a declaration, a bracket or a comment was still open. */
  readonly isClosed: boolean;
}

/** Where CSS comes from: `declarations` is the value of a `style` attribute. */
export type CssContext = 'stylesheet' | 'declarations';

const TOKENS_PER_STEP = 512;
const IMAGES_PER_STEP = 512;

/** What a token completes: a declaration with its images, an import, or nothing (null). */
type Completed =
  | { readonly kind: 'images'; readonly property: string; readonly images: readonly CssImage[] }
  | { readonly kind: 'import'; readonly url: string }
  | null;

/** Every reference begins with one of these; an escape may hide any of them. */
const REFERENCE_START = /(?:url|src|image|image-set)\(|@import|\\/i;

/** Whether `css` can have a reference at all. */
export function mayNameImages(css: string): boolean {
  return REFERENCE_START.test(css);
}

/**
 * The images and stylesheets that CSS names, in order; at a `null` the caller may yield. By CSS Syntax, a declaration
 * with a bad string or URL is dropped, and the end of the text closes all that is open. Values of custom properties
 * count, since a page that puts an image there means to use it. `@font-face` and the preludes of rules do not count.
 * @returns at the end, whether the text closes all that it opens
 */
export function* readCss(
  css: string,
  context: CssContext,
): Generator<CssReference | null, CssEnd, undefined> {
  const reader = createRuleReader(context);
  const tokens = createCssTokens(css);
  let count = 0;
  for (let token = tokens.next(); token !== null; token = tokens.next()) {
    const completed = reader.take(token);
    if (completed !== null) yield* referencesIn(completed);
    count += 1;
    if (count % TOKENS_PER_STEP === 0) yield null;
  }
  const isClosed = reader.isClosed() && !tokens.endsInComment();
  yield* referencesIn(reader.finish());
  return { isClosed };
}

function* referencesIn(completed: Completed): Generator<CssReference | null, void, undefined> {
  if (completed === null) return;
  if (completed.kind === 'import') return yield completed;
  const { property, images } = completed;
  for (const [index, image] of images.entries()) {
    yield { kind: 'image', property, ...image };
    if (index % IMAGES_PER_STEP === IMAGES_PER_STEP - 1) yield null;
  }
}

interface RuleReader {
  take(token: CssToken): Completed;
  finish(): Completed;
  /** No rule, declaration or bracket is open. */
  isClosed(): boolean;
}

/** A reader of rules, which tracks their nesting. As rules nest, `a:b` may be a declaration or begin a selector. */
function createRuleReader(context: CssContext): RuleReader {
  /** For each open block, whether its declarations count. */
  const blocks: boolean[] = [context === 'declarations'];
  const value = createCssValueReader();
  let state: 'start' | 'name' | 'value' | 'prelude' | 'import' = 'start';
  let name = '';
  /** The closing brackets that a prelude still needs. Inside its brackets `;` and `{` end nothing. */
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
  const commit = (): Completed => {
    const property = name;
    const images = state === 'value' && blocks.at(-1) === true ? value.finish() : [];
    restart();
    return images.length > 0 && isImageProperty(property) ? { kind: 'images', property, images } : null;
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

  const takeAtStart = (token: CssToken): Completed => {
    switch (token.kind) {
      case '}':
        return closeBlock();
      case ';':
        return null;
      case 'ident':
        state = 'name';
        name = token.value.startsWith('--') ? token.value : token.value.toLowerCase();
        return null;
      case 'atKeyword':
        state = token.value === 'import' && !areImportsOver ? 'import' : 'prelude';
        isFontFace = token.value === 'font-face';
        areImportsOver ||= token.value === 'namespace';
        return null;
      default:
        state = 'prelude';
        return takeInPrelude(token);
    }
  };
  const takeInPrelude = (token: CssToken): Completed => {
    if (closers.length > 0 || token.kind !== '{') {
      if (token.closer !== null) closers.push(token.closer);
      else if (token.kind === closers.at(-1)) closers.pop();
      else if (closers.length > 0) return null;
      else if (token.kind === ';') restart();
      else if (token.kind === '}') return closeBlock();
      return null;
    }
    openBlock();
    return null;
  };
  const takeValue = (token: CssToken): Completed => {
    if (!value.isNested()) {
      if (token.kind === ';') return commit();
      if (token.kind === '}') return closeBlock();
      if (token.kind === '{' && !name.startsWith('--')) {
        // The name and the value were a selector, as in `a:hover {`.
        openBlock();
        return null;
      }
    }
    value.take(token);
    return null;
  };
  const takeImport = (token: CssToken): Completed => {
    if (token.kind === 'function' && token.value === 'url') {
      closers.push(')');
      return null;
    }
    state = 'prelude';
    if (token.kind !== 'string' && token.kind !== 'url') return takeInPrelude(token);
    return { kind: 'import', url: token.value };
  };

  return {
    take: (token) => {
      if (token.kind === 'whitespace') return null;
      switch (state) {
        case 'start':
          return takeAtStart(token);
        case 'name':
          state = token.kind === ':' ? 'value' : 'prelude';
          return state === 'value' ? null : takeInPrelude(token);
        case 'value':
          return takeValue(token);
        case 'import':
          return takeImport(token);
        case 'prelude':
          return takeInPrelude(token);
      }
    },
    finish: commit,
    isClosed: () => blocks.length === 1 && state === 'start',
  };
}

import { JSON_LD_MAX_CHARS, type JsonLdBudget, readJsonLd } from '../data/jsonLd.ts';
import { parseMimeType } from '../mimeType.ts';
import { hasImageExtension, looksLikeImageAddress } from './imageAddress.ts';

/** What a rule may ask about the element before it, and whom it tells. */
export interface Finder {
  /** The trimmed value of an attribute; undefined when it is absent or empty. */
  readonly attribute: (name: string) => string | undefined;
  /** The text in a `style` or `script`. */
  readonly text: () => string;
  readonly isInPicture: () => boolean;
  readonly addUrl: (attribute: string, text: string, options?: AddOptions) => undefined;
  readonly addSrcset: (attribute: string, text: string) => Steps;
  readonly addCss: (context: 'stylesheet' | 'declarations', text: string) => undefined;
  readonly addStylesheet: (href: string) => void;
  readonly jsonLd: JsonLdBudget;
  /** Notes that something was too long to be read whole. */
  readonly leaveOut: (what: LeftOut) => void;
}

/** What may be too long to be read. */
export type LeftOut = 'jsonLd';

export interface AddOptions {
  /** The place does not say that it holds an image. */
  readonly needsImageType?: boolean;
  /** An image of its own, not a candidate of the element's picture. */
  readonly isSeparate?: boolean;
}

/** Long work in small steps. */
export type Steps = Generator<undefined, void, undefined>;
/** Reads one attribute; `value` is trimmed and not empty. What may be long is done in the steps that it returns. */
export type AttributeRule = (find: Finder, value: string, attribute: string) => Steps | undefined;
/** Reads what stands in an element. */
export type TextRule = (find: Finder) => Steps | undefined;

/** Real lists of tokens have a handful. */
const TOKENS_MAX_CHARS = 8_192;

const ICON_RELATIONS: ReadonlySet<string> = new Set([
  'android-icon',
  'icon',
  'apple-touch-icon',
  'apple-touch-icon-precomposed',
  'apple-touch-startup-image',
  'fluid-icon',
  'mask-icon',
  'image_src',
]);

/** `property` or `name` of a `meta` that holds an image, by its lower case. */
const META_NAMES: ReadonlyMap<string, string> = new Map(
  [
    'og:image',
    'og:image:url',
    'og:image:secure_url',
    'twitter:image',
    'twitter:image:src',
    'msapplication-TileImage',
    'msapplication-square70x70logo',
    'msapplication-square150x150logo',
    'msapplication-square310x310logo',
    'msapplication-wide310x150logo',
    'parsely-image-url',
    'thumbnail',
    'thumbnailUrl',
  ].map((name) => [name.toLowerCase(), name]),
);

const url: AttributeRule = (find, value, attribute) => find.addUrl(attribute, value);
const srcset: AttributeRule = (find, value, attribute) => find.addSrcset(attribute, value);

const sourceSrcset: AttributeRule = (find, value, attribute) => {
  return find.isInPicture() ? find.addSrcset(attribute, value) : undefined;
};

const imageInput: AttributeRule = (find, value, attribute) => {
  if (find.attribute('type')?.toLowerCase() === 'image') find.addUrl(attribute, value);
};

/** `object` and `embed` may hold anything: the type decides; without one the extension, or a `data:` URL's own type. */
const embedded: AttributeRule = (find, value, attribute) => {
  const type = find.attribute('type');
  if (type !== undefined) {
    if (parseMimeType(type)?.essence.startsWith('image/')) find.addUrl(attribute, value);
  } else if (/^data:/i.test(value) || hasImageExtension(value)) {
    find.addUrl(attribute, value, { needsImageType: true });
  }
};

const linkHref: AttributeRule = (find, value, attribute) => {
  if (isImageLink(find)) find.addUrl(attribute, value);
  if (isStylesheetLink(find)) find.addStylesheet(value);
};

const linkSrcset: AttributeRule = (find, value, attribute) => {
  return isImageLink(find) ? find.addSrcset(attribute, value) : undefined;
};

const metaContent: AttributeRule = (find, value) => {
  const names = [...tokensOf(find.attribute('property')), ...tokensOf(find.attribute('name'))];
  const known = names.map((name) => META_NAMES.get(name)).find((name) => name !== undefined);
  if (known !== undefined) find.addUrl(known, value);
  else if (isItemImage(find)) find.addUrl('image', value);
};

const itemContent: AttributeRule = (find, value) => {
  if (isItemImage(find)) find.addUrl('image', value);
};

const backgroundElsewhere: AttributeRule = (find, value, attribute) => {
  if (looksLikeImageAddress(value)) find.addUrl(attribute, value);
};

const styleAttribute: AttributeRule = (find, value) => find.addCss('declarations', value);

const styleText: TextRule = (find) => {
  const type = find.attribute('type');
  if (type === undefined || parseMimeType(type)?.essence === 'text/css') {
    find.addCss('stylesheet', find.text());
  }
};

const scriptText: TextRule = function* (find) {
  if (parseMimeType(find.attribute('type'))?.essence !== 'application/ld+json') return;
  const text = find.text();
  if (text.length > JSON_LD_MAX_CHARS) return find.leaveOut('jsonLd');
  const images = readJsonLd(text, find.jsonLd);
  for (let next = images.next(); ; next = images.next()) {
    if (next.done) return next.value ? undefined : find.leaveOut('jsonLd');
    if (next.value === null) yield;
    else find.addUrl(next.value.key, next.value.url, { isSeparate: true });
  }
};

/** By element and attribute. Adding a source of images is adding a line. */
const ATTRIBUTE_RULES: Readonly<Record<string, Readonly<Record<string, AttributeRule>>>> = {
  img: { src: url, srcset },
  source: { srcset: sourceSrcset },
  'amp-img': { src: url, srcset },
  'amp-anim': { src: url, srcset },
  'amp-video': { poster: url },
  input: { src: imageInput },
  video: { poster: url },
  object: { data: embedded },
  embed: { src: embedded },
  // SVG's: an HTML `image` is read as `img`.
  image: { href: url, 'xlink:href': url },
  link: { href: linkHref, imagesrcset: linkSrcset },
  meta: { content: metaContent },
  // The HTML standard's presentational hints.
  body: { background: url },
  table: { background: url },
  thead: { background: url },
  tbody: { background: url },
  tfoot: { background: url },
  tr: { background: url },
  td: { background: url },
  th: { background: url },
};

/** For elements that have no rule of their own for the attribute. */
const COMMON_RULES: Readonly<Record<string, AttributeRule>> = {
  style: styleAttribute,
  background: backgroundElsewhere,
  content: itemContent,
};

const TEXT_RULES: Readonly<Record<string, TextRule>> = { style: styleText, script: scriptText };

const BY_ELEMENT = new Map(
  Object.entries(ATTRIBUTE_RULES).map(([element, rules]) => [element, new Map(Object.entries(rules))]),
);
const COMMON = new Map(Object.entries(COMMON_RULES));
const TEXT = new Map(Object.entries(TEXT_RULES));

/** The rules of one element's attributes, to be asked first. */
export function attributeRulesOf(element: string): ReadonlyMap<string, AttributeRule> | undefined {
  return BY_ELEMENT.get(element);
}

export function commonRuleOf(attribute: string): AttributeRule | undefined {
  return COMMON.get(attribute);
}

export function textRuleOf(element: string): TextRule | undefined {
  return TEXT.get(element);
}

function isImageLink(find: Finder): boolean {
  const relations = tokensOf(find.attribute('rel'));
  const isPreloadedImage = relations.includes('preload') && find.attribute('as')?.toLowerCase() === 'image';
  return isPreloadedImage || relations.some((relation) => ICON_RELATIONS.has(relation)) || isItemImage(find);
}

/**
 * Alternate and disabled stylesheets too, and those of any medium: a page may come to use them. A preloaded one is
 * put to use by a script.
 */
function isStylesheetLink(find: Finder): boolean {
  const relations = tokensOf(find.attribute('rel'));
  const isPreloaded = relations.includes('preload') && find.attribute('as')?.toLowerCase() === 'style';
  const type = find.attribute('type');
  return (
    (isPreloaded || relations.includes('stylesheet')) &&
    (type === undefined || parseMimeType(type)?.essence === 'text/css')
  );
}

function isItemImage(find: Finder): boolean {
  return tokensOf(find.attribute('itemprop')).includes('image');
}

/** Tokens of a space-separated attribute, lower case. */
function tokensOf(text: string | undefined): string[] {
  return text === undefined
    ? []
    : text
        .slice(0, TOKENS_MAX_CHARS)
        .toLowerCase()
        .split(/[\t\n\f\r ]+/);
}

import { JSON_LD_MAX_CHARS, type JsonLdBudget, readJsonLd } from '../data/jsonLd.ts';
import { parseMimeType } from '../mimeType.ts';
import { hasImageExtension, looksLikeImageAddress } from './imageAddress.ts';

/** What a rule uses to read the current element and to add what it finds. */
export interface Finder {
  /** The trimmed value of an attribute; undefined when it is absent or empty. */
  readonly attribute: (name: string) => string | undefined;
  /** The text of a `style` or `script` element. */
  readonly text: () => string;
  readonly isInPicture: () => boolean;
  readonly addUrl: (attribute: string, text: string, options?: AddOptions) => undefined;
  readonly addSrcset: (attribute: string, text: string) => Steps;
  readonly addCss: (context: 'stylesheet' | 'declarations', text: string) => undefined;
  readonly addStylesheet: (href: string) => void;
  readonly jsonLd: JsonLdBudget;
  /** Records that something was too long to be read whole. */
  readonly leaveOut: (what: LeftOut) => void;
}

/** Parts of a page that may be too long to be read whole. */
export type LeftOut = 'jsonLd';

export interface AddOptions {
  /** As in `Reference`. */
  readonly needsImageType?: boolean;
  /** A separate image, not a candidate of the element's picture. */
  readonly isSeparate?: boolean;
}

/** Long work, which may yield after each step. */
export type Steps = Generator<undefined, void, undefined>;
/** Reads one attribute; `value` is trimmed and not empty. Returns the steps of work that may be long. */
export type AttributeRule = (find: Finder, value: string, attribute: string) => Steps | undefined;
/** Reads the text of an element. Returns the steps of work that may be long. */
export type TextRule = (find: Finder) => Steps | undefined;

/** Real attributes have a few tokens; a longer text is cut. */
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

/** Values of `property` or `name` of a `meta` whose `content` is an image; the keys are in lower case. */
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

/**
 * `object` and `embed` may have any content: the `type` decides, or else the extension or the type of a `data:` URL.
 */
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

/** Rules by element and attribute. */
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
  // The `image` of SVG. The HTML parser turns an `image` outside of SVG into `img`.
  image: { href: url, 'xlink:href': url },
  link: { href: linkHref, imagesrcset: linkSrcset },
  meta: { content: metaContent },
  // Obsolete attributes that browsers still honour (HTML standard, section 15.3).
  body: { background: url },
  table: { background: url },
  thead: { background: url },
  tbody: { background: url },
  tfoot: { background: url },
  tr: { background: url },
  td: { background: url },
  th: { background: url },
};

/** Rules of an attribute for elements that have no rule for it above. */
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

/** The rules for the attributes of an element, which go before `commonRuleOf`; undefined when it has none. */
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
 * Whether a `link` is a stylesheet that the page may use. Alternate and disabled ones count, and those for any medium.
 * A preloaded stylesheet counts, since a script will apply it.
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

/** Tokens of a whitespace-separated attribute, in lower case. */
function tokensOf(text: string | undefined): string[] {
  return text === undefined
    ? []
    : text
        .slice(0, TOKENS_MAX_CHARS)
        .toLowerCase()
        .split(/[\t\n\f\r ]+/);
}

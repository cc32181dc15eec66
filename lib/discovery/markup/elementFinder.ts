import { trimAsciiWhitespace } from '../asciiWhitespace.ts';
import { mayNameImages } from '../css/css.ts';
import { JSON_LD_URLS_MAX } from '../data/jsonLd.ts';
import { newPicture, type PageEntry, type Picture } from '../references.ts';
import { bgsetCandidates } from './bgset.ts';
import {
  type AddOptions,
  attributeRulesOf,
  commonRuleOf,
  type Finder,
  type LeftOut,
  type Steps,
  textRuleOf,
} from './discoveryRules.ts';
import { isPlausibleAddress, looksLikeImageAddress } from './imageAddress.ts';
import { lazyKindOf, type ValueKind } from './lazyAttributes.ts';
import { attributeName, attributeOf, type PageDocument, type PageElement } from './parseDocument.ts';
import { IMAGE_ELEMENTS, type PictureTracker } from './pictures.ts';
import { type SrcsetCandidate, srcsetCandidates } from './srcset.ts';

export interface ElementFinder {
  /** Applies every rule to one element, in steps between which the caller may yield. */
  readonly look: (element: PageElement) => Iterable<undefined>;
}

const ALT_MAX_CHARS = 200;
/** Real descriptors are short. A longer one is dropped, since responses repeat it. */
const DESCRIPTOR_MAX_CHARS = 32;
const CANDIDATES_PER_STEP = 256;
const CDATA_START = '<![CDATA[';
const CDATA_END = ']]>';
const CSS_FUNCTION = /(?:url|image-set|src|image)\(/i;

/**
 * A finder for one page. It applies the rules, adds what they find to `entries` and what they could not read whole to
 * `leftOut`.
 */
export function createElementFinder(
  document: PageDocument,
  pictures: PictureTracker,
  entries: PageEntry[],
  leftOut: Set<LeftOut>,
): ElementFinder {
  let element: PageElement;
  let ownPicture: Picture | null;
  /** The element's `alt`, looked up once for all its images; null until the first image. */
  let ownAlt: { readonly text: string | undefined } | null;

  const picture = (): Picture => {
    ownPicture ??= pictures.pictureOf(element);
    return ownPicture;
  };
  const attribute = (name: string): string | undefined => {
    const value = attributeOf(element, name);
    const trimmed = value === undefined ? '' : trimAsciiWhitespace(value);
    return trimmed === '' ? undefined : trimmed;
  };
  const add = (
    name: string,
    text: string,
    found: AddOptions & { isLazy?: boolean } & Partial<SrcsetCandidate>,
  ): undefined => {
    const owner = found.isSeparate ? newPicture() : picture();
    ownAlt ??= { text: altOf(attribute('alt')) };
    const alt = ownAlt.text;
    const { descriptor, width, density } = found;
    entries.push({
      kind: 'image',
      text,
      element: element.name,
      attribute: name,
      picture: owner,
      owner,
      isLazy: found.isLazy ?? false,
      ...(alt !== undefined && { alt }),
      ...(descriptor !== undefined && descriptor.length <= DESCRIPTOR_MAX_CHARS && { descriptor }),
      ...(width !== undefined && { width }),
      ...(density !== undefined && { density }),
      ...(found.needsImageType && { needsImageType: true }),
    });
  };
  const addCss = (
    context: 'stylesheet' | 'declarations',
    text: string,
    lazyAttribute?: string,
  ): undefined => {
    if (!mayNameImages(text)) return;
    entries.push({
      kind: 'css',
      context,
      text,
      element: element.name,
      owner: context === 'declarations' ? picture() : null,
      ...(lazyAttribute !== undefined && { lazyAttribute }),
    });
  };
  const finder: Finder = {
    attribute,
    text: () => withoutCdata(document.textOf(element)),
    isInPicture: pictures.isInPicture,
    addUrl: (name, text, options) => add(name, text, options ?? {}),
    addSrcset: function* (name, text) {
      let count = 0;
      for (const candidate of srcsetCandidates(text)) {
        add(name, candidate.url, candidate);
        count += 1;
        if (count % CANDIDATES_PER_STEP === 0) yield;
      }
    },
    addCss,
    addStylesheet: (href) => {
      entries.push({ kind: 'stylesheet', href, element: element.name, depth: 0 });
    },
    jsonLd: { urlsLeft: JSON_LD_URLS_MAX },
    leaveOut: (what) => leftOut.add(what),
  };

  const readLazy = function* (name: string, value: string, kind: ValueKind): Steps {
    const isImage = IMAGE_ELEMENTS.has(element.name) || (element.name === 'source' && pictures.isInPicture());
    if (kind === 'background' && CSS_FUNCTION.test(value)) {
      picture().hasLazyAttribute = true;
      picture().hasLazyBackground = true;
      addCss('declarations', `background:${value}`, name);
      return;
    }
    let count = 0;
    for (const candidate of candidatesOf(value, kind)) {
      count += 1;
      if (count % CANDIDATES_PER_STEP === 0) yield;
      if (candidate === null) continue;
      if (!(isImage ? isPlausibleAddress(candidate.url) : looksLikeImageAddress(candidate.url))) continue;
      picture().hasLazyAttribute = true;
      if (kind === 'background' || kind === 'bgset') picture().hasLazyBackground = true;
      add(name, candidate.url, { ...candidate, isLazy: true });
    }
  };

  const read = function* (): Steps {
    const rules = attributeRulesOf(element.name);
    for (const given of element.attrs) {
      const name = attributeName(given);
      const rule = rules?.get(name) ?? commonRuleOf(name);
      const lazyKind = rule === undefined ? lazyKindOf(name) : undefined;
      if (rule === undefined && lazyKind === undefined) continue;
      const value = trimAsciiWhitespace(given.value);
      if (value === '') continue;
      const steps =
        rule !== undefined
          ? rule(finder, value, name)
          : lazyKind !== undefined && readLazy(name, value, lazyKind);
      if (steps) yield* steps;
    }
    const steps = textRuleOf(element.name)?.(finder);
    if (steps) yield* steps;
  };

  return {
    look: (looked) => {
      element = looked;
      ownPicture = null;
      ownAlt = null;
      return element.attrs.length === 0 && textRuleOf(element.name) === undefined ? NOTHING : read();
    },
  };
}

const NOTHING: readonly undefined[] = [];

/** The candidates in an attribute's value. A `null` is a step without a candidate. */
function candidatesOf(value: string, kind: ValueKind): Iterable<SrcsetCandidate | null> {
  switch (kind) {
    case 'srcset':
      return srcsetCandidates(value);
    case 'bgset':
      return bgsetCandidates(value);
    default:
      return [{ url: value }];
  }
}

function altOf(alt: string | undefined): string | undefined {
  return alt === undefined || alt.length <= ALT_MAX_CHARS ? alt : alt.slice(0, ALT_MAX_CHARS).toWellFormed();
}

/** The text without a CDATA section around it. Pages written as XML may have one, which HTML takes for text. */
function withoutCdata(text: string): string {
  const trimmed = trimAsciiWhitespace(text);
  return trimmed.startsWith(CDATA_START)
    ? trimmed.slice(CDATA_START.length, trimmed.endsWith(CDATA_END) ? -CDATA_END.length : undefined)
    : text;
}

/**
 * The schemas of the responses. The types in `lib` are authoritative: at the end of this file, the compiler compares
 * each schema with its type. The schemas are here because no handler needs them, and no bundle should have them.
 */
import * as z from 'zod/mini';
import type { Changes, Counts, Item, Place, Reason, SkippedLine, Warning } from '../../lib/domain/model.ts';
import { IMAGE_CODES, PROBLEM_CODES, UNREACHABLE_REASONS } from '../../lib/domain/problem.ts';
import type { ProblemView } from '../../lib/http/responses.ts';
import type { HarvestView, LinkedItem, LookUpView, NamedLink } from '../../lib/http/views.ts';

/** All schemas to which the description refers, by name. */
export const SCHEMAS = z.registry<{ id: string }>();

const named = <T extends z.ZodMiniType>(id: string, description: string, schema: T): T => {
  SCHEMAS.add(schema, { id });
  return about(description, schema);
};
const about = <T extends z.ZodMiniType>(description: string, schema: T): T => {
  z.globalRegistry.add(schema, { description });
  return schema;
};

const count = () => z.int().check(z.nonnegative());
const pixels = () => z.nullable(z.int().check(z.nonnegative()));
const status = () => z.int().check(z.gte(100), z.lte(999));
const text = (description: string) => about(description, z.string());
const timestamp = () => z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/));
const time = (description: string) => about(description, timestamp());
const names = (description: string) => about(description, z.array(z.string()));

const imageCode = named(
  'ImageCode',
  'Why an image has no copy, or why its old one was kept.',
  z.enum(IMAGE_CODES),
);

const place = named(
  'Place',
  'One place where the page names the image.',
  z.strictObject({
    element: text('In lower case; `page` if the requested URL is itself an image.'),
    attribute: text('Attribute, CSS property, meta property or JSON-LD key.'),
    slot: about('The same number for all candidates of one picture.', z.int().check(z.nonnegative())),
    descriptor: z.optional(text('As in a `srcset`: `2x`, `640w`.')),
    alt: z.optional(z.string()),
    stylesheet: z.optional(text('URL of the linked stylesheet that contains the reference.')),
  }),
);
const foundIn = () => about('At most 20 are listed.', z.array(place));

const reason = named(
  'Reason',
  'Why the old copy was kept.',
  z.strictObject({ code: imageCode, detail: z.string(), status: z.optional(status()) }),
);

const skippedLine = named(
  'SkippedLine',
  'An image of the page that has no copy.',
  z.strictObject({
    url: z.string(),
    code: imageCode,
    detail: text('The meaning, in a sentence.'),
    status: z.optional(about("The status of the image server's response, with `IMAGE_STATUS`.", status())),
    foundIn: foundIn(),
  }),
);

const ITEM = {
  name: text("The object's key in the bucket: unique, and the same while the image is unchanged."),
  url: text('Absolute; `data:<type>;sha256,<32 hex digits>` for an inline image.'),
  sha256: about('Of the original bytes.', z.string().check(z.regex(/^[0-9a-f]{64}$/))),
  bytes: count(),
  contentType: text('From the bytes, not from the header.'),
  width: about(
    'Pixels as a browser shows the image, after orientation; null if the bytes do not say.',
    pixels(),
  ),
  height: pixels(),
  outcome: z.enum(['stored', 'unchanged', 'changed', 'kept']),
  foundIn: foundIn(),
  duplicateOf: z.optional(text('Name of the first item with the same bytes.')),
  reason: z.optional(reason),
};
const item = named('Item', 'An image that has a copy in the bucket.', z.strictObject(ITEM));

const href = () => text('Presigned link to the bytes, valid for 15 minutes by default.');
const linkedItem = named(
  'LinkedItem',
  'With `include=details,links`.',
  z.strictObject({ ...ITEM, href: href() }),
);
const namedLink = named(
  'NamedLink',
  'With `include=links`.',
  z.strictObject({ name: z.string(), href: href() }),
);

const counts = named(
  'Counts',
  '`discovered` = `items` + `skipped`, also where a list is cut.',
  z.strictObject({
    discovered: count(),
    items: count(),
    skipped: count(),
    byCode: about('Skipped lines by code.', z.partialRecord(z.enum(IMAGE_CODES), count())),
  }),
);

const warning = named(
  'Warning',
  'A stylesheet that was not read, or not whole, so that images may be missing. With the URL of the page: the page itself.',
  z.strictObject({
    url: z.string(),
    code: z.enum([
      'PAGE_UNREACHABLE',
      'PAGE_TIMEOUT',
      'PAGE_TOO_LARGE',
      'CONTENT_UNSUPPORTED',
      'ADDRESS_FORBIDDEN',
      'LIMIT_REACHED',
      'OUT_OF_TIME',
    ]),
    detail: z.string(),
    status: z.optional(status()),
  }),
);

const changes = named(
  'Changes',
  "What a PUT did to the page's copies, by name.",
  z.strictObject({
    added: z.array(z.string()),
    changed: z.array(z.string()),
    unchanged: z.array(z.string()),
    removed: z.array(z.string()),
    kept: z.array(z.string()),
  }),
);

const PAGE = {
  url: text('Canonical: as a browser spells it, without a fragment.'),
  complete: about(
    'False exactly when time ran out for a part of the page; a PUT continues from there.',
    z.boolean(),
  ),
  updatedAt: time('Moves only when something changed.'),
};

const harvest = named(
  'Record',
  'The outcome of each image of the page.',
  z.strictObject({
    dryRun: z.optional(z.literal(true)),
    ...PAGE,
    finalUrl: text('After redirects.'),
    createdAt: time('Of the first harvest.'),
    variants: z.enum(['all', 'best']),
    counts,
    images: names('The names of the copies, in page order.'),
    items: z.array(item),
    skipped: about('At most 2,000 are listed.', z.array(skippedLine)),
    warnings: z.array(warning),
    changes: z.optional(changes),
  }),
);

const lookUp = named(
  'LookUp',
  'The copies of a page, or of one image in all pages.',
  z.strictObject({
    ...PAGE,
    complete: about(
      'For a page: false exactly when time ran out for a part of it. For an image: true when this is true for all pages in this response, and the record of each can be read.',
      z.boolean(),
    ),
    updatedAt: about(
      'For a page: moves only when something changed. For an image: the newest of the pages in this response, `null` if it has none.',
      z.nullable(timestamp()),
    ),
    images: names("In page order; the copies of an image in the order of their pages' ids."),
    count: about('The number of names in this response.', count()),
    next: z.optional(
      text('The `cursor` for the next response. Only for an image, and only when there may be more copies.'),
    ),
    items: z.optional(about('With `include`.', z.array(z.union([item, linkedItem, namedLink])))),
    skipped: z.optional(about('With `include=details`.', z.array(skippedLine))),
  }),
);

const problem = named(
  'Problem',
  'RFC 9457.',
  z.strictObject({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int().check(z.gte(400), z.lte(599)),
    detail: text('What to do about it.'),
    code: about('What to branch on: the list is closed.', z.enum(PROBLEM_CODES)),
    reason: z.optional(about('With `PAGE_UNREACHABLE`.', z.enum(UNREACHABLE_REASONS))),
    upstreamStatus: z.optional(
      about("The status of the page server's response, with `reason` `status`.", status()),
    ),
  }),
);

/** The type without `readonly`, and without the `undefined` of optional members. */
type Plain<T> = T extends readonly (infer U)[]
  ? Plain<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<Exclude<T[K], undefined>> }
    : T;
type Same<A, B> =
  (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false;

/** A line does not compile when a schema and its type differ. */
export type Held = [
  Hold<Same<z.infer<typeof place>, Place>>,
  Hold<Same<z.infer<typeof reason>, Reason>>,
  Hold<Same<z.infer<typeof skippedLine>, SkippedLine>>,
  Hold<Same<z.infer<typeof item>, Item>>,
  Hold<Same<z.infer<typeof linkedItem>, LinkedItem>>,
  Hold<Same<z.infer<typeof namedLink>, NamedLink>>,
  Hold<Same<z.infer<typeof counts>, Counts>>,
  Hold<Same<z.infer<typeof warning>, Warning>>,
  Hold<Same<z.infer<typeof changes>, Changes>>,
  Hold<Same<z.infer<typeof harvest>, HarvestView>>,
  Hold<Same<z.infer<typeof lookUp>, LookUpView>>,
  Hold<Same<z.infer<typeof problem>, ProblemView>>,
];
type Hold<T extends true> = T;

/** What a caller may say: the body of POST and PUT, the query of GET. */
import * as z from 'zod/mini';
import { parsePageUrl } from '../domain/canonicalUrl.ts';
import type { Variants } from '../domain/model.ts';
import { Problem } from '../domain/problem.ts';
import { COPIES_USUAL } from '../lookup/lookUp.ts';
import { type HttpEvent, queryOf } from './httpEvent.ts';

/** Which `url` is good is for `parsePageUrl` to say: one that is missing has another code than one that is wrong. */
export const HarvestBody = z.strictObject({
  url: z.optional(z.unknown()),
  variants: z.optional(z.enum(['all', 'best'])),
  dryRun: z.optional(z.boolean()),
});

export const INCLUDES = ['details', 'links'] as const;

/** Copies of an image in one answer at most. */
export const COPIES_MAX = 1_000;

/** Every parameter with all its values. */
export const LookUpQuery = z.strictObject({
  url: z.optional(z.array(z.string()).check(z.maxLength(1))),
  include: z.optional(z.array(z.string()).check(z.maxLength(1))),
  limit: z.optional(z.array(z.string()).check(z.maxLength(1))),
  cursor: z.optional(z.array(z.string()).check(z.maxLength(1))),
});

export interface HarvestInput {
  readonly url: URL;
  readonly variants?: Variants;
  readonly isDryRun: boolean;
}

export type Include = (typeof INCLUDES)[number];

export interface LookUpInput {
  /** Canonical. */
  readonly url: string;
  readonly include: ReadonlySet<Include>;
  /** Of the copies of an image: 1 to `COPIES_MAX`. */
  readonly limit: number;
  /** As it came: whether it is one of this image is for `lookUp` to say. */
  readonly cursor?: string;
}

/**
 * The parsed body of a POST or PUT.
 * @throws BODY_INVALID, OPTION_INVALID, URL_REQUIRED, URL_INVALID
 */
export function readHarvestInput(body: unknown): HarvestInput {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Problem('BODY_INVALID', {
      detail: 'Send a JSON object such as {"url":"https://example.com/"}.',
    });
  }
  const parsed = HarvestBody.safeParse(body);
  if (!parsed.success) {
    throw new Problem('OPTION_INVALID', {
      detail: 'Send only "url", "variants" ("all" or "best") and "dryRun" (true or false).',
    });
  }
  const { url, variants, dryRun } = parsed.data;
  return { url: parsePageUrl(url), isDryRun: dryRun ?? false, ...(variants && { variants }) };
}

/**
 * The query of a GET.
 * @throws OPTION_INVALID, URL_REQUIRED, URL_INVALID
 */
export function readLookUpInput(event: HttpEvent): LookUpInput {
  const parsed = LookUpQuery.safeParse(Object.fromEntries(queryOf(event)));
  if (!parsed.success) {
    throw new Problem('OPTION_INVALID', {
      detail:
        'Send only "url", "include", "limit" and "cursor", each at most once. Percent-encode the url, with every "&" in it.',
    });
  }
  const { url, include, limit, cursor } = parsed.data;
  return {
    url: parsePageUrl(url?.[0]).href,
    include: readInclude(include?.[0]),
    limit: readLimit(limit?.[0]),
    ...(cursor?.[0] !== undefined && { cursor: cursor[0] }),
  };
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return COPIES_USUAL;
  const limit = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= COPIES_MAX) return limit;
  throw new Problem('OPTION_INVALID', { detail: '"limit" must be a whole number from 1 to 1000.' });
}

function readInclude(text: string | undefined): ReadonlySet<Include> {
  const values = text === undefined ? [] : text.split(',');
  const known = values.filter((value): value is Include => INCLUDES.some((include) => include === value));
  if (known.length === values.length) return new Set(known);
  throw new Problem('OPTION_INVALID', {
    detail: '"include" must be "details", "links", or both separated by a comma.',
  });
}

export const bodyInvalid = () =>
  new Problem('BODY_INVALID', { detail: 'Send a JSON object such as {"url":"https://example.com/"}.' });

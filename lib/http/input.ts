/** Reads the input of a call: the body of POST and PUT, the query of GET. */
import * as z from 'zod/mini';
import { parsePageUrl } from '../domain/canonicalUrl.ts';
import type { Variants } from '../domain/model.ts';
import { Problem } from '../domain/problem.ts';
import { COPIES_USUAL } from '../lookup/lookUp.ts';
import { type HttpEvent, queryOf } from './httpEvent.ts';

/** `url` may be anything here: `parsePageUrl` checks it, with one code for a missing and one for a wrong URL. */
export const HarvestBody = z.strictObject({
  url: z.optional(z.unknown()),
  variants: z.optional(z.enum(['all', 'best'])),
  dryRun: z.optional(z.boolean()),
});

export const INCLUDES = ['details', 'links'] as const;

/** The largest `limit`: copies of an image in one response. */
export const COPIES_MAX = 1_000;

/** Each parameter is a list of its values, and may occur once. */
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
  /** Number of copies of an image at most: 1 to `COPIES_MAX`. */
  readonly limit: number;
  /** Unchecked: `lookUp` checks that it belongs to this image. */
  readonly cursor?: string;
}

/**
 * The input of a POST or PUT, from its parsed JSON body.
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
 * The input of a GET, from its query.
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

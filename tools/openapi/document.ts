/** The description of the API in OpenAPI 3.1. Its schemas are JSON Schema 2020-12, which zod writes. */
import * as z from 'zod/mini';
import type { ProblemCode } from '../../lib/domain/problem.ts';
import { COPIES_MAX, HarvestBody, INCLUDES, type LookUpQuery } from '../../lib/http/input.ts';
import { PROBLEMS } from '../../lib/http/problems.ts';
import { CURSOR } from '../../lib/lookup/copiesCursor.ts';
import { COPIES_USUAL } from '../../lib/lookup/lookUp.ts';
import {
  codesByStatus,
  HEADERS,
  type HeaderName,
  OPERATIONS,
  type OperationFacts,
  RETRIED,
} from './operations.ts';
import { type Act, METHODS, type Method } from './rehearsal.ts';
import { SCHEMAS } from './schemas.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

const DESCRIPTION = `Finds every image that a web page uses, downloads them safely, stores the original bytes in an S3-compatible bucket, and reports the outcome of each image. The URL of a single image works as well.

Errors are RFC 9457 problems with a stable \`code\`. The gateway in front of the service also sends its own responses, which are not in this list: 404 for a path or method that is not described here, and 4xx for a request whose line and header are too long (10 KB on AWS). On AWS it also sends 403 without a valid signature, and 429 when calls come too fast.`;

const URL_DESCRIPTION =
  'Absolute http(s) URL with a well-formed host and without credentials. A fragment is dropped. Spellings that a browser treats as equal name the same page.';

/** The rules of `parsePageUrl`, as far as a schema can express them. */
const PAGE_URL = {
  type: 'string',
  minLength: 1,
  maxLength: 2048,
  pattern: '^[Hh][Tt][Tt][Pp][Ss]?://',
  description: URL_DESCRIPTION,
} as const;

const ref = (section: string, name: string) => ({ $ref: `#/components/${section}/${name}` });

/**
 * The description.
 * @param acts the calls that become its examples
 * @param version of the service
 */
export function describeApi(acts: readonly Act[], version: string): JsonObject {
  const schemas = schemasOf();
  return {
    openapi: '3.1.1',
    info: {
      title: 'Image Processing API',
      version,
      summary: 'Finds every image a web page uses and keeps the original bytes.',
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'http://localhost:8080', description: 'The API of `npm start`, on the default `PORT`' }],
    // Local stacks need no authorization. On AWS the stage decides (README, "Deploy").
    security: [],
    paths: {
      '/images': Object.fromEntries(METHODS.map((method) => [method, operationOf(method, acts)])),
    },
    components: {
      schemas,
      headers: Object.fromEntries(
        Object.entries(HEADERS).map(([name, { description }]) => [
          name,
          { description, schema: { type: name === 'Retry-After' ? 'integer' : 'string' } },
        ]),
      ),
    },
  };
}

function operationOf(method: Method, acts: readonly Act[]): JsonObject {
  const facts = OPERATIONS[method];
  const own = acts.filter((act) => act.method === method);
  return {
    operationId: facts.id,
    summary: facts.summary,
    description: facts.description,
    ...(facts.takes === 'query' && { parameters: parameters() }),
    ...(facts.takes === 'body' && { requestBody: requestBody(own) }),
    responses: Object.fromEntries(
      [...successesOf(facts, own), ...problemsOf(facts, own)].sort(([a], [b]) => Number(a) - Number(b)),
    ),
  };
}

/** The parameters of a look-up. In the handlers' schema each is a list of at most one value. */
function parameters(): Json[] {
  const described: Readonly<Record<keyof typeof LookUpQuery.shape, JsonObject>> = {
    url: { required: true, schema: PAGE_URL },
    include: {
      description:
        '`details` adds items and skipped lines, `links` a presigned link to each item. Separated by a comma.',
      style: 'form',
      explode: false,
      schema: { type: 'array', minItems: 1, items: { type: 'string', enum: [...INCLUDES] } },
    },
    limit: {
      description: 'The most copies of an image in one answer. A page is answered whole.',
      schema: { type: 'integer', minimum: 1, maximum: COPIES_MAX, default: COPIES_USUAL },
    },
    cursor: {
      description:
        'The `next` of the answer before, with the same `url`: goes on with the copies of that image. `include` and `limit` may change.',
      schema: { type: 'string', pattern: CURSOR.source },
    },
  };
  const query = Object.entries(described).map(([name, rest]) => ({ name, in: 'query', ...rest }));
  const condition = {
    name: 'If-None-Match',
    in: 'header',
    description: 'The `ETag` of an earlier answer: 304 where it still holds.',
    schema: { type: 'string' },
  };
  return [...query, condition];
}

/** Additions to the handlers' schema of each member. */
const MEMBERS: Readonly<Record<keyof typeof HarvestBody.shape, JsonObject>> = {
  url: PAGE_URL,
  variants: {
    description:
      'Every candidate of every picture, or of each picture only the largest. The default of POST is `all`, that of PUT what the record has.',
  },
  dryRun: { description: 'Fetches and checks as usual, and stores nothing.' },
};

function requestBody(acts: readonly Act[]): JsonObject {
  const { properties, ...schema } = jsonSchemaOf(HarvestBody) as { readonly properties: JsonObject };
  const members = Object.entries(properties).map(([name, member]) => [
    name,
    { ...(member as JsonObject), ...MEMBERS[name as keyof typeof MEMBERS] },
  ]);
  const examples = acts.filter((act) => act.request !== undefined && act.status < 300);
  return {
    required: true,
    description: 'At most 16 KiB, in UTF-8.',
    content: {
      'application/json': {
        schema: { ...schema, required: ['url'], properties: Object.fromEntries(members) },
        examples: Object.fromEntries(
          examples.map(({ name, request }) => [keyOf(name), { summary: name, value: request as Json }]),
        ),
      },
    },
  };
}

function successesOf(facts: OperationFacts, acts: readonly Act[]): [string, JsonObject][] {
  return Object.entries(facts.successes).map(([status, { description, schema, headers }]) => [
    status,
    {
      description,
      headers: headersOf(headers),
      ...(schema && {
        content: {
          'application/json': { schema: ref('schemas', schema), examples: examplesOf(acts, Number(status)) },
        },
      }),
    },
  ]);
}

function problemsOf(facts: OperationFacts, acts: readonly Act[]): [string, JsonObject][] {
  return [...codesByStatus(facts.codes)].map(([status, codes]) => {
    const headers: HeaderName[] = ['Cache-Control'];
    if (codes.some((code) => RETRIED.includes(code))) headers.push('Retry-After');
    return [
      String(status),
      {
        description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
        headers: headersOf(headers),
        // A response to HEAD has no body.
        ...(acts.some((act) => act.status === status && act.body !== undefined) && {
          content: {
            'application/problem+json': {
              schema: problemSchema(status, codes),
              examples: examplesOf(acts, status),
            },
          },
        }),
      },
    ];
  });
}

/** The schema of a problem with one of these codes. */
function problemSchema(status: number, codes: readonly ProblemCode[]): JsonObject {
  const properties = { status: { const: status }, code: { enum: [...codes] } };
  return { allOf: [ref('schemas', 'Problem'), { type: 'object', properties }] };
}

function headersOf(names: readonly HeaderName[]): JsonObject {
  return Object.fromEntries(['X-Request-Id', ...names].map((name) => [name, ref('headers', name)]));
}

function examplesOf(acts: readonly Act[], status: number): JsonObject {
  const shown = acts.filter((act) => act.status === status && act.body !== undefined);
  return Object.fromEntries(
    shown.map(({ name, body }) => [keyOf(name), { summary: name, value: body as Json }]),
  );
}

/** A name as a key of the description, which may have letters, digits, dots, hyphens and underscores. */
const keyOf = (name: string) => name.replaceAll(/[^A-Za-z0-9]+/g, '-');

function schemasOf(): JsonObject {
  const { schemas } = z.toJSONSchema(SCHEMAS, {
    uri: (id) => `#/components/schemas/${id}`,
    // The limit of all whole numbers in JavaScript does not help a reader.
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }) as { readonly schemas: Readonly<Record<string, JsonObject>> };
  // In an OpenAPI description, a schema needs neither a dialect nor an id.
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _, $id: __, id: ___, ...schema }]) => [name, schema]),
  );
}

function jsonSchemaOf(schema: z.ZodMiniType): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' }) as JsonObject;
  return rest;
}

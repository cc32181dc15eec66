/** Compares responses with `static/openapi.yaml`. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '../..');

interface Media {
  readonly schema: object;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Described {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, Media>>;
}

interface Description {
  readonly info: { readonly version: string };
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Described>> }>>>
  >;
}

/** A response as a test sees it. Header names are in lower case. */
export interface SeenAnswer {
  readonly method: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed body; absent without one. */
  readonly body?: unknown;
}

/** Fields of every response, and fields that the HTTP server adds. The description does not list them. */
const UNLISTED =
  /^(content-type|content-length|content-encoding|transfer-encoding|accept-ranges|connection|keep-alive|date|vary|x-content-type-options|content-security-policy|referrer-policy|cross-origin-resource-policy|access-control-.*)$/;

export function readDescription() {
  const text = readFileSync(join(ROOT, 'static/openapi.yaml'), 'utf8');
  const description = parse(text) as Description;
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema(description, 'api');
  const compiled = new Map<string, ValidateFunction>();
  const validatorOf = (pointer: string) => {
    const known = compiled.get(pointer) ?? ajv.compile({ $ref: `api#${pointer}` });
    compiled.set(pointer, known);
    return known;
  };

  /** Every difference between a response and the description. */
  const faultsOf = ({ method, status, headers, body }: SeenAnswer): readonly string[] => {
    const described = description.paths['/images']?.[method]?.responses[status];
    if (described === undefined) return [`${method} is not described with ${status}`];
    const faults = Object.keys(headers)
      .filter((name) => !UNLISTED.test(name) && !hasName(described.headers ?? {}, name))
      .map((name) => `the header ${name} is not described`);
    const [type] = (headers['content-type'] ?? '').split(';');
    const media = described.content?.[type ?? ''];
    if (body === undefined) {
      const isMissing = described.content !== undefined;
      return isMissing ? [...faults, 'there is no body'] : faults;
    }
    if (media === undefined) return [...faults, `a body of type ${type} is not described`];
    const escaped = type?.replaceAll('/', '~1');
    const validate = validatorOf(`/paths/~1images/${method}/responses/${status}/content/${escaped}/schema`);
    validate(body);
    return [
      ...faults,
      ...(validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`),
    ];
  };

  return { text, description, faultsOf };
}

const hasName = (headers: Readonly<Record<string, unknown>>, name: string) =>
  Object.keys(headers).some((described) => described.toLowerCase() === name);

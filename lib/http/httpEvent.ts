/** Reads the event of an HTTP gateway: payload 2.0, or the older 1.0. Any member may be missing. */

export interface HttpEvent {
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly rawQueryString?: string | null;
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly body?: unknown;
  readonly isBase64Encoded?: boolean;
  /** Payload 2.0. */
  readonly requestContext?: { readonly http?: { readonly method?: string } } | null;
  /** Payload 1.0. */
  readonly httpMethod?: string;
}

/** The method in upper case; undefined when the event has none. */
export function methodOf({ requestContext, httpMethod }: HttpEvent): string | undefined {
  return requestContext?.http?.method ?? httpMethod;
}

/**
 * The value of one header field, in any case; undefined when it is absent.
 * @param name in lower case
 */
export function headerOf(event: HttpEvent, name: string): string | undefined {
  const entries = [...Object.entries(event.multiValueHeaders ?? {}), ...Object.entries(event.headers ?? {})];
  const value = entries.findLast(([key, value]) => value !== undefined && key.toLowerCase() === name)?.[1];
  return typeof value === 'string' ? value : value?.join(', ');
}

/** All query parameters, each with all its values, decoded. */
export function queryOf(event: HttpEvent): ReadonlyMap<string, readonly string[]> {
  const pairs = event.rawQueryString
    ? [...new URLSearchParams(event.rawQueryString)]
    : [
        ...Object.entries(event.queryStringParameters ?? {}),
        // In payload 1.0 this member repeats the values above; repeated values are dropped below.
        ...Object.entries(event.multiValueQueryStringParameters ?? {}).flatMap(([key, values]) =>
          (values ?? []).map((value): [string, string] => [key, value]),
        ),
      ];
  const query = new Map<string, string[]>();
  for (const [key, value] of pairs) {
    if (value === undefined) continue;
    const values = query.get(key);
    if (values === undefined) query.set(key, [value]);
    else values.push(value);
  }
  if (event.rawQueryString) return query;
  return new Map([...query].map(([key, values]) => [key, [...new Set(values)]]));
}

/** Number of bytes of the body as sent, before base64; 0 without a body. */
export function bodyBytes({ body, isBase64Encoded }: HttpEvent): number {
  if (typeof body !== 'string') return 0;
  return Buffer.byteLength(body, isBase64Encoded ? 'base64' : 'utf8');
}

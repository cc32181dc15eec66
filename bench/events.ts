/** Events as the HTTP API's gateway makes them (payload 2.0), as far as a client has a say in them. */

export type HttpEvent = ReturnType<typeof event>;

export const getEvent = (url: string, options: { include?: string; ifNoneMatch?: string } = {}) =>
  event('GET', {
    query: `url=${encodeURIComponent(url)}${options.include ? `&include=${options.include}` : ''}`,
    headers: options.ifNoneMatch ? { 'if-none-match': options.ifNoneMatch } : {},
  });

export const writeEvent = (method: 'POST' | 'PUT', url: string) =>
  event(method, { body: JSON.stringify({ url }), headers: { 'content-type': 'application/json' } });

function event(
  method: string,
  parts: { query?: string; body?: string; headers: Readonly<Record<string, string>> },
) {
  const { query = '', body, headers } = parts;
  return {
    version: '2.0',
    routeKey: `${method} /images`,
    rawPath: '/images',
    rawQueryString: query,
    headers: { accept: '*/*', host: 'api.example', 'user-agent': 'bench', ...headers },
    requestContext: {
      http: { method, path: '/images', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'bench' },
      requestId: 'bench',
      stage: '$default',
    },
    isBase64Encoded: false,
    ...(body !== undefined && { body }),
  };
}

import { describe, expect, it } from '@jest/globals';
import { corsHeaders } from '../../../lib/http/cors.ts';
import type { HttpEvent } from '../../../lib/http/httpEvent.ts';

const APP = 'https://app.example.test';
const eventOf = (method: string, headers: Record<string, string> = {}): HttpEvent => ({
  requestContext: { http: { method } },
  headers,
});
const preflight = (origin: string) => eventOf('OPTIONS', { origin, 'access-control-request-method': 'PUT' });
const EXPOSED = { 'access-control-expose-headers': 'ETag, Location, Retry-After, X-Request-Id' };

describe('CORS', () => {
  it('says nothing where the settings name nobody', () => {
    for (const event of [eventOf('GET'), eventOf('GET', { origin: APP }), preflight(APP)]) {
      expect(corsHeaders([], event)).toEqual({});
    }
  });

  it.each([['origin'], ['Origin'], ['ORIGIN']])(
    'lets an origin of the list read, by the header %s',
    (name) => {
      expect(corsHeaders(['https://other.test', APP], eventOf('GET', { [name]: APP }))).toEqual({
        'access-control-allow-origin': APP,
        vary: 'Origin',
        ...EXPOSED,
      });
    },
  );

  it.each([
    'https://evil.test',
    'https://app.example.test.evil.test',
    'https://evil.test#https://app.example.test',
    'http://app.example.test',
    'https://app.example.test:444',
    'HTTPS://APP.EXAMPLE.TEST',
    'null',
    '*',
    '',
  ])('lets %s read nothing, and tells caches that it depends on the origin', (origin) => {
    expect(corsHeaders([APP], eventOf('GET', { origin }))).toEqual({ vary: 'Origin' });
    expect(corsHeaders([APP], preflight(origin))).toEqual({ vary: 'Origin' });
  });

  it('tells caches so without an origin too', () => {
    expect(corsHeaders([APP], eventOf('GET'))).toEqual({ vary: 'Origin' });
    expect(corsHeaders([APP], {})).toEqual({ vary: 'Origin' });
    expect(corsHeaders([APP], { headers: null, requestContext: null })).toEqual({ vary: 'Origin' });
  });

  it('answers a preflight with methods, headers and for how long', () => {
    expect(corsHeaders([APP], preflight(APP))).toEqual({
      'access-control-allow-origin': APP,
      'access-control-allow-methods': 'GET, HEAD, POST, PUT',
      'access-control-allow-headers':
        'Content-Type, If-None-Match, Authorization, X-Amz-Content-Sha256, X-Amz-Date, X-Amz-Security-Token',
      'access-control-max-age': '7200',
      vary: 'Origin',
    });
  });

  it('takes an OPTIONS without a wanted method for no preflight', () => {
    expect(corsHeaders([APP], eventOf('OPTIONS', { origin: APP }))).not.toHaveProperty(
      'access-control-max-age',
    );
  });

  it('lets everybody read where the setting says so, with one answer for all', () => {
    for (const headers of [{}, { origin: APP }, { origin: 'null' }]) {
      expect(corsHeaders('*', eventOf('GET', headers))).toEqual({
        'access-control-allow-origin': '*',
        ...EXPOSED,
      });
    }
    expect(corsHeaders('*', preflight(APP))).toMatchObject({ 'access-control-allow-origin': '*' });
  });

  it('never allows credentials', () => {
    for (const origins of ['*', [APP]] as const) {
      expect(corsHeaders(origins, preflight(APP))).not.toHaveProperty('access-control-allow-credentials');
    }
  });
});

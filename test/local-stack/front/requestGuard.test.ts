import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  createRequestGuard,
  type GuardOptions,
  hostnameOf,
  type RequestHead,
} from '../../../local-stack/front/requestGuard.ts';
import { processorTimeWithin } from '../../support/processorTime.ts';

type Fields = Readonly<Record<string, string | readonly string[]>>;

const head = (method: string, fields: Fields, url = '/images'): RequestHead => ({
  method,
  url,
  rawHeaders: Object.entries(fields).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [name, value]),
  ),
});

/** The code of the refusal, null for a request that may pass. */
function judge(request: RequestHead, options: Partial<GuardOptions> = {}): string | null {
  return createRequestGuard({ host: '127.0.0.1', ...options })(request)?.code ?? null;
}

const judgeHost = (host: string | readonly string[], options?: Partial<GuardOptions>) =>
  judge(head('GET', { Host: host }), options);
const OWN = 'localhost:8080';

describe('the guard of hosts', () => {
  it.each([
    'localhost',
    'localhost:8080',
    'LocalHost:1',
    'localhost.',
    'localhost.:8081',
    '127.0.0.1:8080',
    '127.1',
    '2130706433',
    '[::1]',
    '[::1]:8080',
    '[0:0:0:0:0:0:0:1]:8080',
    '[::1%lo]:8080',
    'localhost:',
  ])('knows %s as its own', (host) => {
    expect(judgeHost(host)).toBeNull();
  });

  it.each([
    'evil.test',
    'evil.test:8080',
    'localhost.evil.test',
    'evil.localhost',
    'localhost..',
    '192.168.1.5:8080',
    '0.0.0.0:8080',
    '127.0.0.2',
    '[::2]',
    '[::1]evil.test',
    '[::1',
    'localhost:8080:1',
    'user@localhost',
    'localhost@evil.test',
    'localhost/evil',
    'localhost#evil',
    'localhost\\evil',
    'localhost evil',
    'localhost,evil.test',
    '',
    ':8080',
    'app',
  ])('does not know %j', (host) => {
    expect(judgeHost(host)).toBe('HOST_UNKNOWN');
  });

  it('knows the name that it listens on, and those of the settings', () => {
    expect(judgeHost('app:8080', { allowedHosts: ['app'] })).toBeNull();
    expect(judgeHost('APP.:80', { allowedHosts: ['app'] })).toBeNull();
    expect(judgeHost('app.evil.test', { allowedHosts: ['app'] })).toBe('HOST_UNKNOWN');
    expect(judgeHost('machine.lan', { host: 'machine.lan' })).toBeNull();
    expect(judgeHost('192.168.1.5:1', { host: '192.168.1.5' })).toBeNull();
    expect(judgeHost('[fe80::1]:8080', { host: 'fe80::1%eth0' })).toBeNull();
  });

  it.each(['0.0.0.0', '::'])('knows every address, and no name, where it listens on %s', (host) => {
    expect(judgeHost('192.168.1.5:8080', { host })).toBeNull();
    expect(judgeHost('[fe80::1]:8080', { host })).toBeNull();
    expect(judgeHost('evil.test', { host })).toBe('HOST_UNKNOWN');
    expect(judgeHost('192.168.1.5.evil.test', { host })).toBe('HOST_UNKNOWN');
  });

  it('takes one Host, and none of HTTP/1.0', () => {
    expect(judgeHost([OWN, 'evil.test'])).toBe('HOST_UNKNOWN');
    expect(judgeHost(['evil.test', OWN])).toBe('HOST_UNKNOWN');
    expect(judgeHost([OWN, OWN])).toBe('HOST_UNKNOWN');
    expect(judge(head('GET', {}))).toBeNull();
  });

  it.each([
    ['http://localhost:8080/images', null],
    ['http://evil.test/images', 'HOST_UNKNOWN'],
    ['HTTP:\\\\evil.test/images', 'HOST_UNKNOWN'],
    ['http:evil.test/images', 'HOST_UNKNOWN'],
    ['http://localhost@evil.test/', 'HOST_UNKNOWN'],
    ['//evil.test/images', null],
    ['/http://evil.test/', null],
    ['*', null],
  ])('looks at the target %s too', (url, code) => {
    expect(judge(head('GET', { Host: OWN }, url))).toBe(code);
  });

  it('knows no name that another one ends or begins', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z]$/);
    fc.assert(
      fc.property(label, fc.constantFrom('localhost', '127.0.0.1', '[::1]'), (name, own) => {
        expect(judgeHost(`${name}.${own}`)).toBe('HOST_UNKNOWN');
        expect(judgeHost(`${own}.${name}`)).toBe('HOST_UNKNOWN');
        expect(judgeHost(`${own}${name}`)).toBe('HOST_UNKNOWN');
      }),
    );
  });

  it.each(['\u00e9', '\u00e9.', 'a', 'a.', '1.', 'xn--a', '-', '%', '[', '[:', ':', '@', ' '])(
    'judges 64 KiB of %j at once',
    async (piece) => {
      const text = piece.repeat((64 * 1024) / piece.length);
      for (const name of ['Host', 'Origin', 'Sec-Fetch-Site', 'Sec-Fetch-Dest']) {
        for (const value of [text, `http://${text}`, `localhost${text}`, `[::1%${text}`]) {
          const request = head('GET', { Host: OWN, [name]: value }, value);
          expect(await processorTimeWithin(5, () => judge(request))).toBeLessThan(5);
          if (name !== 'Sec-Fetch-Dest') expect(judge(request)).not.toBeNull();
        }
      }
    },
  );

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (host, origin, url) => {
        const code = judge(head('POST', { Host: host, Origin: origin }, url));
        const isOwn = ['localhost', '127.0.0.1', '[::1]'].includes(hostnameOf(host) ?? '');
        if (!isOwn) expect(code).toBe('HOST_UNKNOWN');
      }),
    );
  });
});

describe('the guard of origins', () => {
  const FOREIGN = [
    'http://evil.test',
    'https://evil.test:8080',
    'http://localhost:3000',
    'http://localhost',
    'http://127.0.0.1:8080',
    'http://evil.localhost:8080',
    'null',
    '',
    'file://',
    'chrome-extension://abc',
    'ftp://localhost:8080',
    'http://localhost:8080, http://evil.test',
  ];

  it.each(FOREIGN)('refuses %j, whatever the method', (origin) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE']) {
      expect(judge(head(method, { Host: OWN, Origin: origin }))).toBe('ORIGIN_FORBIDDEN');
    }
  });

  it.each([
    ['localhost:8080', 'http://localhost:8080'],
    ['LOCALHOST:8080', 'http://localhost:8080'],
    ['localhost', 'http://localhost'],
    ['localhost:80', 'http://localhost'],
    ['[::1]:8080', 'http://[::1]:8080'],
    // Behind something that ends TLS.
    ['localhost', 'https://localhost'],
  ])('lets pages of its own call: %s by %s', (host, origin) => {
    expect(judge(head('POST', { Host: host, Origin: origin, 'Sec-Fetch-Site': 'same-origin' }))).toBeNull();
  });

  it('lets those call that the settings name, and only by an origin', () => {
    const corsOrigins = ['https://app.example.com'];
    const by = (fields: Fields) => judge(head('POST', { Host: OWN, ...fields }), { corsOrigins });
    const cross = { 'Sec-Fetch-Site': 'cross-site' };
    expect(by({ Origin: 'https://app.example.com', ...cross })).toBeNull();
    expect(by({ Origin: 'https://app.example.com.evil.test', ...cross })).toBe('ORIGIN_FORBIDDEN');
    expect(by({ Origin: ['https://app.example.com', 'https://evil.test'] })).toBe('ORIGIN_FORBIDDEN');
    expect(by(cross)).toBe('ORIGIN_FORBIDDEN');
    for (const origin of [...FOREIGN, 'null']) {
      expect(judge(head('POST', { Host: OWN, Origin: origin, ...cross }), { corsOrigins: '*' })).toBeNull();
    }
    expect(judge(head('POST', { Host: 'evil.test' }), { corsOrigins: '*' })).toBe('HOST_UNKNOWN');
  });

  it('lets programs call that send neither', () => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      expect(judge(head(method, { Host: OWN, 'User-Agent': 'curl/8' }))).toBeNull();
    }
  });

  it.each(['cross-site', 'same-site', 'CROSS-SITE', 'something-new', ''])(
    'refuses what a browser sends for a page of another origin: %j',
    (site) => {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
        expect(judge(head(method, { Host: OWN, 'Sec-Fetch-Site': site }))).toBe('ORIGIN_FORBIDDEN');
      }
    },
  );

  it.each(['same-origin', 'none'])('lets pass what a browser sends with %s', (site) => {
    expect(judge(head('GET', { Host: OWN, 'Sec-Fetch-Site': site }))).toBeNull();
  });

  const fetched = (method: string, mode: string, destination: string, more: Fields = {}) =>
    head(method, {
      Host: OWN,
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': mode,
      'Sec-Fetch-Dest': destination,
      ...more,
    });

  it('lets a person follow a link from another site, and no page do more', () => {
    expect(judge(fetched('GET', 'navigate', 'document'))).toBeNull();
    expect(judge(fetched('HEAD', 'navigate', 'document'))).toBeNull();
    expect(judge(fetched('POST', 'navigate', 'document'))).toBe('ORIGIN_FORBIDDEN');
    expect(judge(fetched('POST', 'navigate', 'document', { Origin: 'null' }))).toBe('ORIGIN_FORBIDDEN');
    for (const destination of ['iframe', 'frame', 'embed', 'object', 'fencedframe']) {
      expect(judge(fetched('GET', 'navigate', destination))).toBe('ORIGIN_FORBIDDEN');
    }
    for (const destination of ['script', 'style', 'image', 'empty', 'worker', 'video', 'manifest']) {
      expect(judge(fetched('GET', 'no-cors', destination))).toBe('ORIGIN_FORBIDDEN');
      expect(judge(fetched('GET', 'cors', destination))).toBe('ORIGIN_FORBIDDEN');
    }
  });

  it('lets the pictures of the store be shown elsewhere, and nothing else of it', () => {
    const options = { isShownElsewhere: true };
    expect(judge(fetched('GET', 'no-cors', 'image'), options)).toBeNull();
    expect(judge(fetched('GET', 'navigate', 'document'), options)).toBeNull();
    expect(judge(fetched('GET', 'cors', 'image', { Origin: 'http://evil.test' }), options)).toBe(
      'ORIGIN_FORBIDDEN',
    );
    for (const [method, mode, destination] of [
      ['GET', 'no-cors', 'script'],
      ['GET', 'no-cors', 'empty'],
      ['GET', 'navigate', 'iframe'],
      ['PUT', 'no-cors', 'image'],
      ['POST', 'no-cors', 'image'],
      ['DELETE', 'navigate', 'document'],
    ] as const) {
      expect(judge(fetched(method, mode, destination), options)).toBe('ORIGIN_FORBIDDEN');
    }
  });
});

import { createSecureContext } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../../lib/config.ts';
import { firstBroken } from '../../../lib/tls/authorities.ts';
import { selfSigned } from '../web/selfSigned.ts';

const certs = Array.from({ length: 3 }, () => selfSigned('localhost', new Date()).cert);
const body = (cert: string) => cert.split('\n').slice(1, -2);

/** What goes wrong with a certificate on its way into a setting. */
const BREAKAGES: readonly (readonly [string, (cert: string) => string])[] = [
  ['cut off in the middle', (cert) => `${cert.slice(0, cert.length / 2)}\n`],
  ['without its last line', (cert) => cert.replace(/-----END.*\n/, '')],
  ['with a line left out', (cert) => cert.replace(`${body(cert)[1]}\n`, '')],
  [
    'with a letter that Base64 does not have',
    (cert) => cert.replace(body(cert)[0]?.slice(0, 4) ?? '', '!!!!'),
  ],
  ['on one line', (cert) => `${cert.replaceAll('\n', ' ')}\n`],
  ['empty', () => '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
  ['ended as another kind', (cert) => cert.replace('END CERTIFICATE', 'END X509 CRL')],
];

describe('certificates of authorities', () => {
  it('are taken, one and several', () => {
    expect(firstBroken(certs[0] ?? '')).toBeNull();
    expect(firstBroken(certs.join(''))).toBeNull();
    expect(firstBroken(certs.join('').replaceAll('\n', '\r\n'))).toBeNull();
  });

  it.each(['', 'text', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'])(
    'are not there: %j',
    (text) => {
      expect(firstBroken(text)).toBe(1);
    },
  );

  for (const [name, broken] of BREAKAGES) {
    it.each([0, 1, 2])(`are refused with their number, ${name}: the one at %i`, (at) => {
      const text = certs.map((cert, index) => (index === at ? broken(cert) : cert)).join('');
      expect(firstBroken(text)).toBe(at + 1);
      const said = () => readConfig({ S3_BUCKET: 'images', S3_ENDPOINT: 'https://minio.test', S3_CA: text });
      expect(said).toThrow(
        at === 0 ? /S3_CA must be a certificate in PEM/ : `number ${at + 1} cannot be read`,
      );
    });
  }

  it('would be left out in silence by TLS itself', () => {
    const [first = '', second = '', third = ''] = certs;
    expect(() => createSecureContext({ ca: `${first}${second.slice(0, 90)}\n${third}` })).not.toThrow();
  });
});

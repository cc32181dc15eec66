/** Certificates made on the spot, so that no private key lies in the repository. X.509 as in RFC 5280 section 4.1. */
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';

export interface SelfSigned {
  readonly key: string;
  readonly cert: string;
}

/** A certificate for `hostname` that vouches for itself, valid from a day before to a day after `at`. */
export function selfSigned(hostname: string, at: Date, ...others: readonly string[]): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // OpenSSL finds an authority by its name: no two have the same.
  const commonName = Buffer.from(`${hostname} ${randomUUID()}`);
  const name = der(0x30, der(0x31, der(0x30, OID.commonName, der(0x0c, commonName))));
  const day = 86_400_000;
  const validity = der(0x30, time(at.getTime() - day), time(at.getTime() + day));
  const isAuthority = der(0x30, OID.basicConstraints, der(0x04, der(0x30, der(0x01, Buffer.from([0xff])))));
  const names = [hostname, ...others].map((each) => der(0x82, Buffer.from(each)));
  const hosts = der(0x30, OID.subjectAltName, der(0x04, der(0x30, ...names)));
  const algorithm = der(0x30, OID.ecdsaWithSha256);
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, isAuthority, hosts)),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const base64 = der(0x30, body, algorithm, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}

const OID = {
  commonName: Buffer.from('0603550403', 'hex'),
  basicConstraints: Buffer.from('0603551d13', 'hex'),
  subjectAltName: Buffer.from('0603551d11', 'hex'),
  ecdsaWithSha256: Buffer.from('06082a8648ce3d040302', 'hex'),
};

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** GeneralizedTime, which has four digits for the year. */
function time(ms: number): Buffer {
  return der(0x18, Buffer.from(`${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`));
}

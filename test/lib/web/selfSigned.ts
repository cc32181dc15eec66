/** Certificates made on the spot, so that no private key lies in the repository. X.509 as in RFC 5280 section 4.1. */
import {
  generateKeyPairSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
  randomUUID,
  sign,
} from 'node:crypto';

export interface SelfSigned {
  readonly key: string;
  readonly cert: string;
}

/** A certificate for these hosts that vouches for itself, valid from a day before to a day after `at`. */
export function selfSigned(hostname: string, at: Date, ...others: readonly string[]): SelfSigned {
  const keys = newKeys();
  // OpenSSL finds an authority by its name: no two have the same.
  const name = nameOf(`${hostname} ${randomUUID()}`);
  const own = { name, privateKey: keys.privateKey };
  const subject = { hostnames: [hostname, ...others], at, isAuthority: true, serial: 1, name };
  return { key: pemOf(keys), cert: certify(keys, own, subject) };
}

/** An authority, and what it signs: certificates that vouch for no other. */
export function createAuthority(at: Date) {
  const keys = newKeys();
  const issuer = { name: nameOf('Authority of the tests'), privateKey: keys.privateKey };
  const hostnames = ['authority.test'];
  return {
    cert: certify(keys, issuer, { hostnames, at, isAuthority: true, serial: 1, name: issuer.name }),
    issue: (name: string): SelfSigned => {
      const own = newKeys();
      const cert = certify(own, issuer, { hostnames: [name], at, isAuthority: false, serial: 2 });
      return { key: pemOf(own), cert };
    },
    /** For a client alone (extended key usage, RFC 5280 section 4.2.1.12). */
    issueForClient: (name: string): SelfSigned => {
      const own = newKeys();
      const subject = { hostnames: [name], at, isAuthority: false, serial: 3, isClient: true };
      return { key: pemOf(own), cert: certify(own, issuer, subject) };
    },
    /** Signed by what is no authority; with its chain. */
    issueByLeaf: (name: string): SelfSigned => {
      const [leaf, own] = [newKeys(), newKeys()];
      const between = { name: nameOf('No authority'), privateKey: leaf.privateKey };
      const subject = { hostnames: ['leaf.test'], at, isAuthority: false, serial: 4, name: between.name };
      const chain = certify(leaf, issuer, subject);
      const cert = certify(own, between, { hostnames: [name], at, isAuthority: false, serial: 5 });
      return { key: pemOf(own), cert: `${cert}${chain}` };
    },
  };
}

type Keys = KeyPairKeyObjectResult;

interface Subject {
  readonly hostnames: readonly string[];
  readonly at: Date;
  readonly isAuthority: boolean;
  readonly serial: number;
  readonly isClient?: boolean;
  /** Absent: that of the first host. */
  readonly name?: Buffer;
}

const newKeys = (): Keys => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const pemOf = ({ privateKey }: Keys): string =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const nameOf = (text: string): Buffer =>
  der(0x30, der(0x31, der(0x30, OID.commonName, der(0x0c, Buffer.from(text)))));

function certify(
  { publicKey }: Keys,
  issuer: { readonly name: Buffer; readonly privateKey: KeyObject },
  { hostnames, at, isAuthority, serial, isClient = false, name = nameOf(hostnames[0] ?? '') }: Subject,
): string {
  const day = 86_400_000;
  const validity = der(0x30, time(at.getTime() - day), time(at.getTime() + day));
  const authority = isAuthority ? [der(0x01, Buffer.from([0xff]))] : [];
  const constraints = der(0x30, OID.basicConstraints, der(0x04, der(0x30, ...authority)));
  const hosts = der(
    0x30,
    OID.subjectAltName,
    der(0x04, der(0x30, ...hostnames.map((each) => der(0x82, Buffer.from(each))))),
  );
  const algorithm = der(0x30, OID.ecdsaWithSha256);
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([serial])),
    algorithm,
    issuer.name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, constraints, hosts, ...(isClient ? [FOR_CLIENTS] : []))),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, issuer.privateKey));
  const lines =
    der(0x30, body, algorithm, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

const OID = {
  commonName: Buffer.from('0603550403', 'hex'),
  basicConstraints: Buffer.from('0603551d13', 'hex'),
  subjectAltName: Buffer.from('0603551d11', 'hex'),
  extKeyUsage: Buffer.from('0603551d25', 'hex'),
  clientAuth: Buffer.from('06082b06010505070302', 'hex'),
  ecdsaWithSha256: Buffer.from('06082a8648ce3d040302', 'hex'),
};

const FOR_CLIENTS = der(0x30, OID.extKeyUsage, der(0x04, der(0x30, OID.clientAuth)));

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

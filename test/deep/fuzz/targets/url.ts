/** URLs and addresses: what is let through reads the same twice, and no literal that may be dialled is private. */
import { isIP } from 'node:net';
import { readConfig } from '../../../../lib/config.ts';
import { parsePageUrl } from '../../../../lib/domain/canonicalUrl.ts';
import { Problem } from '../../../../lib/domain/problem.ts';
import { fileNameOf } from '../../../../lib/image/fileName.ts';
import { addressClass } from '../../../../lib/web/guard/addressPolicy.ts';
import { bare, createHostPolicy, effectivePort } from '../../../../lib/web/guard/hostPolicy.ts';
import { isPublicByRange } from '../judge.ts';
import { demand, demandAlike, type Target } from '../target.ts';

const config = readConfig({ S3_BUCKET: 'images' }).fetch;
const policy = createHostPolicy(config);
const PORTS = [80, 443, 8080, 8443];
const LOCAL =
  /(?:^|\.)(?:localhost|local|internal|home\.arpa|intranet|private|corp|home|lan|localdomain)\.?$/i;

const SEEDS = [
  'https://example.com/a/b.png?c=d#e',
  'http://user:pass@example.com:8080/',
  'http://127.0.0.1/',
  'http://0x7f.1/',
  'http://2130706433:8443/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]:80/',
  'http://[64:ff9b::8.8.8.8]/',
  'http://[2606:4700::1111]/',
  'http://[2002:7f00:1::]/',
  'http://8.8.8.8/',
  'http://xn--fa-hia.de/',
  'http://faß.de./',
  'http://①②⑦.⓪.⓪.①/',
  'http://localhost./',
  'http://metadata.google.internal/',
  '2001:db8::1',
  '2606:4700::200:5efe:8.8.8.8',
  'http://[2606:4700::5efe:7f00:1]/',
  '::ffff:10.0.0.1',
  'fe80::1%eth0',
  '169.254.169.254',
  'fd00:ec2::254',
];

const WORDS = [
  'http://',
  'https://',
  'http:',
  '//',
  '/',
  '\\',
  '@',
  ':',
  ':80',
  ':0',
  '#',
  '?',
  '%',
  '%00',
  '%2e',
  '%25',
  '.',
  '。',
  '..',
  '[',
  ']',
  '::',
  '::ffff:',
  '64:ff9b::',
  '2002:',
  '2001::',
  'fe80::',
  '5efe:',
  '0x',
  '0',
  '127.0.0.1',
  '10.',
  '192.168.',
  '169.254.169.254',
  '172.16.',
  '8.8.8.8',
  'localhost',
  '.local',
  '.internal',
  'xn--',
  'ﬀ',
  '\u00ad',
  '\u200d',
  '\t',
  '\n',
  '\r',
  ' ',
  '\0',
  '\u2488',
  '\uff0e',
  'ⅷ',
];

export const target: Target = {
  name: 'url',
  seeds: () => SEEDS.map((seed) => Buffer.from(seed)),
  words: WORDS,
  msPerKib: 2,
  check(input) {
    const text = input.toString('utf8');
    demand((addressClass(text) === 'public') === isPublicByRange(text), 'an address is judged in two ways', [
      text,
      addressClass(text),
    ]);
    const url = read(text);
    if (url === null) return;
    checkUrl(url);
    checkFileName(url.href);
  },
};

function read(text: string): URL | null {
  try {
    return parsePageUrl(text);
  } catch (error) {
    if (error instanceof Problem && /^URL_(?:INVALID|REQUIRED)$/.test(error.code)) return null;
    throw error;
  }
}

function checkUrl(url: URL): void {
  const again = read(url.href);
  demandAlike('it reads otherwise the second time', again?.href, url.href);
  demand(/^https?:\/\/[^/?#@]+\/[^#]*$/.test(url.href), 'it is not a plain http(s) URL', url.href);
  demand(url.href.length <= 2_048, 'it is too long', url.href.length);

  const port = effectivePort(url.protocol, url.port);
  const reach = policy.reachOf(url.hostname, port);
  if (reach === null) return;
  demand(PORTS.includes(port), 'a port is let through', url.href);
  const host = bare(url.hostname);
  if (isIP(host) === 0) {
    demand(/[^.]\.[^.]/.test(host) && !LOCAL.test(host), 'a local name is let through', host);
  } else {
    demand(isPublicByRange(host), 'a literal that is not public is let through', host);
    demand(policy.mayDial(host, reach), 'a literal is let through and then not dialled', host);
  }
  for (const inside of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', 'fd00::1']) {
    demand(!policy.mayDial(inside, reach), 'what is let through may reach inside', [host, inside]);
  }
}

function checkFileName(href: string): void {
  const name = fileNameOf(href, 'png');
  demand(/^[^/\\\p{C}\p{Z}]+\.png$/u.test(name), 'a file name holds what it must not', name);
  demand(Buffer.byteLength(name) <= 100, 'a file name is too long', name);
  demand(!/^[.-]/.test(name), 'a file name begins with a dot or a dash', name);
}

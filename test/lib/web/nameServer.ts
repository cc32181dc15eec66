/** A name server on loopback that says of each name what a test tells it to. */
import { createSocket } from 'node:dgram';
import { isIPv4, isIPv6 } from 'node:net';

export interface NameServer extends AsyncDisposable {
  /** `address:port`. */
  readonly server: string;
  /** `name type` of every question, in order of arrival. */
  readonly questions: readonly string[];
}

/**
 * What a query gets: addresses (of the family that it asks for), the same behind CNAMEs, an error code (RFC 1035 section
 * 4.1.1), or silence.
 */
export type Say =
  | readonly string[]
  | { readonly cnames: readonly string[]; readonly addresses: readonly string[] }
  | number
  | 'silence';

const IPV4 = 1;
const IPV6 = 28;
const CNAME = 5;

export async function startNameServer(say: (name: string, type: 'A' | 'AAAA') => Say): Promise<NameServer> {
  const questions: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message, { address, port }) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
      labels.push(message.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const code = message.readUInt16BE(at + 1);
    const name = labels.join('.').toLowerCase();
    const type = code === IPV6 ? 'AAAA' : 'A';
    questions.push(`${name} ${type}`);
    const said = say(name, type);
    if (said === 'silence') return;
    const { cnames, addresses: all } =
      typeof said === 'number'
        ? { cnames: [], addresses: [] }
        : 'cnames' in said
          ? said
          : { cnames: [], addresses: said };
    const addresses = all.filter(code === IPV6 ? isIPv6 : isIPv4);
    const header = Buffer.from([
      0,
      0,
      0x81,
      0x80 | (typeof said === 'number' ? said : 0),
      0,
      1,
      0,
      cnames.length + addresses.length,
      0,
      0,
      0,
      0,
    ]);
    message.copy(header, 0, 0, 2);
    const owners = [message.subarray(12, at + 1), ...cnames.map(nameBytes)];
    const entry = (owner: Buffer, type: number, data: Buffer) =>
      Buffer.concat([owner, Buffer.from([0, type, 0, 1, 0, 0, 0, 0, 0, data.length]), data]);
    const responses = [
      ...cnames.map((one, index) => entry(owners[index] as Buffer, CNAME, nameBytes(one))),
      ...addresses.map((one) =>
        entry(owners.at(-1) as Buffer, code, code === IPV4 ? ipv4Bytes(one) : ipv6Bytes(one)),
      ),
    ];
    socket.send(Buffer.concat([header, message.subarray(12, at + 5), ...responses]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    server: `127.0.0.1:${socket.address().port}`,
    questions,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`));
  return Buffer.concat([...labels, Buffer.alloc(1)]);
}

function ipv4Bytes(text: string): Buffer {
  return Buffer.from(text.split('.').map(Number));
}

function ipv6Bytes(text: string): Buffer {
  const [head = '', tail = ''] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const zeros = Array(8 - groups(head).length - groups(tail).length).fill('0');
  const all = text.includes('::') ? [...groups(head), ...zeros, ...groups(tail)] : groups(text);
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

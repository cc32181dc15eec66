/** A TLS server whose connection below the encryption a test can end as it likes. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { PUBLIC_ADDRESS } from './rawServer.ts';
import type { SelfSigned } from './selfSigned.ts';

export interface SecureConnection {
  readonly secure: TLSSocket;
  /** Below the encryption. */
  readonly raw: Socket;
  /** Lets the server's own TLS meet a damaged record, at which it sends a fatal alert. */
  readonly damage: () => void;
}

export interface RawTlsServer extends AsyncDisposable {
  readonly port: number;
  /** Resolves when the client has ended every connection so far. */
  idle(): Promise<void>;
}

/** @param respond is called at each request */
export async function startRawTlsServer(
  identity: SelfSigned,
  respond: (connection: SecureConnection) => void,
): Promise<RawTlsServer> {
  const open = new Map<Socket, Promise<void>>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (raw) => {
    const gone = new Promise<void>((resolve) => {
      raw.once('end', resolve);
      raw.once('close', () => resolve());
    });
    open.set(raw, gone);
    const [inner, outer] = duplexPair();
    raw.on('error', () => {});
    raw.on('data', (chunk) => outer.write(chunk));
    outer.on('data', (chunk) => raw.write(chunk));
    const secure = new TLSSocket(inner, { isServer: true, ...identity });
    secure.on('error', () => {});
    const damage = () => void outer.write(Buffer.from('17030300050102030405', 'hex'));
    secure.on('data', () => respond({ secure, raw, damage }));
  });
  await new Promise<void>((resolve) => server.listen(0, PUBLIC_ADDRESS, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async idle() {
      await Promise.all(open.values());
    },
    async [Symbol.asyncDispose]() {
      for (const raw of open.keys()) raw.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

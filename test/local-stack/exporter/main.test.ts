import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT, runCommand, runSync, startCommand } from './command.ts';
import { parseExposed, totalOf } from './exposed.ts';
import { documentOf } from './world.ts';

const order = (Id: number) =>
  JSON.stringify(documentOf({ sets: [['Id']], members: { Id: `${Id % 7}`, Orders: 1 } }));
const orders = (count: number) => Array.from({ length: count }, (_, id) => `${order(id)}\n`);
const HALF = '{"_aws":{"CloudWatchMetrics":[{"Namespace":"Shop"';

async function sendDatagrams(port: number, datagrams: readonly (string | Buffer)[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const datagram of datagrams) {
    await new Promise((resolve) => socket.send(datagram, port, '127.0.0.1', resolve));
  }
  await new Promise<void>((resolve) => socket.close(resolve));
}

async function openTcp(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

const write = (socket: Socket, data: string | Buffer) =>
  new Promise((resolve) => socket.write(data, resolve));

const rejected = (transport: string, reason: string) =>
  `emf_exporter_lines_rejected_total{transport="${transport}",reason="${reason}"}`;

describe('the exporter over UDP', () => {
  it('counts documents, one or several a datagram, and outlives garbage', async () => {
    await using exporter = await startCommand();
    const garbage = [
      Buffer.from([0, 255, 10, 128, 10]),
      HALF,
      '',
      '\n',
      '{"level":"info"}',
      'x'.repeat(60_000),
    ];
    await sendDatagrams(exporter.udpPort, [...garbage, order(1), orders(3).join(''), ...garbage, order(2)]);
    const seen = await exporter.until((values) => totalOf(values, 'shop_orders_total') === 5);
    expect(seen.get('emf_exporter_documents_total{transport="udp"}')).toBe(5);
    expect(seen.get(rejected('udp', 'not_emf'))).toBe(8);
    expect(seen.get(rejected('udp', 'json'))).toBe(0);
    expect(seen.get(rejected('udp', 'cut_off'))).toBe(2);
  });

  it('says what the kernel keeps and drops', async () => {
    await using exporter = await startCommand();
    const values = await exporter.values();
    expect(values.get('emf_exporter_udp_receive_buffer_bytes')).toBeGreaterThan(4_096);
    expect(values.get('emf_exporter_udp_receive_drops_total')).toBe(0);
  });
});

describe('the exporter over TCP', () => {
  it('counts documents that are split over chunks, of several senders at once', async () => {
    await using exporter = await startCommand();
    const bytes = Buffer.from(orders(30).join(''));
    const send = async (step: number) => {
      const socket = await openTcp(exporter.tcpPort);
      for (let at = 0; at < bytes.length; at += step) await write(socket, bytes.subarray(at, at + step));
      socket.destroy();
    };
    await Promise.all([send(7), send(61), send(1_000), send(bytes.length)]);
    const seen = await exporter.until((values) => totalOf(values, 'shop_orders_total') >= 120);
    expect(totalOf(seen, 'shop_orders_total')).toBe(120);
  });

  it('counts a last document without a line end, and says that half of one was cut off', async () => {
    await using exporter = await startCommand();
    for (const last of [order(1), HALF]) (await openTcp(exporter.tcpPort)).end(`${order(1)}\n${last}`);
    const seen = await exporter.until((values) => values.get(rejected('tcp', 'cut_off')) === 1);
    expect(totalOf(seen, 'shop_orders_total')).toBe(3);
  });

  it('outlives resets, huge lines and bytes that are no text', async () => {
    await using exporter = await startCommand(['--max-line-bytes=1000']);
    const socket = await openTcp(exporter.tcpPort);
    const huge = Buffer.alloc(5_000_000, '{');
    await write(
      socket,
      Buffer.concat([huge, Buffer.from('\n'), Buffer.from([0, 255, 254, 10]), Buffer.from(order(1))]),
    );
    await write(socket, '\n');
    const reset = await openTcp(exporter.tcpPort);
    await write(reset, HALF);
    reset.resetAndDestroy();
    socket.destroy();
    const seen = await exporter.until((values) => values.get('emf_exporter_tcp_connections') === 0);
    expect(seen.get(rejected('tcp', 'too_long'))).toBe(1);
    expect(seen.get(rejected('tcp', 'not_emf'))).toBe(1);
    expect(totalOf(seen, 'shop_orders_total')).toBe(1);
  });

  it('refuses senders over the limit and counts them', async () => {
    await using exporter = await startCommand(['--max-connections=2']);
    const sockets = await Promise.all([1, 2, 3].map(() => openTcp(exporter.tcpPort)));
    for (const socket of sockets) socket.on('error', () => {});
    await exporter.until((values) => values.get('emf_exporter_tcp_connections_refused_total') === 1);
    for (const socket of sockets) socket.destroy();
    await exporter.until((values) => values.get('emf_exporter_tcp_connections') === 0);
  });
});

describe('the exporter over standard input', () => {
  it('goes on serving after its end', async () => {
    await using exporter = await startCommand(['--stdin', '--udp-port=off', '--tcp-port=off']);
    exporter.stdin.end(orders(4).join(''));
    const seen = await exporter.until((values) => totalOf(values, 'shop_orders_total') === 4);
    expect(seen.get('emf_exporter_documents_total{transport="stdin"}')).toBe(4);
    expect(await exporter.end('SIGTERM')).toBe(0);
  });

  it('serves until its end and ends with 0 where --exit-at-end is given', async () => {
    await using exporter = await startCommand(['--stdin', '--exit-at-end']);
    exporter.stdin.write(orders(4).join(''));
    await exporter.until((values) => totalOf(values, 'shop_orders_total') === 4);
    const sender = await openTcp(exporter.tcpPort);
    sender.on('error', () => {}).resume();
    exporter.stdin.end();
    expect(await exporter.exitCode).toBe(0);
    sender.destroy();
  });

  it('ends with 0 where --exit-at-end is given and the input is empty', async () => {
    const ports = ['--udp-port=off', '--tcp-port=off', '--http-port=0'];
    const { stdout, stderr, code } = await runCommand(['--stdin', '--exit-at-end', ...ports]);
    expect([stdout, code]).toEqual(['', 0]);
    expect(stderr).toMatch(/^emf-exporter: listening on http:\/\/127\.0\.0\.1:\d+\/metrics\n$/);
  });

  it('prints the metrics of a file and ends', async () => {
    const input = `${orders(14).join('')}${HALF}`;
    const { stdout, stderr, code } = await runCommand(['--stdin', '--print'], input);
    expect(stderr).toMatch(
      /^emf-exporter: Lines are rejected \(cut_off, over stdin\), for example "\{.+"\.\n$/,
    );
    const values = parseExposed(stdout);
    expect(code).toBe(0);
    expect(values.get('shop_orders_total{id="0"}')).toBe(2);
    expect(values.get(rejected('stdin', 'cut_off'))).toBe(1);
    expect(values.get('emf_exporter_series')).toBe(7);
  });
});

describe('the exporter over HTTP', () => {
  it.each([
    ['GET', '/metrics', 200, 'text/plain; version=0.0.4; charset=utf-8'],
    ['HEAD', '/metrics', 200, 'text/plain; version=0.0.4; charset=utf-8'],
    ['GET', '/metrics?name=x', 200, 'text/plain; version=0.0.4; charset=utf-8'],
    ['GET', '/healthz', 200, 'text/plain; charset=utf-8'],
    ['GET', '/', 200, 'text/plain; charset=utf-8'],
    ['GET', '/metrics/', 404, 'text/plain; charset=utf-8'],
    ['POST', '/metrics', 405, 'text/plain; charset=utf-8'],
  ])('answers %s %s with %i', async (method, path, status, contentType) => {
    const response = await fetch(`${shared.url}${path}`, { method });
    await response.text();
    expect([response.status, response.headers.get('content-type')]).toEqual([status, contentType]);
  });

  it('gives all of a large answer, and outlives askers who leave in the middle', async () => {
    await using exporter = await startCommand(['--stdin']);
    for (let id = 0; id < 1_000; id += 1) {
      const members = { Id: `${id}-${'x'.repeat(500)}`, Wait: 1 };
      exporter.stdin.write(
        `${JSON.stringify(documentOf({ sets: [['Id']], units: { Wait: 'Seconds' }, members }))}\n`,
      );
    }
    await exporter.until((values) => values.get('emf_exporter_series') === 1_000);
    for (let asker = 0; asker < 5; asker += 1) {
      const socket = await openTcp(Number(new URL(exporter.url).port));
      socket.on('error', () => {});
      await write(socket, 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await once(socket, 'data');
      socket.resetAndDestroy();
    }
    const values = await exporter.values();
    expect(totalOf(values, 'shop_wait_seconds_count')).toBe(1_000);
    expect([...values.keys()].filter((series) => series.startsWith('shop_wait_seconds'))).toHaveLength(
      16_000,
    );
  });

  it('gives its own and the process metrics with help and type', async () => {
    const text = await (await fetch(`${shared.url}/metrics`)).text();
    for (const name of ['emf_exporter_samples_dropped_total', 'process_resident_memory_bytes']) {
      expect(text).toMatch(new RegExp(`# HELP ${name} .+\n# TYPE ${name} `));
    }
  });

  let shared: Awaited<ReturnType<typeof startCommand>>;
  beforeAll(async () => {
    shared = await startCommand();
  });
  afterAll(async () => {
    await shared[Symbol.asyncDispose]();
  });
});

describe('the command', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 on %s, with a sender connected', async (signal) => {
    await using exporter = await startCommand();
    const socket = await openTcp(exporter.tcpPort);
    socket.on('error', () => {});
    expect(await exporter.end(signal)).toBe(0);
    socket.destroy();
  });

  it.each([
    ['--http-port', 'HTTP'],
    ['--tcp-port', 'TCP'],
  ])('says in one sentence that the port of %s is taken', async (flag, what) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const ports = ['--udp-port=0', '--tcp-port=0', '--http-port=0', `${flag}=${port}`];
    expect(await runCommand(ports)).toEqual({
      stdout: '',
      stderr: `emf-exporter: The ${what} port ${port} on 127.0.0.1 is taken by another program: choose another with ${flag}.\n`,
      code: 1,
    });
    other.close();
  });

  it('says in one sentence that the UDP port is taken', async () => {
    await using exporter = await startCommand();
    const { stderr, code } = await runCommand([
      `--udp-port=${exporter.udpPort}`,
      '--tcp-port=0',
      '--http-port=0',
    ]);
    expect(stderr).toContain(`The UDP port ${exporter.udpPort} on 127.0.0.1 is taken`);
    expect(code).toBe(1);
  });

  it('prints its help', async () => {
    const { stdout, code } = await runCommand(['--help']);
    expect(stdout).toContain('--max-series');
    expect(code).toBe(0);
  });

  it('says its version', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'local-stack/exporter/package.json'), 'utf8'));
    expect(await runCommand(['--version'])).toEqual({ stdout: `${version}\n`, stderr: '', code: 0 });
  });

  it('leaves the metrics about itself out on demand', async () => {
    const args = ['--stdin', '--print', '--no-self-metrics'];
    const { stdout } = await runCommand(args, orders(1).join(''));
    expect([...parseExposed(stdout).keys()]).toEqual(['shop_orders_total{id="0"}']);
    expect((await runCommand(args)).stdout).toBe('');
  });

  it('names metrics without unit, once each and twenty at most', async () => {
    const lines = Array.from({ length: 60 }, (_, id) => {
      const name = `Load${'abcdefghijklmnopqrstuvwxyz'.charAt(id % 26)}`;
      return JSON.stringify(documentOf({ units: { [name]: 'None' }, members: { [name]: 1 } }));
    });
    const { stdout, stderr } = await runCommand(['--stdin', '--print'], lines.join('\n'));
    expect(parseExposed(stdout).get('emf_exporter_metrics_without_unit')).toBe(26);
    expect(stderr.split('\n')).toHaveLength(21);
    expect(stderr).toMatch(/^emf-exporter: The metric "Shop\/Loada" has no unit: .+ say what it is\.\n/);
  });

  const full = '/dev/full';
  if (existsSync(full))
    it.each([[['--stdin', '--print']], [['--help']], [['--version']]])(
      'ends with 1 and one sentence where the disk is full, with %j',
      (args) => {
        const disk = openSync(full, 'w');
        const { stderr, status } = runSync(args, { input: orders(9).join(''), stdout: disk });
        closeSync(disk);
        expect([stderr, status]).toEqual([
          'emf-exporter: The metrics cannot be written to standard output: the disk is full.\n',
          1,
        ]);
      },
    );

  it('ends with 0 where the reader of what it prints has enough', async () => {
    const { code } = await runCommand(['--stdin', '--print'], orders(9).join(''), { closesStdout: true });
    expect(code).toBe(0);
  });

  it.each([
    [['--bogus'], "emf-exporter: Unknown option '--bogus'. --help lists the options.\n"],
    [
      ['--host=203.0.113.7', '--udp-port=0'],
      'emf-exporter: This machine does not have the address 203.0.113.7: choose another with --host.\n',
    ],
    [['--precreate=/nowhere.json'], 'emf-exporter: The file /nowhere.json of --precreate cannot be read.\n'],
  ])('ends with 1 and one sentence for %j', async (args, stderr) => {
    expect(await runCommand(args)).toEqual({ stdout: '', stderr, code: 1 });
  });

  it('shows what --precreate lists, from the first scrape on', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'emf-exporter-'));
    const file = join(folder, 'series.json');
    const Dimensions = { Id: ['1', '2'], Kind: ['a', 'b', 'c'] };
    await writeFile(
      file,
      JSON.stringify([{ Namespace: 'Shop', Metrics: [{ Name: 'Orders', Unit: 'Count' }], Dimensions }]),
    );
    const { stdout } = await runCommand(['--stdin', '--print', `--precreate=${file}`]);
    await rm(folder, { recursive: true });
    const shown = [...parseExposed(stdout)].filter(([series]) => series.startsWith('shop_'));
    expect(shown).toHaveLength(6);
    expect(shown[0]).toEqual(['shop_orders_total{id="1",kind="a"}', 0]);
  });
});

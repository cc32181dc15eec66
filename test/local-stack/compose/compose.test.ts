import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../../lib/config.ts';
import { createRequestGuard } from '../../../local-stack/front/requestGuard.ts';
import { readLocalSettings } from '../../../local-stack/settings/settings.ts';
import { stackFaults } from '../../../local-stack/settings/stackSettings.ts';
import { compose, composeVariables, ROOT, read, type Service } from './stackFiles.ts';

const services = Object.entries(compose.services);
const TASKS = ['settings', 'volume-init', 'minio-init'];
const lasting = services.filter(([name]) => !TASKS.includes(name));

/** What the file says with the defaults, and with the passwords set. */
const filledIn = (text: string | undefined) =>
  (text ?? '').replace(/\$\{\w+:([-?])([^}]*)\}/g, (_, kind, fallback) =>
    kind === '?' ? 'a-password' : fallback,
  );
const environmentOf = ({ environment = {} }: Service) =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filledIn(value)]));

describe('the compose stack', () => {
  it('has the services of the challenge and what watches over them', () => {
    expect(lasting.map(([name]) => name).sort()).toEqual([
      'app',
      'emf-exporter',
      'grafana',
      'minio',
      'nginx',
      'prometheus',
      'redis',
      'redis-exporter',
    ]);
  });

  it('gives the app exactly the environment of the challenge', () => {
    expect(environmentOf(compose.services.app ?? {})).toMatchObject({
      AWS_ACCESS_KEY_ID: 'minioadmin',
      AWS_SECRET_ACCESS_KEY: 'minioadmin',
      AWS_REGION: 'us-east-1',
      S3_BUCKET: 'mybucket',
      S3_ENDPOINT: 'minio:9000',
      REDIS_ADDRESS: 'redis:6379',
    });
  });

  it('hands every setting of the API on', () => {
    const asked = new Set<string>();
    const watched = new Proxy({ S3_BUCKET: 'x' } as Record<string, string>, {
      get: (env, name) => {
        if (typeof name === 'string' && !name.startsWith('AWS_LAMBDA')) asked.add(name);
        return env[String(name)];
      },
    });
    readConfig(watched);
    // The stack's own Redis and MinIO are reached without TLS, and the settings refuse an authority for that. MinIO has
    // no names for buckets.
    const ofOthers = ['REDIS_CA', 'S3_CA', 'S3_FORCE_PATH_STYLE'];
    const handedOn = [...ofOthers, ...Object.keys(compose.services.app?.environment ?? {})];
    expect([...asked].filter((name) => !handedOn.includes(name))).toEqual([]);
  });

  it('lets nothing private but the sample site be harvested', () => {
    const { fetch } = readConfig(environmentOf(compose.services.app ?? {}));
    expect(fetch.allowHosts).toEqual([{ hostname: 'nginx', port: 80 }]);
  });

  it('has an app that answers the browser, its neighbours and its health check, and no page of another origin', () => {
    const env = environmentOf(compose.services.app ?? {});
    const guard = createRequestGuard({ ...readLocalSettings(env), ...readConfig(env) });
    const judge = (rawHeaders: readonly string[]) =>
      guard({ method: 'POST', url: '/images', rawHeaders })?.code;
    // By Nginx too, which hands the browser's headers on.
    const own = ['localhost:8080', 'localhost:8081', '127.0.0.1:8080', '192.168.1.5:8081', 'app:8080'];
    for (const host of own) {
      expect(judge(['Host', host])).toBeUndefined();
      expect(
        judge(['Host', host, 'Origin', `http://${host}`, 'Sec-Fetch-Site', 'same-origin']),
      ).toBeUndefined();
      expect(judge(['Host', host, 'Origin', 'http://evil.test'])).toBe('ORIGIN_FORBIDDEN');
    }
    expect(judge(['Host', 'evil.test'])).toBe('HOST_UNKNOWN');
    const given = readLocalSettings({ ...env, ALLOWED_HOSTS: 'app,machine.lan' });
    expect(createRequestGuard(given)({ rawHeaders: ['Host', 'machine.lan:8081'] })).toBeNull();
  });

  it('starts with its own defaults', () => {
    const env = environmentOf(compose.services.settings ?? {});
    const passwords = { MINIO_ROOT_PASSWORD: 'a-password', GRAFANA_ADMIN_PASSWORD: 'a-password' };
    expect(stackFaults({ ...env, ...passwords })).toEqual([]);
  });

  it("keeps MinIO's root from the app", () => {
    const { app, minio } = compose.services;
    expect(environmentOf(minio ?? {}).MINIO_ROOT_USER).not.toBe(environmentOf(app ?? {}).AWS_ACCESS_KEY_ID);
    expect(Object.keys(app?.environment ?? {}).filter((name) => name.includes('ROOT'))).toEqual([]);
  });
});

describe.each(services)('%s', (name, service) => {
  it('can change nothing but its volumes and /tmp, and gain no rights', () => {
    expect(service).toMatchObject({
      init: true,
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(service.privileged).toBeUndefined();
    expect(service.tmpfs?.every((mount) => /:.*nosuid.*size=\d+m/.test(mount))).toBe(true);
  });

  it('is run by a user of its own', () => {
    if (name === 'volume-init') {
      // root, for chown and without a network: nothing else can give a new volume away.
      expect(service).toMatchObject({ user: '0:0', cap_add: ['CHOWN'], network_mode: 'none' });
    } else {
      expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      expect(service.cap_add).toBeUndefined();
    }
  });

  it('is bounded in memory, processors, processes and log', () => {
    expect(filledIn(service.mem_limit)).toMatch(/^\d+[mg]$/);
    expect(service.cpus).toBeGreaterThan(0);
    expect(service.pids_limit).toBeGreaterThan(0);
    expect(service.logging?.options).toMatchObject({
      'max-size': expect.any(String),
      'max-file': expect.any(String),
    });
  });

  it('has an image that one variable chooses, pinned', () => {
    const image = service.build === undefined ? service.image : service.build.args.NODE_IMAGE;
    expect(image).toMatch(
      /^\$\{[A-Z_]+_IMAGE:-[\w./-]+:[^:@}]*\d+[^:@}]*\.[^@}]*\d+[^@}]*(@sha256:[0-9a-f]{64})?\}$|RELEASE\.2025-09-07/,
    );
    expect(image).not.toContain('latest');
  });

  it('publishes ports on this machine alone, and mounts files read-only', () => {
    for (const port of service.ports ?? [])
      expect(port).toMatch(/^\$\{BIND_ADDRESS:-127\.0\.0\.1\}:\$\{[A-Z_]+:-\d+\}:\d+$/);
    for (const volume of service.volumes ?? []) {
      if (volume.startsWith('.')) expect(volume).toMatch(/:ro$/);
      else expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    }
  });

  it('waits for others by their condition, tasks to their success', () => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(condition).toBe(TASKS.includes(other) ? 'service_completed_successfully' : 'service_healthy');
    }
    expect(service.restart).toBe(TASKS.includes(name) ? 'no' : 'unless-stopped');
  });
});

it.each(lasting)('%s says whether it is healthy', (_, service) => {
  expect(service.healthcheck?.test[0]).toMatch(/^CMD(-SHELL)?$/);
});

describe('the networks', () => {
  const membersOf = (network: string) =>
    services
      .filter(([, { networks }]) => networks?.includes(network))
      .map(([name]) => name)
      .sort();
  const isClosed = (name: string) => compose.networks[name]?.internal === true;
  const masquerades = (name: string) =>
    compose.networks[name]?.driver_opts?.['com.docker.network.bridge.enable_ip_masquerade'] !== 'false';
  const names = Object.keys(compose.networks);

  it('lead the app, and nothing else, to the internet', () => {
    const open = names.filter((name) => !isClosed(name) && masquerades(name));
    expect(open).toEqual(['outside']);
    expect(membersOf('outside')).toEqual(['app']);
    expect(services.filter(([, { networks, network_mode }]) => !networks && network_mode !== 'none')).toEqual(
      [],
    );
  });

  it('let a service be reached from this machine without meeting another one there', () => {
    const ports = names.filter((name) => !isClosed(name) && !masquerades(name));
    expect(ports.map(membersOf)).toEqual([['minio'], ['nginx'], ['prometheus'], ['grafana']]);
    const published = services.filter(([, { ports: list }]) => list).map(([name]) => name);
    expect(published.sort()).toEqual(['app', 'grafana', 'minio', 'nginx', 'prometheus']);
  });

  it.each([
    ['site', ['app', 'nginx']],
    ['storage', ['app', 'minio', 'minio-init', 'redis', 'redis-exporter']],
    ['telemetry', ['app', 'emf-exporter']],
    ['monitoring', ['emf-exporter', 'minio', 'prometheus', 'redis-exporter']],
    ['dashboards', ['grafana', 'prometheus']],
  ])('join for %s only %j, and are closed', (network, members) => {
    expect(membersOf(network)).toEqual(members);
    expect(isClosed(network)).toBe(true);
  });
});

describe('the explanation', () => {
  const explained = read('docs/docker.md');

  it('says how much memory all of it may take', () => {
    const megabytes = lasting.map(([, { mem_limit }]) => {
      const [, number, unit] = /^(\d+)([mg])$/.exec(filledIn(mem_limit)) ?? [];
      return Number(number) * (unit === 'g' ? 1024 : 1);
    });
    const gigabytes = megabytes.reduce((sum, each) => sum + each, 0) / 1024;
    expect(explained).toContain(`${gigabytes} GB of memory at most`);
  });

  it("names everyone who can read MinIO's metrics", () => {
    const { networks = [] } = compose.services.minio ?? {};
    const neighbours = services.filter(
      ([name, service]) => name !== 'minio' && service.networks?.some((each) => networks.includes(each)),
    );
    const sentence = /^- MinIO's metrics need no token: (.+)$/m.exec(explained)?.[1] ?? '';
    const named = services.map(([name]) => name).filter((name) => sentence.includes(`\`${name}\``));
    expect(named.sort()).toEqual(neighbours.map(([name]) => name).sort());
  });
});

describe('Grafana', () => {
  const environment = compose.services.grafana?.environment ?? {};

  // It would stop the plug-in of the data source, and then not be able to write the newer one.
  it('does not update its plug-ins, since it cannot write where they are', () => {
    expect(compose.services.grafana?.read_only).toBe(true);
    expect(environment.GF_PLUGINS_PREINSTALL_DISABLED).toBe('true');
  });

  it('starts the plug-in of its data source, and no other', () => {
    const disabled = environment.GF_PLUGINS_DISABLE_PLUGINS?.split(',') ?? [];
    const types = read('local-stack/grafana/provisioning/datasources/prometheus.yml').matchAll(
      /type: (\w+)/g,
    );
    expect(disabled).toContain('loki');
    for (const [, type] of types) expect(disabled).not.toContain(type);
  });
});

describe('.env.example', () => {
  const lines = [...read('.env.example').matchAll(/^(#?)([A-Z][A-Z0-9_]*)=(.*)$/gm)];
  const documented = new Map(
    lines.map(([, mark, name, value]) => [name ?? '', { isSet: mark === '', value: value ?? '' }]),
  );

  it('documents every variable of the compose file, and no other', () => {
    expect([...documented.keys()].sort()).toEqual([...composeVariables().keys()].sort());
  });

  it('asks for the secrets, and shows the default of everything else', () => {
    const asked = [...documented].filter(([, { isSet }]) => isSet).map(([name]) => name);
    expect(asked).toEqual(['MINIO_ROOT_PASSWORD', 'GRAFANA_ADMIN_PASSWORD']);
    const shown = [...composeVariables()].filter(
      ([name, fallback]) => !asked.includes(name) && fallback !== '',
    );
    expect(shown.map(([name]) => [name, documented.get(name)?.value])).toEqual(shown);
  });

  it("shows the API's own defaults where the compose file leaves a setting empty", () => {
    const empty = [...composeVariables()].filter(
      ([name, fallback]) => fallback === '' && !documented.get(name)?.isSet,
    );
    const shown = Object.fromEntries(empty.map(([name]) => [name, documented.get(name)?.value ?? '']));
    expect(readConfig({ S3_BUCKET: 'x', ...shown })).toEqual(readConfig({ S3_BUCKET: 'x' }));
  });
});

it('the sample site has no two versions of a file that Nginx would give the same ETag, made of time and size', () => {
  const filesOf = (version: string) => {
    const folder = join(ROOT, 'static/sample/changing', version);
    return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const);
  };
  const second = new Map(filesOf('v2'));
  const alike = filesOf('v1').filter(([name, bytes]) => {
    const other = second.get(name);
    return other !== undefined && other.length === bytes.length && !other.equals(bytes);
  });
  expect(alike.map(([name]) => name)).toEqual([]);
});

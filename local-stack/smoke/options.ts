/** The options of the smoke test: the name of a stack, and flags that change its parts. */
import { parseArgs } from 'node:util';

export interface SmokeOptions {
  /** Base URL of the API, without a slash at its end. */
  readonly api: string;
  /** The sample site, as seen from here. */
  readonly site: string;
  /** The sample site, as the API reaches it. */
  readonly siteFromApi: string;
  /** The address to which presigned links are sent; null: their own. */
  readonly store: string | null;
  /** The API behind the site's proxy; null without a proxy. */
  readonly proxiedApi: string | null;
  readonly prometheus: string | null;
  /** Prometheus jobs that may be down. */
  readonly mayBeDown: readonly string[];
  readonly grafana: string | null;
  /** URLs that no harvest may reach. */
  readonly forbidden: readonly string[];
}

type Url = { readonly kind: 'url'; readonly help: string };
type Part = { readonly kind: 'part'; readonly help: string };

const FLAGS = {
  api: { kind: 'url', help: 'the API' },
  site: { kind: 'url', help: 'the sample site, as seen from here' },
  'site-from-api': { kind: 'url', help: 'the sample site, as the API reaches it' },
  store: { kind: 'part', help: 'the store to which presigned links are sent (off: the host in each link)' },
  'proxied-api': { kind: 'part', help: 'the API behind the proxy of the site' },
  prometheus: { kind: 'part', help: 'Prometheus' },
  grafana: { kind: 'part', help: 'Grafana' },
} as const satisfies Readonly<Record<string, Url | Part>>;

type Flag = keyof typeof FLAGS;
type Defaults = Readonly<Record<Flag, string>> & { readonly forbidden: readonly string[] };

/** Internal addresses of the compose stack, and the address at which clouds serve credentials. */
const FORBIDDEN = [
  'http://redis:6379/',
  'http://minio:9000/',
  'http://prometheus:9090/',
  'http://169.254.169.254/',
];

const SAME_AS_SITE = 'same';

type Environment = Readonly<Record<string, string | undefined>>;

/** Defaults of each stack. Ports come from the settings with which the stack is started. */
const STACKS: Readonly<Record<'compose' | 'start', (env: Environment) => Defaults>> = {
  compose: (env) => ({
    api: `http://localhost:${env.API_PORT || 8080}`,
    site: `http://localhost:${env.SITE_PORT || 8081}`,
    'site-from-api': 'http://nginx',
    store: `http://localhost:${env.MINIO_PORT || 9000}`,
    'proxied-api': `http://localhost:${env.SITE_PORT || 8081}/api`,
    prometheus: `http://localhost:${env.PROMETHEUS_PORT || 9090}`,
    grafana: `http://localhost:${env.GRAFANA_PORT || 3000}`,
    // On an allowed port, so that the address is refused and not the port.
    forbidden: [...FORBIDDEN, 'http://minio:8080/', 'http://redis/', 'http://app:8080/images'],
  }),
  start: (env) => ({
    api: `http://localhost:${env.PORT || 8080}`,
    site: `http://localhost:${env.SITE_PORT || 8081}`,
    'site-from-api': SAME_AS_SITE,
    store: 'off',
    'proxied-api': 'off',
    prometheus: 'off',
    grafana: 'off',
    forbidden: [...FORBIDDEN, 'http://127.0.0.1:8443/', 'http://[::1]/'],
  }),
};

export const USAGE = [
  'npm run smoke -- [compose|start] [flags]',
  '',
  '  compose   the stack of docker-compose.yml, on its usual ports (the default)',
  '  start     what `npm start` runs',
  '',
  ...Object.entries(FLAGS).map(
    ([flag, { kind, help }]) => `  --${flag} ${kind === 'url' ? 'URL' : 'URL|off'}`.padEnd(26) + help,
  ),
  '  --may-be-down JOB       a Prometheus job that may be down (repeatable)',
].join('\n');

/**
 * The options on the command line. Other ports come from the settings of the stack.
 * @throws Error whose message is one sentence about the first fault
 */
export function readOptions(args: readonly string[], env: Environment): SmokeOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...Object.fromEntries(Object.keys(FLAGS).map((flag) => [flag, { type: 'string' as const }])),
      'may-be-down': { type: 'string', multiple: true },
    },
  });
  const [name = 'compose', ...others] = positionals;
  if ((name !== 'compose' && name !== 'start') || others.length > 0) {
    throw new Error(`There is no stack "${positionals.join(' ')}": name compose or start.`);
  }
  const defaults = STACKS[name](env);
  const given: Readonly<Record<string, unknown>> = values;
  const part = (flag: Flag): string | null => {
    const value = given[flag];
    const text = typeof value === 'string' ? value : defaults[flag];
    if (text === SAME_AS_SITE && flag === 'site-from-api') return part('site');
    if (text === 'off' && FLAGS[flag].kind === 'part') return null;
    const url = URL.parse(text);
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
      throw new Error(`--${flag} must be an http(s) URL, not "${text}".`);
    }
    return text.replace(/(?<!\/)\/+$/, '');
  };
  const url = (flag: Flag): string => part(flag) ?? '';
  return {
    api: url('api'),
    site: url('site'),
    siteFromApi: url('site-from-api'),
    store: part('store'),
    proxiedApi: part('proxied-api'),
    prometheus: part('prometheus'),
    mayBeDown: values['may-be-down'] ?? [],
    grafana: part('grafana'),
    forbidden: defaults.forbidden,
  };
}

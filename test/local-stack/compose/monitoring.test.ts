import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { seriesName, unitRule } from '../../../local-stack/exporter/names.ts';
import { createSelfMetrics } from '../../../local-stack/exporter/selfMetrics.ts';
import { findPromtool } from '../../support/services.ts';
import { metricsIn } from './promql.ts';
import { compose, dashboards, PROMETHEUS, parseYaml, read, rules, run } from './stackFiles.ts';

const panels = dashboards.flatMap(({ file, panels: list }) =>
  list
    .filter(({ type }) => type !== 'row' && type !== 'alertlist')
    .map((panel) => [`${file}: ${panel.title}`, panel] as const),
);
const queries = panels.flatMap(([place, { targets = [] }]) =>
  targets.map(({ expr }) => [place, expr] as const),
);

describe('what Prometheus is asked', () => {
  const known = new Set(['up', ...exporterNames(), ...namesIn('redis.txt'), ...namesIn('minio.txt')]);
  const recorded = new Set(rules.flatMap(({ record }) => (record === undefined ? [] : [record])));

  it.each(rules.map(({ record, alert, expr }) => [record ?? alert ?? '', expr]))(
    'by the rule %s are metrics that exist',
    (_, expr) => {
      expect(metricsIn(expr).filter((name) => !known.has(name) && !recorded.has(name))).toEqual([]);
      expect(metricsIn(expr)).not.toEqual([]);
    },
  );

  it.each(queries)('by %s are metrics that exist', (_, expr) => {
    expect(metricsIn(expr).filter((name) => !known.has(name) && !recorded.has(name))).toEqual([]);
    expect(metricsIn(expr)).not.toEqual([]);
  });

  it('by every rule that records is used by a panel or an alert', () => {
    const used = [...queries.map(([, expr]) => expr), ...rules.map(({ expr }) => expr)].flatMap(metricsIn);
    expect([...recorded].filter((name) => !used.includes(name))).toEqual([]);
  });
});

describe('every panel', () => {
  it.each(panels)('%s says what it shows, and in which unit', (_, panel) => {
    expect(panel.title).not.toBe('');
    expect(panel.description).toMatch(/\.$/);
    expect(panel.fieldConfig?.defaults.unit).toMatch(/\w/);
    expect(panel.targets).not.toHaveLength(0);
  });

  it.each(panels)(
    '%s asks the data source of the dashboard, of the instance of the dashboard',
    (_, panel) => {
      for (const { datasource } of [panel, ...(panel.targets ?? [])]) {
        expect(datasource?.uid).toMatch(/^\$\{datasource\}$/);
      }
      for (const { expr } of panel.targets ?? []) {
        // What a rule records has no instance; the rate of a panel has the panel's interval.
        const names = metricsIn(expr).filter((name) => !name.includes(':'));
        expect(expr.match(/instance=~"\$instance"/g) ?? []).toHaveLength(names.length);
        expect(expr.match(/rate\([^[]*\[(?!\$__rate_interval\])/g)).toBeNull();
      }
    },
  );

  it.each(panels)('%s shows nothing old where there is nothing now', (_, panel) => {
    const calcs = panel.options?.reduceOptions?.calcs ?? [];
    expect(calcs).toEqual(panel.type === 'stat' ? ['last'] : []);
  });

  it.each(panels.filter(([, panel]) => /^(?:API|Up|Health)$/.test(panel.title)))(
    '%s says in words whether it is up',
    (_, panel) => {
      const texts = JSON.stringify(panel.fieldConfig?.defaults.mappings);
      expect(texts).toContain('"0":{"text":"down"');
      expect(texts).toContain('"1":{"text":"up"');
    },
  );

  it.each(panels.filter(([, { type }]) => type === 'timeseries'))('%s draws its thresholds', (_, panel) => {
    const { thresholds, custom } = panel.fieldConfig?.defaults ?? {};
    const hasSteps = (thresholds?.steps.length ?? 0) > 1;
    expect(custom?.thresholdsStyle?.mode).toBe(hasSteps ? 'dashed' : undefined);
  });

  it.each(dashboards.map((dashboard) => [dashboard.file, dashboard] as const))(
    'of %s has a place of its own',
    (_, dashboard) => {
      const taken = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
      );
      expect(new Set(taken).size).toBe(taken.length);
      expect(Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.x + gridPos.w))).toBe(24);
      expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    },
  );
});

describe('each dashboard', () => {
  it.each(dashboards.map((dashboard) => [dashboard.file, dashboard] as const))(
    '%s has a data source and an instance to choose',
    (_, { templating }) => {
      const [source] = provisioned();
      const [datasource, instance] = templating.list;
      expect(datasource).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
      expect(datasource?.current.value).toBe(source?.uid);
      expect(instance).toMatchObject({ name: 'instance', type: 'query', includeAll: true, allValue: '.*' });
    },
  );

  it('of the service lists the alerts, and its process by utilisation, saturation and errors', () => {
    const service = dashboards.find(({ uid }) => uid === 'image-api-service');
    const titles = service?.panels.map(({ title }) => title) ?? [];
    expect(service?.panels.some(({ type }) => type === 'alertlist')).toBe(true);
    expect(titles).toEqual(
      expect.arrayContaining([
        'Processor in use',
        'Memory in use',
        'Delay of the event loop',
        'Errors of the process',
      ]),
    );
  });
});

describe('Grafana', () => {
  it('has three dashboards whose addresses never change', () => {
    expect(dashboards.map(({ uid }) => uid).sort()).toEqual([
      'image-api-minio',
      'image-api-redis',
      'image-api-service',
    ]);
  });

  it('reaches Prometheus by its name in the stack', () => {
    expect(provisioned()).toEqual([
      expect.objectContaining({ uid: 'prometheus', url: 'http://prometheus:9090' }),
    ]);
  });
});

describe('Prometheus', () => {
  interface Scrapes {
    readonly scrape_configs: readonly {
      readonly static_configs: readonly { readonly targets: readonly string[] }[];
    }[];
  }
  const { scrape_configs } = parseYaml(read('local-stack/prometheus/prometheus.yml')) as Scrapes;
  const targets = scrape_configs.flatMap(({ static_configs }) =>
    static_configs.flatMap(({ targets: list }) => list),
  );

  it('scrapes what it shares a network with', () => {
    const hosts = targets.map((target) => target.split(':')[0] ?? '').filter((host) => host !== 'localhost');
    for (const host of hosts) {
      expect([host, compose.services[host]?.networks]).toEqual([
        host,
        expect.arrayContaining(['monitoring']),
      ]);
    }
  });

  const alerts = rules.flatMap(({ alert }) => (alert === undefined ? [] : [alert]));

  it('has a test and an explanation for every alert', () => {
    const tests = read('local-stack/prometheus/tests/alerts.yml');
    const explained = read('docs/docker.md');
    expect(alerts.filter((alert) => !tests.includes(`alertname: ${alert}\n`))).toEqual([]);
    expect(alerts.filter((alert) => !explained.includes(`| \`${alert}\` |`))).toEqual([]);
    const runbooks = rules
      .filter(({ alert }) => alert !== undefined)
      .map(({ annotations }) => annotations?.runbook_url);
    expect(new Set(runbooks)).toEqual(new Set(['docs/docker.md#alerts']));
    expect(explained).toContain('\n## Alerts\n');
  });
});

const promtool = findPromtool();
if (promtool !== null)
  describe('to promtool', () => {
    const check = (...args: readonly string[]) => run(promtool, args);

    it('the configuration is fine', () => {
      expect(check('check', 'config', join(PROMETHEUS, 'prometheus.yml'))).toMatchObject({ status: 0 });
    });

    it.each(['recording', 'alerts'])('the rules do what tests/%s.yml says', (file) => {
      const { status, said } = check('test', 'rules', join(PROMETHEUS, `tests/${file}.yml`));
      expect([said, status]).toEqual([expect.stringContaining('SUCCESS'), 0]);
    });

    it('every query of every panel is PromQL', () => {
      const folder = mkdtempSync(join(tmpdir(), 'panels-'));
      try {
        const asRules = queries.map(([, expr], index) => ({
          record: `panel:${index}`,
          expr: expr.replaceAll('$__rate_interval', '1m'),
        }));
        // JSON is YAML.
        writeFileSync(
          join(folder, 'panels.yml'),
          JSON.stringify({ groups: [{ name: 'panels', rules: asRules }] }),
        );
        const { status, said } = check('check', 'rules', join(folder, 'panels.yml'));
        expect([said, status]).toEqual([expect.stringContaining(`${queries.length} rules found`), 0]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });

/** From where the exporter itself takes its names. */
function exporterNames(): string[] {
  interface Directive {
    readonly Namespace: string;
    readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
  }
  const directives = JSON.parse(read('local-stack/exporter/series.json')) as readonly Directive[];
  const own = directives.flatMap(({ Namespace, Metrics }) =>
    Metrics.flatMap(({ Name, Unit }) => {
      const rule = unitRule(Unit);
      const { name } = seriesName(Namespace, Name, rule);
      return rule.type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    }),
  );
  // A gauge, of which no series is shown at 0.
  const memory = 'image_api_resident_memory_bytes';
  return [...own, memory, ...createSelfMetrics({ log: () => undefined, now: () => new Date(0) }).names()];
}

function namesIn(file: string): string[] {
  const text = readFileSync(join(import.meta.dirname, 'names', file), 'utf8');
  return text.split('\n').filter((line) => /^[a-z]/.test(line));
}

function provisioned(): readonly { readonly uid: string; readonly url: string }[] {
  const text = read('local-stack/grafana/provisioning/datasources/prometheus.yml');
  return (
    parseYaml(text) as { readonly datasources: readonly { readonly uid: string; readonly url: string }[] }
  ).datasources;
}

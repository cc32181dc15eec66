import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { seriesNames, unitRule } from '../../../local-stack/exporter/names.ts';
import { createSelfMetrics } from '../../../local-stack/exporter/selfMetrics.ts';
import { findPromtool } from '../../support/services.ts';
import { metricsIn } from './promql.ts';
import { compose, dashboards, PROMETHEUS, parseYaml, read, rules, run } from './stackFiles.ts';

const panels = dashboards.flatMap(({ file, panels: list }) =>
  list.filter(({ type }) => type !== 'row').map((panel) => [`${file}: ${panel.title}`, panel] as const),
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

  it.each(panels)('%s asks the provisioned data source', (_, panel) => {
    const [source] = provisioned();
    for (const { datasource } of [panel, ...(panel.targets ?? [])]) expect(datasource?.uid).toBe(source?.uid);
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
        const asRules = queries.map(([, expr], index) => ({ record: `panel:${index}`, expr }));
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
      const [name = ''] = seriesNames(Namespace, Name, rule);
      return rule.type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    }),
  );
  return [...own, ...createSelfMetrics({ log: () => undefined, now: () => new Date(0) }).names()];
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

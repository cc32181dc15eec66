import { describe, expect, it } from '@jest/globals';
import { createSelfMetrics } from '../../../local-stack/exporter/selfMetrics.ts';
import { SAMPLE_REASONS } from '../../../local-stack/exporter/tally.ts';
import { sumDrops } from '../../../local-stack/exporter/udpDrops.ts';
import { parseExposed } from './exposed.ts';
import { createWorld, documentOf } from './world.ts';

function create() {
  const lines: string[] = [];
  let ms = 1_000_000;
  const self = createSelfMetrics({ log: (line) => lines.push(line), now: () => new Date(ms) });
  const pass = (milliseconds: number) => {
    ms += milliseconds;
  };
  return { self, lines, pass };
}

describe('the exporter about itself', () => {
  it('shows every reason at 0 from the start', async () => {
    const values = parseExposed(await create().self.text());
    for (const reason of SAMPLE_REASONS) {
      expect(values.get(`emf_exporter_samples_dropped_total{reason="${reason}"}`)).toBe(0);
    }
  });

  it('knows every name that it shows', async () => {
    const { self } = create();
    const text = await self.text();
    const shown = [...text.matchAll(/^(?:# TYPE )?([a-z0-9_]+)/gm)].map(([, name]) => name);
    expect(shown.length).toBeGreaterThan(50);
    expect(shown.filter((name) => !self.names().has(name ?? ''))).toEqual([]);
  });

  it.each(['', '_count', '_sum', '_bucket'])('leaves nodejs_gc_duration_seconds%s to itself', (end) => {
    const reservedNames = create().self.names();
    const name = `GcDurationSeconds${end}`;
    const { feed, counts, store } = createWorld({ reservedNames });
    feed(documentOf({ namespace: 'Nodejs', units: { [name]: 'None' }, members: { [name]: 1 } }));
    const own = [...store.metrics()].map((metric) => metric.name);
    expect(own).toEqual(end === '' ? [] : [`nodejs_gc_duration_seconds${end}_value`]);
    expect(counts['sample name_conflict']).toBe(end === '' ? 1 : undefined);
  });

  it('tells people about a reason once a minute, however often and however long', () => {
    const { self, lines, pass } = create();
    for (let count = 0; count < 1_000; count += 1)
      self.samplesDropped('series_limit', 1, `Shop/\n${'x'.repeat(9_000)}`);
    self.samplesDropped('negative', 1, 'Shop/Orders');
    expect(lines).toHaveLength(2);
    expect(lines[0]?.length).toBeLessThan(250);
    expect(lines[0]).not.toContain('\n');
    pass(59_999);
    self.samplesDropped('series_limit', 1);
    expect(lines).toHaveLength(2);
    pass(1);
    self.samplesDropped('series_limit', 1);
    expect(lines).toHaveLength(3);
  });

  it('tells people about rejected lines once a minute, transport and reason, with the beginning of one', () => {
    const { self, lines, pass } = create();
    for (let count = 0; count < 1_000; count += 1)
      self.lineRejected('udp', 'json', `GET /\u001b[31m\n${'x'.repeat(9_000)}`);
    self.lineRejected('tcp', 'json', 'other');
    self.lineRejected('udp', 'too_long');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /^Lines are rejected \(json, over udp\), for example "GET \/\\u001b\[31m\\nx+"\.$/,
    );
    expect(lines[0]?.length).toBeLessThan(250);
    expect(lines[2]).toBe('Lines are rejected (too_long, over udp).');
    pass(60_000);
    self.lineRejected('udp', 'json', 'again');
    expect(lines).toHaveLength(4);
  });

  it('tells people about labels once a metric and reason, and once a minute of each reason', () => {
    const { self, lines, pass } = create();
    for (let count = 0; count < 1_000; count += 1) self.labelDropped('missing', 'Till\n', 'Shop/Orders');
    self.labelDropped('missing', 'Till', 'Shop/Wait');
    self.labelDropped('value_cut', 'Page', 'Shop/Orders');
    expect(lines).toEqual([
      'Labels are left off (missing), for example "Till\\n" of "Shop/Orders".',
      'Labels are cut (value_cut), for example "Page" of "Shop/Orders".',
    ]);
    pass(60_000);
    self.labelDropped('missing', 'Till', 'Shop/Orders');
    expect(lines).toHaveLength(2);
    self.labelDropped('missing', 'Till', 'Shop/Wait');
    expect(lines[2]).toBe('Labels are left off (missing), for example "Till" of "Shop/Wait".');
  });

  it('names a metric without unit, or the unit that nobody knows', () => {
    const { self, lines } = create();
    self.unitMissing('Shop/Load', 'None');
    self.unitMissing('Shop/Wait', 'milliseconds');
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'The metric "Shop/Load" has no unit',
      'The metric "Shop/Wait" has the unit "milliseconds", which CloudWatch does not know',
    ]);
    for (let count = 0; count < 100; count += 1) self.unitMissing(`Shop/Load${count}`, 'None');
    expect(lines).toHaveLength(20);
  });

  it('names a metric that came after another was shown by its name, up to twenty', () => {
    const { self, lines } = create();
    const names = { metric: 'Shop/Wait', wanted: 'shop_wait_seconds', given: 'shop_wait_seconds_seconds' };
    for (let count = 0; count < 100; count += 1) self.nameTaken({ ...names, holder: 'Shop/WaitMs' });
    expect(lines).toHaveLength(20);
    expect(lines[0]).toBe(
      'The metric "Shop/Wait" is shown as shop_wait_seconds_seconds: shop_wait_seconds was shown for "Shop/WaitMs" ' +
        'before it came. It may have another name after a restart.',
    );
  });

  it('remembers a thousand metrics with such labels and no more', () => {
    const { self, lines, pass } = create();
    for (let id = 0; id < 1_200; id += 1) {
      self.labelDropped('missing', 'Till', `Shop/Orders${id}`);
      pass(60_000);
    }
    expect(lines).toHaveLength(1_000);
  });

  it('says nothing of ordinary lines of a log that it is given to read', () => {
    const { self, lines } = create();
    self.lineRejected('stdin', 'not_emf', '{"level":"info"}');
    expect(lines).toEqual([]);
    self.lineRejected('udp', 'not_emf', '{"level":"info"}');
    expect(lines).toHaveLength(1);
  });

  it('asks for what only others know at every scrape', async () => {
    const { self } = create();
    let series = 3;
    self.watch({
      series: () => series,
      maxSeries: 10,
      metricSeries: () => 2,
      maxMetricSeries: 5,
      labelCharacters: () => 11,
      maxLabelCharacters: 10_240,
      udpDrops: async () => 7,
      udpBufferBytes: () => 4_096,
    });
    for (const expected of [3, 5]) {
      series = expected;
      const values = parseExposed(await self.text());
      expect(values.get('emf_exporter_series')).toBe(expected);
      expect(values.get('emf_exporter_series_limit')).toBe(10);
      expect(values.get('emf_exporter_metric_series_max')).toBe(2);
      expect(values.get('emf_exporter_metric_series_limit')).toBe(5);
      expect(values.get('emf_exporter_label_characters')).toBe(11);
      expect(values.get('emf_exporter_label_characters_limit')).toBe(10_240);
      expect(values.get('emf_exporter_udp_receive_drops_total')).toBe(7);
      expect(values.get('emf_exporter_udp_receive_buffer_bytes')).toBe(4_096);
    }
  });

  it('finds its socket in the table of the kernel by its port', () => {
    const table = [
      '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
      '  351: 0100007F:6520 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 41 2 0000000000000000 12',
      '  352: 00000000:6521 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 42 2 0000000000000000 99',
    ].join('\n');
    expect(sumDrops(table, 25_888)).toBe(12);
    expect(sumDrops(table, 1)).toBeUndefined();
    expect(sumDrops('', 25_888)).toBeUndefined();
  });
});

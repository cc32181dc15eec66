import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  KNOWN_UNITS,
  labelName,
  plainName,
  seriesName,
  snakeCase,
  unitRule,
} from '../../../local-stack/exporter/names.ts';

describe('names', () => {
  it.each([
    ['ImageApi', 'image_api'],
    ['HTTPMethod', 'http_method'],
    ['AWS/Lambda', 'aws_lambda'],
    ['S3Time', 's3_time'],
    ['aws-embedded-metrics', 'aws_embedded_metrics'],
    ['already_snake', 'already_snake'],
    ['__proto__', 'proto'],
    ['5xx', '_5xx'],
    ['a  b', 'a_b'],
    ['Größe', 'größe'],
    ['日本', '日本'],
    ['日本語Count', '日本語_count'],
    ['💥', '💥'],
    ['---', '_'],
    ['IPv6Count', 'ipv6_count'],
    ['countIPv4', 'count_ipv4'],
    ['userIDs', 'user_ids'],
    ['URLsFound', 'urls_found'],
    ['APIv2Calls', 'apiv2_calls'],
    ['HTTPServer', 'http_server'],
    ['UserIds', 'user_ids'],
    ['getURL', 'get_url'],
    ['IsOK', 'is_ok'],
    ['ASample', 'a_sample'],
    ['', '_'],
  ])('makes %s %s', (given, name) => {
    expect(snakeCase(given)).toBe(name);
  });

  it.each([
    ['Requests', 'Count', 'image_api_requests_total'],
    ['Duration', 'Milliseconds', 'image_api_duration_seconds'],
    ['Wait', 'Microseconds', 'image_api_wait_seconds'],
    ['BytesDownloaded', 'Bytes', 'image_api_bytes_downloaded_bytes'],
    ['Body', 'Kilobits', 'image_api_body_bytes'],
    ['Load', 'None', 'image_api_load'],
    ['Load', 'what nobody knows', 'image_api_load'],
    ['Cpu', 'Percent', 'image_api_cpu_ratio'],
    ['Traffic', 'Megabits/Second', 'image_api_traffic_bytes_per_second'],
    ['Hits', 'Count/Second', 'image_api_hits_per_second'],
    ['DurationMs', 'Milliseconds', 'image_api_duration_seconds'],
    ['LatencyMilliseconds', 'Milliseconds', 'image_api_latency_seconds'],
    ['latency_us', 'Microseconds', 'image_api_latency_seconds'],
    ['SizeKB', 'Kilobytes', 'image_api_size_bytes'],
    ['CpuPercent', 'Percent', 'image_api_cpu_ratio'],
    ['Items', 'Milliseconds', 'image_api_items_seconds'],
    ['Ms', 'Milliseconds', 'image_api_seconds'],
    ['RequestCount', 'Count', 'image_api_request_count_total'],
    ['RequestCount', 'None', 'image_api_request_count_value'],
    ['日本', 'Count', 'image_api_日本_total'],
    ['orders_total', 'Count', 'image_api_orders_total'],
    ['duration_seconds', 'Seconds', 'image_api_duration_seconds'],
  ])('makes %s in %s %s', (name, unit, expected) => {
    expect(seriesName('ImageApi', name, unitRule(unit)).name).toBe(expected);
  });

  it.each([
    ['Seconds', 3, 3],
    ['Milliseconds', 300, 0.3],
    ['Microseconds', 1, 0.000_001],
    ['Bytes', 7, 7],
    ['Kilobytes', 2, 2_000],
    ['Terabytes', 1, 1e12],
    ['Bits', 8, 1],
    ['Gigabits', 1, 125_000_000],
    ['Percent', 50, 0.5],
    ['Megabits/Second', 8, 1_000_000],
    ['None', -4.5, -4.5],
  ])('takes %s to the base unit', (unit, value, expected) => {
    expect(unitRule(unit).toBase(value)).toBe(expected);
  });

  it('knows the 27 units of CloudWatch', () => {
    expect(new Set(KNOWN_UNITS).size).toBe(27);
  });

  it('keeps the label of the buckets free', () => {
    expect([labelName('le'), labelName('LE'), labelName('Operation')]).toEqual([
      'exported_le',
      'exported_le',
      'operation',
    ]);
  });

  it('makes a legal name of anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(plainName(snakeCase(text))).toMatch(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/);
        expect(snakeCase(text)).not.toMatch(/["\\\s\p{Cc}\p{Cs}]|^$/u);
        expect(snakeCase(text).startsWith('__')).toBe(false);
      }),
    );
  });
});

/** The exporter and this service, which know nothing of each other but the text between them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { IMAGE_CODES, PROBLEM_CODES } from '../../../lib/domain/problem.ts';
import { ROOT, type RunningExporter, startCommand } from './command.ts';
import { totalOf } from './exposed.ts';

const SERIES = 'local-stack/exporter/series.json';
const INVOCATIONS = 10_000;
/** Two for each of the 3,334 that read, four for each of the others. */
const DOCUMENTS = 3_334 * 2 + 6_666 * 4;

/** About a hundred datagrams: they fit into what any kernel keeps for a socket that is not read at once. */
const AT_ONCE = 30;

/** Goes on when what was sent has arrived, so that this asks what is counted, not how fast a sender may be. */
async function invoke(count: number, exporter: RunningExporter): Promise<void> {
  const script = join(import.meta.dirname, 'emitInvocations.ts');
  const AWS_EMF_AGENT_ENDPOINT = `udp://127.0.0.1:${exporter.udpPort}`;
  const env = { ...process.env, AWS_EMF_ENVIRONMENT: 'Agent', AWS_EMF_AGENT_ENDPOINT };
  const child = spawn(process.execPath, ['--no-warnings', script], {
    env,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  try {
    for (let sent = 0; sent < count; ) {
      const next = Math.min(AT_ONCE, count - sent);
      child.stdin.write(`${next}\n`);
      sent += next;
      await exporter.until((values) => totalOf(values, 'image_api_requests_total') >= sent);
    }
    child.stdin.end();
    await once(child, 'exit');
  } finally {
    child.kill('SIGKILL');
  }
}

describe('this service and the exporter', () => {
  it('count 10,000 invocations as exactly 10,000, and show no series that was not there at 0', async () => {
    await using exporter = await startCommand([`--precreate=${join(ROOT, SERIES)}`, '--namespaces=ImageApi']);
    const before = await exporter.values();
    await invoke(INVOCATIONS, exporter);
    const seen = await exporter.until(
      (values) => values.get('emf_exporter_documents_total{transport="udp"}') === DOCUMENTS,
    );

    expect(seen.get('emf_exporter_udp_receive_drops_total')).toBe(0);
    expect(totalOf(seen, 'image_api_requests_total')).toBe(INVOCATIONS);
    expect(totalOf(seen, 'image_api_duration_seconds_count')).toBe(INVOCATIONS);
    expect(seen.get('image_api_requests_total{operation="get",outcome="PAGE_NOT_FOUND"}')).toBe(334);
    expect(totalOf(seen, 'image_api_images_discovered_total')).toBe(6_666 * 5);
    expect(totalOf(seen, 'image_api_images_skipped_total')).toBe(6_666 * 2);
    expect(totalOf(seen, 'image_api_bytes_downloaded_bytes_sum')).toBe(6_666 * 100_000);
    expect(totalOf(seen, 'image_api_cache_hits_total') + totalOf(seen, 'image_api_cache_misses_total')).toBe(
      3_334,
    );
    const named = (values: ReadonlyMap<string, number>) =>
      [...values.keys()].filter((key) => /^image_api_/.test(key));
    expect(named(seen)).toEqual(named(before));
    for (const [series, value] of seen)
      if (/dropped|rejected/.test(series)) expect([series, value]).toEqual([series, 0]);
  });

  it('agree on every code', () => {
    const directives: { Dimensions: Record<string, string[]> }[] = JSON.parse(
      readFileSync(join(ROOT, SERIES), 'utf8'),
    );
    const listed = (name: string) => directives.flatMap(({ Dimensions }) => Dimensions[name] ?? []);
    expect(listed('Outcome')).toEqual(['OK', ...PROBLEM_CODES]);
    expect(listed('Code')).toEqual([...IMAGE_CODES]);
  });

  it('share no code', () => {
    const files = globSync('local-stack/exporter/*.ts', { cwd: ROOT });
    const imports = files.flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/from '([^']+)'/g)].map(([, name]) => name),
    );
    expect(files.length).toBeGreaterThan(10);
    expect(imports.filter((name) => !/^(node:|\.\/)/.test(name ?? ''))).toEqual(['prom-client']);
  });
});

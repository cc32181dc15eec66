/** Whatever is sent, nothing is kept of a line once it is counted. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { startCommand } from '../../local-stack/exporter/command.ts';
import { documentOf } from '../../local-stack/exporter/world.ts';

/**
 * By the first all tables are full and all code is compiled. Two stretches, since what the start has left may go in
 * one of them, and would hide what is kept there.
 */
const MARKS = [200_000, 600_000, 1_000_000] as const;
const AT_ONCE = 10_000;
const MAX_SERIES = 500;
/** Over 400,000 lines: 1.3 bytes of each. */
const MAX_GROWTH_BYTES = 512 * 1024;

const ID = '@ID@';
/** What a flood is made of, each with something that was never there before; the last is half a document. */
const KINDS = [
  documentOf({ sets: [['Page']], members: { Page: `https://shop.example/${ID}`, Orders: 1 } }),
  documentOf({ units: { Wait: 'Seconds' }, sets: [['Page']], members: { Page: ID, Wait: [1, 2] } }),
  documentOf({ units: { [`Orders${ID}`]: 'Count' }, members: { [`Orders${ID}`]: 1 } }),
  documentOf({ sets: [[`Page${ID}`]], members: { [`Page${ID}`]: 'a', Orders: 1 } }),
  documentOf({ namespace: `Shop${ID}`, members: { Orders: 1 } }),
  documentOf({ units: { Orders: `Parsecs${ID}` }, sets: [[ID]], members: { Orders: 1e300 } }),
  { message: `a line of the log, ${ID}` },
]
  .map((kind) => JSON.stringify(kind))
  .concat(`{"_aws":{"CloudWatchMetrics":[{"Namespace":"${ID}"`)
  .map((text) => text.split(ID));

const line = (id: number) => (KINDS[id % KINDS.length] ?? []).join(String(id));

describe('the exporter', () => {
  it('keeps nothing of a million lines, all new', async () => {
    await using exporter = await startCommand([`--max-series=${MAX_SERIES}`]);
    const socket = connect({ port: exporter.tcpPort, host: '127.0.0.1' });
    await once(socket, 'connect');
    const send = async (from: number, to: number) => {
      for (let id = from; id < to; id += AT_ONCE) {
        const lines = Array.from({ length: AT_ONCE }, (_, index) => `${line(id + index)}\n`);
        await new Promise((resolve) => socket.write(lines.join(''), resolve));
      }
      await exporter.until((values) => {
        const read = values.get('emf_exporter_documents_total{transport="tcp"}') ?? 0;
        return read + rejectedIn(values) === to;
      });
    };
    const kept: number[] = [];
    let sent = 0;
    for (const mark of MARKS) {
      await send(sent, mark);
      sent = mark;
      kept.push(await exporter.keptBytes());
    }
    const seen = await exporter.values();
    socket.destroy();

    expect(seen.get('emf_exporter_series')).toBe(MAX_SERIES);
    expect(seen.get('emf_exporter_documents_total{transport="tcp"}')).toBe((sent * 6) / KINDS.length);
    const growth = kept.slice(1).map((bytes, index) => bytes - (kept[index] ?? 0));
    expect(Math.max(...growth)).toBeLessThan(MAX_GROWTH_BYTES);
  });
});

const rejectedIn = (values: ReadonlyMap<string, number>) =>
  [...values]
    .filter(([series]) => series.startsWith('emf_exporter_lines_rejected_total'))
    .reduce((total, [, count]) => total + count, 0);

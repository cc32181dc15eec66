import type { Context } from 'aws-lambda';
import { type SweepReport, sweep } from '../lib/record/sweep.ts';
import { createBaseServices } from '../lib/services.ts';

const services = createBaseServices();

/** A record's fence and its removals take a while; none is begun in the last seconds. */
const RESERVE_MS = 10_000;

/** Scheduled: removes what killed writes left in the bucket. */
export async function handler(_event: unknown, context: Context): Promise<SweepReport> {
  const leftMs = context.getRemainingTimeInMillis() - RESERVE_MS;
  const report = await sweep(services, services.clock.elapsed() + leftMs);
  console.log(JSON.stringify({ level: 'info', operation: 'sweep', ...report }));
  return report;
}

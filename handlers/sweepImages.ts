import type { Context } from 'aws-lambda';
import { Problem } from '../lib/domain/problem.ts';
import { describe } from '../lib/invocation/describe.ts';
import { createBaseServices } from '../lib/services.ts';
import type { SweepReport } from '../lib/sweep/sweep.ts';
import { sweepInTime } from '../lib/sweep/sweepInTime.ts';

const services = createBaseServices();

/** Scheduled: removes what killed writes left in the bucket. A sweep that fails is a failed invocation. */
export async function handler(_event: unknown, context: Context): Promise<SweepReport> {
  const { clock } = services;
  const start = clock.elapsed();
  const say = (level: 'info' | 'error', code: string, facts: object) => {
    const durationMs = Math.round(clock.elapsed() - start);
    const line = { level, operation: 'sweep', code, durationMs, requestId: context.awsRequestId, ...facts };
    console.log(JSON.stringify(line));
  };
  try {
    const report = await sweepInTime(services, context.getRemainingTimeInMillis());
    say('info', 'OK', report);
    return report;
  } catch (error) {
    say('error', error instanceof Problem ? error.code : 'INTERNAL', { cause: describe(error) });
    throw error;
  }
}

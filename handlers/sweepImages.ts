import type { Context } from 'aws-lambda';
import { runCall } from '../lib/invocation/runCall.ts';
import { createBaseServices } from '../lib/services.ts';
import type { SweepReport } from '../lib/sweep/sweep.ts';
import { sweepInTime } from '../lib/sweep/sweepInTime.ts';

const services = createBaseServices();

/** Run by a schedule: removes copies that no record names. When the sweep fails, so does the invocation. */
export const handler = (_event: unknown, context: Context): Promise<SweepReport> =>
  runCall('sweep', services, context, (its, call) => sweepInTime(its, call.deadline));

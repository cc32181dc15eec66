/** A packaged function, as Lambda loads it. */
import { pathToFileURL } from 'node:url';
import { type Invocations, invoke } from './invoke.ts';

const { handler } = await import(pathToFileURL(process.env.BENCH_BUNDLE ?? '').href);

export const run = (args: Invocations) => invoke(handler, args);

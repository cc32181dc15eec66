/** The process that is killed and paused. It runs one operation at a time on the order of its parent. */
import { createService, type OperationName, type Outcome, type ServiceOrder } from './service.ts';
import { setClock } from './wallClock.ts';

export interface ChildOrder extends ServiceOrder {
  readonly operation: OperationName;
  readonly url: string;
}

export type ChildMessage =
  | { readonly kind: 'order'; readonly order: ChildOrder }
  /** Sets the wall clock at once. */
  | { readonly kind: 'clock'; readonly byMs: number };

export type ChildAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'clock' }
  | { readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly kind: 'failed'; readonly error: string };

const say = (response: ChildAnswer) => process.send?.(response);
// The log of the service is not needed here.
console.log = () => {};

process.on('message', async (message) => {
  const heard = message as ChildMessage;
  if (heard.kind === 'clock') {
    setClock(heard.byMs);
    say({ kind: 'clock' });
  } else {
    say(await carryOut(heard.order));
  }
});
// This process must not outlive its parent, even if the parent was killed.
process.on('disconnect', () => process.exit());
say({ kind: 'ready' });

async function carryOut(order: ChildOrder): Promise<ChildAnswer> {
  const service = createService(order);
  try {
    return { kind: 'done', outcome: await service.run(order.operation, order.url) };
  } catch (error) {
    return { kind: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  } finally {
    await service.close();
  }
}

/** The process that is killed and paused: it does one operation at a time, as its parent orders. */
import { createService, type OperationName, type Outcome, type ServiceOrder } from './service.ts';

export interface ChildOrder extends ServiceOrder {
  readonly operation: OperationName;
  readonly url: string;
}

export type ChildAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly kind: 'failed'; readonly error: string };

const say = (answer: ChildAnswer) => process.send?.(answer);
// Log lines are nobody's business here.
console.log = () => {};

process.on('message', async (message) => {
  const order = message as ChildOrder;
  const service = createService(order);
  try {
    say({ kind: 'done', outcome: await service.run(order.operation, order.url) });
  } catch (error) {
    say({ kind: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    await service.close();
  }
});
// The parent is gone, however it went: so is this.
process.on('disconnect', () => process.exit());
say({ kind: 'ready' });

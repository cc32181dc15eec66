import type { Parameters } from '../parameters.ts';
import type { Row } from '../row.ts';
import type { World } from '../world.ts';

export interface Scenario {
  readonly name: string;
  /** Ends every process that it started. */
  run(world: World, parameters: Parameters): Promise<readonly Row[]>;
}

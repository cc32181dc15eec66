import { PLANTED } from './faults.ts';

export const target = PLANTED.throws;

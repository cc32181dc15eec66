/** Where a body ends: RFC 9112 section 6.3, RFC 9113 section 8.1. */

import type { Answer } from './exchange.ts';
import { faultError } from './faults.ts';

export interface Framing {
  /** The transport says where the body ends; otherwise it ends with the connection, which may be too early. */
  readonly isDelimited: boolean;
  /** Content-Length in bytes, as encoded; 0 when it is not said. */
  readonly length: number;
}

/** @throws fault `protocol` for a transfer coding but chunked: nobody asked for one, and nothing undoes it. */
export function framingOf(answer: Answer): Framing {
  const coding = answer.header('transfer-encoding');
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') throw faultError('protocol');
  const length = answer.header('content-length');
  return {
    isDelimited: answer.isFramed || coding !== undefined || length !== undefined,
    length: Number(length ?? 0),
  };
}

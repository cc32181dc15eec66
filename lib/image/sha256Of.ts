import { createHash, hash } from 'node:crypto';
import { createYielder } from '../concurrency/yielder.ts';
import { inSteps } from './structure.ts';

/** A step takes about a millisecond, or four on a processor without SHA instructions. */
const BYTES_PER_STEP = 1024 * 1024;

/** SHA-256 of the bytes in hex. It yields, since the settings may allow images of a gigabyte. */
export async function sha256Of(bytes: Buffer): Promise<string> {
  if (bytes.length <= BYTES_PER_STEP) return hash('sha256', bytes, 'hex');
  const yielder = createYielder();
  await yielder.yield();
  const whole = createHash('sha256');
  let offset = 0;
  return inSteps(yielder, () => {
    whole.update(bytes.subarray(offset, offset + BYTES_PER_STEP));
    offset += BYTES_PER_STEP;
    return offset < bytes.length ? undefined : whole.digest('hex');
  });
}

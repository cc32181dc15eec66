/** GETs of one key over one connection. */
import { Redis } from 'ioredis';

const redis = new Redis(`redis://${process.env.REDIS_ADDRESS}`);

export async function run({
  key,
  times,
  atOnce,
}: {
  key: string;
  times: number;
  atOnce: number;
}): Promise<void> {
  let left = times;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      if ((await redis.get(key)) === null) throw new Error(`${key} is not in the cache`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
}

// Which breaks a seed draws: the same ones on every machine.
import { tsImport } from 'tsx/esm/api';

const { Random } = await tsImport('../../test/simulation/random.ts', import.meta.url);

/** At most `count` of `all`, in the order that the seed draws (Fisher-Yates). */
export function drawn(all, seed, count) {
  const random = new Random(seed);
  const left = [...all];
  for (let at = left.length - 1; at > 0; at -= 1) {
    const other = random.whole(0, at);
    [left[at], left[other]] = [left[other], left[at]];
  }
  return left.slice(0, count);
}

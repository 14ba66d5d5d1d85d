/** Random numbers from a seed (mulberry32), so that a run can be repeated: the same for the same seed everywhere. */
function bitsFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** From 0 on, below 1. */
export function seededRandom(seed: number): () => number {
  const next = bitsFrom(seed);
  return () => next() / 4_294_967_296;
}

export type Draw = (below: number) => number;

/** Whole numbers from 0 on, below what each call says. */
export function drawFrom(seed: number): Draw {
  const next = bitsFrom(seed);
  return (below) => next() % below;
}

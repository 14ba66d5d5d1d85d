/** Random numbers from a seed (mulberry32): the same everywhere for one seed, so a run can be repeated. */
function bitsFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** From 0 to below 1. */
export function seededRandom(seed: number): () => number {
  const next = bitsFrom(seed);
  return () => next() / 4_294_967_296;
}

export type Draw = (below: number) => number;

/** Whole numbers from 0 to below the bound that each call passes. */
export function drawFrom(seed: number): Draw {
  const next = bitsFrom(seed);
  return (below) => next() % below;
}

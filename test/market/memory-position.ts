import type { MarketPositionStore } from '../../src/market/replay-feed.js';

/** Positions of markets that live as long as the test. */
export function memoryPosition(
  kept: ReadonlyMap<string, number> = new Map(),
): MarketPositionStore & { readonly kept: ReadonlyMap<string, number> } {
  const positions = new Map(kept);
  return {
    kept: positions,
    load: (identity) => positions.get(identity) ?? null,
    save: (identity, marketMs) => void positions.set(identity, marketMs),
  };
}

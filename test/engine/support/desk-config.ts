import type { EngineConfig } from '../../../src/engine/config.js';
import { coins, crossStrategy, engineConfigWith, SPOT } from '../../support/engine-config.js';

/** Spot by default; averages so short that a few bars make an entry. */
export function deskConfig(changes: Partial<EngineConfig> = {}, count = 2): EngineConfig {
  const capabilities = changes.capabilities ?? SPOT;
  const names = Array.from({ length: count }, (_, id) => ['BTC', 'ETH'][id] ?? `C${id}`);
  const instruments = coins(names, { kind: capabilities.stopLocksBalance ? 'spot' : 'linear' });
  return engineConfigWith({
    instruments,
    strategies: crossStrategy(instruments, { fastBars: 2, slowBars: 3, atrBars: 2, entryRestBars: 2 }),
    risk: {
      maxPositionSizePct: 10,
      maxConcurrentPositions: 2,
      stopLossPct: 5,
      dailyLossLimitPct: 3,
      maxDrawdownPct: 15,
      staleDataSeconds: 10,
    },
    ...changes,
  });
}

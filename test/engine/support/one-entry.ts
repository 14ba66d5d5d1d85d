import type { TradedStrategy } from '../../../src/engine/config.js';
import type { EntryWish } from '../../../src/engine/strategies/strategy.js';

/** A strategy that enters once, at its first bar, and asks for nothing else. */
export function oneEntry(wish: Partial<EntryWish> = {}): TradedStrategy {
  return {
    ...{ name: 'once', kind: './strategies/once.ts', symbols: ['BTC/USDT'], enabled: true, parameters: {} },
    own: {
      ...{ kind: './strategies/once.ts', suits: 'trending', parameters: [] },
      create: () => {
        let isDone = false;
        return {
          warmupBars: 0,
          onBar: (context) => {
            if (!isDone)
              context.enterLimit({
                ...{ side: 'buy', limitTicks: 10_000, protectTicks: 9_800, restBars: 3, because: 'asked to' },
                ...wish,
              });
            isDone = true;
          },
          state: () => '',
        };
      },
    },
  };
}

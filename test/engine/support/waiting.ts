/** A strategy that enters when a bar closes at one price, and closes its trade when one closes at another. */
import type { TradedStrategy } from '../../../src/engine/config.js';
import type { LimitEntry, StrategyContext } from '../../../src/engine/strategies/strategy.js';

/** What it asks for when a bar closes at that price. */
export type Asks = Readonly<Record<number, (context: StrategyContext) => void>>;

export function waiting(
  name: string,
  enterAt: number,
  exitAt: number,
  wish: Partial<LimitEntry> = {},
  asks: Asks = {},
): TradedStrategy {
  const kind = `./strategies/${name}.ts`;
  return {
    ...{ name, kind, symbols: ['BTC/USDT'], enabled: true, parameters: {} },
    own: {
      ...{ kind, suits: 'trending', parameters: [] },
      create: () => {
        let seen = 0;
        return {
          warmupBars: 0,
          onBar: (context, { closeTicks }) => {
            seen = context.positionLots;
            if (closeTicks === exitAt) context.exit('asked to');
            asks[closeTicks]?.(context);
            if (closeTicks !== enterAt || context.positionLots !== 0) return;
            context.enter({
              ...{ side: 'buy', limitTicks: 10_000, protectTicks: 9_800, restBars: 3, because: 'asked to' },
              ...{ size: { lots: 400 } },
              ...wish,
            } as LimitEntry);
          },
          state: () => String(seen),
        };
      },
    },
  };
}

import type { TradedStrategy } from '../../../src/engine/config.js';
import type {
  LimitEntry,
  MarketEntry,
  StopEntry,
  WaitingWish,
} from '../../../src/engine/strategies/strategy.js';

/** By default a limit order; any other wish is whole. */
type Wish = Partial<LimitEntry> | MarketEntry | StopEntry | WaitingWish;

const isWhole = (wish: Wish): wish is MarketEntry | StopEntry | WaitingWish =>
  wish.type !== undefined && wish.type !== 'limit';

/** A strategy that enters once, at its first bar, and asks for nothing else. */
export const oneEntry = (wish: Wish = {}): TradedStrategy => entriesInTurn([wish]);

/** One that makes each of these at the first bar at which it holds nothing, the next one after it. */
export function entriesInTurn(wishes: readonly Wish[]): TradedStrategy {
  return {
    ...{ name: 'once', kind: './strategies/once.ts', symbols: ['BTC/USDT'], enabled: true, parameters: {} },
    own: {
      ...{ kind: './strategies/once.ts', suits: 'trending', parameters: [] },
      create: () => {
        const ahead = [...wishes];
        return {
          warmupBars: 0,
          onBar: (context) => {
            const wish = context.positionLots === 0 ? ahead.shift() : undefined;
            if (wish === undefined) return;
            if (isWhole(wish)) context.enter(wish);
            else
              context.enter({
                ...{ side: 'buy', limitTicks: 10_000, protectTicks: 9_800, restBars: 3, because: 'asked to' },
                ...wish,
              });
          },
          state: () => '',
        };
      },
    },
  };
}

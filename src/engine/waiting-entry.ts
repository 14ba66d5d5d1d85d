/** An entry that waits in the core, as recorded. */
import type { ExitPlan } from '../domain/exits.js';
import type { InstrumentId } from '../domain/instrument.js';
import type { Side, Waited } from '../domain/order.js';
import type { SignalName } from '../domain/signal.js';
import type { StrategySize } from './strategies/size-entry.js';
import type { OrderedWish } from './strategies/strategy.js';

export interface WaitingEntry {
  /** Client id of the order that it becomes. */
  readonly clientId: string;
  readonly instrument: InstrumentId;
  readonly strategy: string;
  readonly type: Waited;
  readonly side: Side;
  /** Null: it waits for a time, or for the market to turn. */
  readonly touchTicks: number | null;
  /**
   * Due once the market has turned by `ticks` from its best price, which was `bestTicks` when the wait began.
   * Its stop and exits are prices for an immediate turn, and move with the best price.
   */
  readonly trail?: { readonly ticks: number; readonly bestTicks: number };
  /** Null: it takes what the market offers at once, within `slippageTicks`. */
  readonly limitTicks: number | null;
  /** Null: it becomes a limit order at `limitTicks`. */
  readonly slippageTicks: number | null;
  /** Bars after which it expires. Null: `untilMs` says when. */
  readonly restBars: number | null;
  /**
   * Market time from which the next quote is its moment. Null: it waits for a price, a turn, or a trade's or
   * order's end.
   */
  readonly fromMs: number | null;
  /** Market time at which it expires. Null: `restBars` says when. */
  readonly untilMs: number | null;
  readonly protectTicks: number;
  readonly exits?: ExitPlan;
  readonly size?: StrategySize;
  readonly signal?: SignalName;
  readonly because: string;
  /** For a change: client id of the order that it changes. */
  readonly changes?: string;
  /** As in the order that it changes. */
  readonly oneOf?: string;
  /** For a reversal or a change: the entry that follows. Left out: the members above say what it becomes. */
  readonly wish?: OrderedWish;
}

/**
 * What strategies are shown between bars: quotes, where they look at them or have a timer, trades of the market, where they
 * listen to them, and fills of their own orders.
 * Market time is that of the quotes, so that the same recording tells each timer at the same price.
 */
import { type Core, setTime, touch } from '../core.js';
import type { QuoteEvent, TradeEvent } from '../event.js';
import { isMarketOpen } from '../flow/session.js';
import { contextOf } from './on-bar.js';
import type { StrategyContext } from './strategy.js';
import type { StrategySlot } from './strategy-slot.js';

/** After it was taken as the price. True where a strategy was shown it. */
export function showQuote(core: Core, event: QuoteEvent): boolean {
  const at = event.instrument;
  // Of an unknown instrument there is none: undefined is not above any time.
  if (!(event.marketMs >= (core.shownFromMs[at] as number)) || !core.begun) return false;
  setTime(core, event);
  if (!core.market.isPrice(at, event.bidTicks, event.askTicks) || !isMarketOpen(core, at)) return false;
  for (const slot of core.slots) if (slot.instrument.id === at) show(core, slot, event.marketMs);
  watchQuotes(core);
  touch(core, at);
  return true;
}

/** True where a strategy was told of it. Nobody is told before the first believed quote, or of what is no trade. */
export function showTrade(core: Core, event: TradeEvent): boolean {
  const { instrument: at, priceTicks, quantityLots } = event;
  const listening = core.slots.filter(
    ({ instrument, strategy, barsSeen }) =>
      instrument.id === at && strategy.onTrade !== undefined && barsSeen >= strategy.warmupBars,
  );
  if (listening.length === 0 || !core.begun || !(priceTicks > 0 && quantityLots > 0)) return false;
  setTime(core, event);
  const { bidTicks, askTicks } = core.market;
  if (!core.market.isPrice(at, bidTicks[at] as number, askTicks[at] as number) || !isMarketOpen(core, at))
    return false;
  for (const slot of listening) slot.strategy.onTrade?.(contextNow(core, slot), event);
  touch(core, at);
  return true;
}

/** By instrument the market time from which a quote is shown to anybody, so that the others cost nothing. */
export function watchQuotes(core: Core): void {
  core.shownFromMs.fill(Number.POSITIVE_INFINITY);
  for (const { instrument, strategy, timerMs } of core.slots) {
    if (strategy.onQuote === undefined && strategy.timerMs === undefined) continue;
    const nextMs =
      strategy.onQuote === undefined ? timerMs + (strategy.timerMs ?? 0) : Number.NEGATIVE_INFINITY;
    core.shownFromMs[instrument.id] = Math.min(core.shownFromMs[instrument.id] as number, nextMs);
  }
}

function show(core: Core, slot: StrategySlot, marketMs: number): void {
  const { strategy } = slot;
  if (slot.barsSeen < strategy.warmupBars) return;
  const context = () => contextNow(core, slot);
  const { timerMs } = strategy;
  if (timerMs !== undefined) {
    const dueMs = Math.floor(marketMs / timerMs) * timerMs;
    const isFirst = slot.timerMs === Number.NEGATIVE_INFINITY;
    const isDue = dueMs > slot.timerMs;
    if (isDue) slot.timerMs = dueMs;
    if (isDue && !isFirst) strategy.onTimer?.(context(), dueMs);
  }
  strategy.onQuote?.(context());
}

const contextNow = (core: Core, slot: StrategySlot): StrategyContext =>
  contextOf(core, slot, { atMs: core.marketMs, warmup: false, late: false }, slot.allowance);

/** Of a strategy's own orders, once the event that brought them is taken in as a whole. */
export function showFills(core: Core): void {
  if (core.unshownFills.length === 0) return;
  for (const { clientId, instrument, side, quantityLots, priceTicks } of core.unshownFills.splice(0)) {
    const intent = core.state.orders.get(clientId)?.intent;
    const slot = core.slots.find(
      ({ name, instrument: { id } }) => name === intent?.strategy && id === instrument,
    );
    if (intent === undefined || slot?.strategy.onFill === undefined) continue;
    if (!core.begun || slot.barsSeen < slot.strategy.warmupBars) continue;
    slot.strategy.onFill(contextNow(core, slot), { side, quantityLots, priceTicks, purpose: intent.purpose });
    touch(core, instrument);
  }
}

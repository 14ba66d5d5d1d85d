/**
 * What a quote does: it marks positions and, once a market minute, leads to the day's boundary and an equity sample.
 */

import { PAPER_ACCOUNT } from '../../domain/account.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { formatMoney, writeUnits } from '../../domain/money.js';
import { cashUnits, heldAt } from '../books.js';
import { type Core, commit, markChanged, note, setTime } from '../core.js';
import type { QuoteEvent } from '../event.js';
import { haltWhy } from '../halts/mode.js';
import { raiseHalt } from '../halts/raise-halt.js';
import { openLots } from '../state.js';
import { reviewDisabled } from '../strategies/tracker.js';
import { valuedNow } from './stale-data.js';

/** While equity does not change, one sample an hour is enough. */
const IDLE_SAMPLE_MARKET_MS = 60 * MINUTE_MS;
/** A peak higher by this factor is recorded at once, and the drawdown is counted from it: 0.1 %. */
const PEAK_STEP = 1.001;

/**
 * `quotedMs`: monotonic time of the quote itself, if earlier than the event. Returns whether anything may have been
 * recorded.
 */
export function takeQuote(core: Core, event: QuoteEvent, quotedMs = event.monotonicMs): boolean {
  const { market, limits } = core;
  if (!market.quote(event.instrument, event.bidTicks, event.askTicks, quotedMs)) return false;
  core.quoteChanges?.see(event, quotedMs);
  if (!core.begun) return false;
  const equity = market.equity;
  if (equity > limits.peak && market.isPriced) limits.peak = equity;
  const higher = equity >= core.state.peak * PEAK_STEP && market.isPriced;
  const exits = market.isExitPrice(event.instrument);
  if (!higher && !exits && equity > limits.watchedFloor && event.marketMs < core.nextMinuteMs) return false;
  setTime(core, event);
  if (exits) markChanged(core, event.instrument);
  if (event.marketMs >= core.nextMinuteMs) onMinute(core);
  if (higher) sampleEquity(core);
  haltOnLoss(core);
  return true;
}

/**
 * By market time: the day's boundary and an equity sample. Both wait until every position has a price: after a
 * restart, equity at cost must not be the basis of a day's loss or a peak.
 */
export function onMinute(core: Core): void {
  if (!core.market.isPriced) return;
  core.nextMinuteMs = Math.floor(core.marketMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const startMs = core.config.dayStartMs(core.marketMs);
  if (core.state.day === null || startMs > core.state.day.startMs) beginDay(core, startMs);
  tellOfMaintenance(core);
  reviewDisabled(core);
  const last = core.state.lastEquity;
  const idle = last !== null && last.equity === core.market.equity;
  const age = last === null ? Number.POSITIVE_INFINITY : Math.abs(core.marketMs - last.marketMs);
  if (age >= (idle ? IDLE_SAMPLE_MARKET_MS : MINUTE_MS)) sampleEquity(core);
}

/** Told once each time equity has fallen below it: the paper account opens nothing then, and liquidates nothing. */
function tellOfMaintenance(core: Core): void {
  const { config, state, market } = core;
  // At a broker, its own margins count.
  if ((config.account ?? PAPER_ACCOUNT) !== PAPER_ACCOUNT) return;
  const needed = state.positions.reduce((sum, position) => {
    const lots = Math.abs(openLots(position));
    return lots === 0 ? sum : sum + (valuedNow(core, position.instrument).lotMargin?.maintenance ?? 0) * lots;
  }, 0);
  const isBelow = market.equity < needed;
  if (isBelow && !core.belowMaintenance)
    note(
      core,
      'alarm',
      `equity ${formatMoney(market.equity, 2)} is below the maintenance margin of ${formatMoney(Math.round(needed), 2)}: ` +
        'nothing is opened until it is above that, or less is held',
    );
  core.belowMaintenance = isBelow;
}

export function beginDay(core: Core, startMs: number): void {
  commit(core, {
    type: 'day',
    dayStartMs: startMs,
    startEquity: core.market.equity,
    marketMs: core.marketMs,
  });
}

/** `peak`: given when a drawdown halt is lifted, and the drawdown is counted from here. */
export function sampleEquity(core: Core, peak = Math.max(core.limits.peak, core.market.equity)): void {
  const { equity } = core.market;
  const unrealised = core.state.positions.reduce(
    (sum, position) => sum + core.market.unrealised(heldAt(core.state, position)),
    0,
  );
  core.limits.peak = peak;
  commit(core, {
    type: 'equity',
    equity,
    peak,
    cash: writeUnits(cashUnits(core.state)),
    unrealised,
    marketMs: core.marketMs,
  });
}

/** Halts if equity is at a loss limit in force. */
export function haltOnLoss(core: Core): void {
  if (core.market.equity > core.limits.watchedFloor) return;
  const drawdown = core.market.equity <= core.limits.drawdownFloor;
  const cause = drawdown ? 'drawdown' : 'daily-loss';
  const reason = drawdown ? drawdownReason(core) : dailyLossReason(core);
  raiseHalt(core, { mode: 'HALTED', by: 'fermata', reason, ...haltWhy(core.config, cause) });
}

function drawdownReason({ market, limits, config }: Core): string {
  const { maxDrawdownPct } = config.risk;
  return `equity ${formatMoney(market.equity, 2)} is ${maxDrawdownPct} % or more below its peak of ${formatMoney(limits.peak, 2)}`;
}

function dailyLossReason({ market, state, config }: Core): string {
  const start = formatMoney(state.day?.startEquity ?? 0, 2);
  const { dailyLossLimitPct } = config.risk;
  return `equity ${formatMoney(market.equity, 2)} has lost ${dailyLossLimitPct} % or more since the day began at ${start}`;
}

/**
 * Takes a quote: marks positions and, once a market minute, checks the day's boundary and adds a point to the
 * curve of equity. Recorded are the day's start, a higher peak, and equity once an hour; the curve in between
 * is only observed.
 */
import { isPaperAccount, PAPER_ACCOUNT } from '../../domain/account-name.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { Halt, HaltCause } from '../../domain/mode.js';
import { writeUnits } from '../../domain/money.js';
import { amountText, hasMargin, maintenanceMargin, notional } from '../../domain/value.js';
import { cashUnits, heldAt } from '../books.js';
import { type Core, commit, instrumentAt, markChanged, note, setTime } from '../core.js';
import type { QuoteEvent } from '../event.js';
import { haltWhy, raiseHalt } from '../halts.js';
import { openLots } from '../state.js';
import { isAnyReviewDue, reviewDisabled } from '../strategies/tracker.js';
import { valuedNow } from './stale-data.js';

/** All that remains of the curve if nobody observed it; also how often a replay can compare its cash. */
const RECORDED_EVERY_MARKET_MS = 60 * MINUTE_MS;
/** A peak higher by this factor is recorded at once, and the drawdown counts from it: 0.1 %. */
export const PEAK_STEP = 1.001;

/**
 * `quotedMs`: monotonic time of the quote itself, if earlier than the event. Returns whether anything may
 * have been recorded.
 */
export function takeQuote(core: Core, event: QuoteEvent, quotedMs = event.monotonicMs): boolean {
  const { market, limits } = core;
  if (!market.quote(event.instrument, event.bidTicks, event.askTicks, quotedMs)) return false;
  core.quoteChanges?.see(
    event.instrument,
    event.bidTicks,
    event.askTicks,
    event.bidLots,
    event.askLots,
    quotedMs,
  );
  if (!core.begun) return false;
  const equity = market.equity;
  if (equity > limits.peak && market.isPriced) limits.peak = equity;
  const higher = equity >= core.state.peak * PEAK_STEP && market.isPriced;
  const exits = market.isExitPrice(event.instrument);
  if (!higher && !exits && equity > limits.watchedFloor && event.marketMs < core.nextMinuteMs) return false;
  setTime(core, event);
  if (exits) markChanged(core, event.instrument);
  if (event.marketMs >= core.nextMinuteMs) onMinute(core);
  if (higher) recordEquity(core);
  haltOnLoss(core);
  return true;
}

/**
 * Updates the day's boundary and equity, by market time. Both wait until every position has a price: after a
 * restart, a day's loss or a peak must not be based on equity at cost.
 */
export function onMinute(core: Core): void {
  if (!core.market.isPriced) return;
  // A payment for holding makes a new peak too, while the market sends no quote.
  core.limits.peak = Math.max(core.limits.peak, core.market.equity);
  core.nextMinuteMs = minuteAfter(core.marketMs);
  const startMs = core.config.dayStartMs(core.marketMs);
  const isNewDay = core.state.day === null || startMs > core.state.day.startMs;
  if (isNewDay) beginDay(core, startMs);
  tellOfMaintenance(core);
  reviewDisabled(core);
  const { equityMs, peak } = core.state;
  const age = equityMs === null ? Number.POSITIVE_INFINITY : Math.abs(core.marketMs - equityMs);
  const isHigher = core.limits.peak > peak && age >= MINUTE_MS;
  if (isNewDay || isHigher || age >= RECORDED_EVERY_MARKET_MS) recordEquity(core);
  else observeEquity(core);
}

export const minuteAfter = (marketMs: number): number =>
  Math.floor(marketMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;

/** Whether `onMinute` would record and report nothing at this time. */
export function isPassableMinute(core: Core, marketMs: number): boolean {
  const { state, market, limits } = core;
  const { day, equityMs } = state;
  if (day === null || equityMs === null) return false;
  const age = Math.abs(marketMs - equityMs);
  if (
    age >= RECORDED_EVERY_MARKET_MS ||
    (Math.max(limits.peak, market.equity) > state.peak && age >= MINUTE_MS)
  )
    return false;
  if (core.config.dayStartMs(marketMs) > day.startMs) return false;
  if (isAnyReviewDue(core, marketMs)) return false;
  return market.equity < maintenanceOf(core) === core.belowMaintenance;
}

/** While equity does not change, there is nothing to draw. */
function observeEquity(core: Core): void {
  const { equity } = core.market;
  if (equity === core.equityShown) return;
  core.equityShown = equity;
  const { state, limits, marketMs } = core;
  core.effects.push({
    kind: 'equity',
    sample: {
      equity,
      peak: limits.peak,
      cash: cashUnits(state),
      unrealised: unrealisedOf(core),
      capitalMoved: state.capitalMoved,
      marketMs,
    },
  });
}

const unrealisedOf = ({ state, market }: Core): number =>
  state.positions.reduce((sum, position) => sum + market.unrealised(heldAt(state, position)), 0);

/**
 * Tells people once each time equity falls below the maintenance margin: the paper account then opens
 * nothing, and liquidates nothing.
 */
function tellOfMaintenance(core: Core): void {
  const { market } = core;
  const needed = maintenanceOf(core);
  const isBelow = market.equity < needed;
  if (isBelow && !core.belowMaintenance) {
    note(
      core,
      'alarm',
      `equity ${inWords(core, market.equity)} is below the maintenance margin of ${inWords(core, needed)}: ` +
        'nothing is opened until it is above that, or less is held',
    );
  }
  core.belowMaintenance = isBelow;
}

/**
 * Maintenance margin of the positions on paper, money units. A broker applies its own margins, so nothing is
 * checked here.
 */
function maintenanceOf(core: Core): number {
  const { config, state, market } = core;
  if (!isPaperAccount(config.account ?? PAPER_ACCOUNT)) return Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const position of state.positions) {
    const { instrument: at } = position;
    const lots = openLots(position);
    if (lots === 0 || !hasMargin(instrumentAt(core, at))) continue;
    const instrument = valuedNow(core, at);
    const markTicks = (lots > 0 ? market.bidTicks[at] : market.askTicks[at]) as number;
    sum += maintenanceMargin(instrument, lots, notional(instrument, lots, markTicks));
  }
  return sum;
}

/** All instruments of a desk settle in one currency. */
const inWords = (core: Core, amount: number): string => amountText(instrumentAt(core, 0), amount);

export function beginDay(core: Core, startMs: number): void {
  commit(core, {
    type: 'day',
    dayStartMs: startMs,
    startEquity: core.market.equity,
    marketMs: core.marketMs,
  });
}

/** `peak`: passed when a drawdown halt is lifted; the drawdown then counts from here. */
export function recordEquity(core: Core, peak = Math.max(core.limits.peak, core.market.equity)): void {
  const { equity } = core.market;
  core.limits.peak = peak;
  core.equityShown = equity;
  commit(core, {
    type: 'equity',
    equity,
    peak,
    cash: writeUnits(cashUnits(core.state)),
    unrealised: unrealisedOf(core),
    marketMs: core.marketMs,
  });
}

/**
 * Halts if equity is at a loss limit in force: for both where it is at both, so that whoever resumes decides on both.
 * Of one alone lifted, the other would halt again in the same event.
 */
export function haltOnLoss(core: Core): void {
  if (core.market.equity > core.limits.watchedFloor) return;
  const { equity } = core.market;
  const { dailyFloor, drawdownFloor } = core.limits;
  if (equity <= dailyFloor) haltFor(core, 'daily-loss', dailyLossReason(core));
  if (equity <= drawdownFloor) haltFor(core, 'drawdown', drawdownReason(core));
}

const haltFor = (core: Core, cause: HaltCause, reason: string): Halt =>
  raiseHalt(core, { mode: 'HALTED', by: 'fermata', reason, ...haltWhy(core.config, cause) });

function drawdownReason(core: Core): string {
  const { maxDrawdownPct } = core.config.risk;
  return `equity ${inWords(core, core.market.equity)} is ${maxDrawdownPct} % or more below its peak of ${inWords(core, core.limits.peak)}`;
}

function dailyLossReason(core: Core): string {
  const { startEquity = 0, returnEquity = startEquity } = core.state.day ?? {};
  const start = inWords(core, startEquity);
  const since = startEquity === returnEquity ? 'the day began' : 'a person resumed on this day';
  const { dailyLossLimitPct } = core.config.risk;
  return `equity ${inWords(core, core.market.equity)} has lost ${dailyLossLimitPct} % or more since ${since} at ${start}`;
}

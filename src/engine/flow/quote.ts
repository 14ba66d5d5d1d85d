/** An implausible quote is held back, reported, and believed once the market confirms it. */
import { formatDecimal } from '../../domain/decimal.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { type Core, instrumentAt, note, setTime } from '../core.js';
import type { QuoteEvent } from '../event.js';
import { earliest } from '../orders/order-watch.js';
import type { Sides } from '../quote-guard.js';
import { nextTimerMs, showQuote } from '../strategies/between-bars.js';
import { awaitedTicks, sendDueEntries } from '../strategies/waiting-entries.js';
import { takeQuote } from './equity.js';
import { heldTargets, watchesPrices } from './exits.js';
import { isMarketOpen } from './session.js';

/** A flickering venue must not fill the journal: at most one line per instrument in this time. */
const SAY_EVERY_MS = 10_000;

/** Called for a quote that is not surely near the last one. */
function isBelieved(core: Core, event: QuoteEvent): boolean {
  const { market, guard } = core;
  const at = event.instrument;
  core.calm = null;
  if (!market.isPrice(at, event.bidTicks, event.askTicks)) return false;
  const last = market.hasQuote(at) ? lastOf(core, at) : null;
  const judgement = guard.judge(event, last);
  if (judgement === 'began' && core.begun) {
    setTime(core, event);
    say(core, at);
  }
  return judgement === 'believed';
}

/** Called at each tick: a quote that nothing has contradicted for long enough becomes the price. */
export function believeWhatStands(core: Core): void {
  if (!core.guard.holdsBack) return;
  for (const { id: at } of core.config.instruments) {
    // While the market is closed, nothing would contradict the quote.
    if (!isMarketOpen(core, at)) {
      core.guard.stopClock(at);
      continue;
    }
    const standing = core.guard.standing(at, core);
    if (standing === null) continue;
    const { bidTicks, askTicks, newestMonotonicMs } = standing;
    core.guard.believe(at, bidTicks, askTicks);
    const { wallMs, marketMs, monotonicMs } = core;
    const event: QuoteEvent = {
      kind: 'quote',
      instrument: at,
      ...{ bidTicks, askTicks, wallMs, marketMs, monotonicMs },
    };
    // Believing a quote does not make it newer: it keeps its own time.
    takeQuote(core, event, newestMonotonicMs);
  }
}

/** Monotonic time by which a quote that is held back becomes the price. Null: none is held back. */
export function standsAtMs(core: Core): number | null {
  let due: number | null = null;
  if (!core.guard.holdsBack) return due;
  for (const { id } of core.config.instruments) due = earliest(due, core.guard.dueMs(id));
  return due;
}

function say(core: Core, at: InstrumentId): void {
  const doubted = core.guard.doubted[at] ?? null;
  const progress = core.progress[at];
  if (doubted === null || progress === undefined) return;
  progress.doubtsUnsaid += 1;
  if (progress.doubtSaidMs !== null && core.monotonicMs - progress.doubtSaidMs < SAY_EVERY_MS) return;
  const { symbol, tickSize } = instrumentAt(core, at);
  const price = (ticks: number): string => formatDecimal(ticks, tickSize);
  const more = progress.doubtsUnsaid > 1 ? `, one of ${progress.doubtsUnsaid} since the last such line` : '';
  note(
    core,
    'warn',
    `${symbol}: a quote of ${price(doubted.bidTicks)} / ${price(doubted.askTicks)} is implausible (${doubted.because})${more}. ` +
      'It is used for nothing until others agree or it has stood for a while; stops at the venue are not touched',
    at,
  );
  progress.doubtSaidMs = core.monotonicMs;
  progress.doubtsUnsaid = 0;
}

function lastOf({ market }: Core, at: InstrumentId): Sides {
  return { bidTicks: market.bidTicks[at] as number, askTicks: market.askTicks[at] as number };
}

/**
 * Allocation-free and O(1) unless something is due or a strategy listens to quotes. Returns true if anything
 * may have been recorded.
 */
export function onQuote(core: Core, event: QuoteEvent): boolean {
  const { guard } = core;
  const at = event.instrument;
  const isNear =
    event.bidTicks > (guard.surelyAbove[at] as number) && event.askTicks < (guard.surelyBelow[at] as number);
  if (!isNear && !isBelieved(core, event)) return core.effects.length > 0;
  const recorded = takeQuote(core, event);
  const hasLeft = core.state.waiting.size > 0 && sendDueEntries(core, event);
  return showQuote(core, event) || hasLeft || recorded;
}

/** Prices at which the desk itself acts once the market is there. */
export interface AwaitedPrices {
  readonly bids: readonly number[];
  readonly asks: readonly number[];
  /** Market time from which it acts at the next quote, whatever that is: a strategy's timer, an entry's moment. Infinity: none. */
  readonly fromMs: number;
}

/** See `Engine.awaitedPrices`. */
export function awaitedPrices(core: Core, at: InstrumentId): AwaitedPrices | null {
  const { waiting } = core.state;
  let fromMs = nextTimerMs(core, at);
  if (waiting.size === 0 && fromMs === Number.POSITIVE_INFINITY && !watchesPrices(core, at)) return null;
  const { long: bids, short: asks } = heldTargets(core, at);
  for (const entry of waiting.values()) {
    if (entry.instrument !== at) continue;
    const ticks = awaitedTicks(core, entry);
    if (ticks !== null) (entry.side === 'buy' ? asks : bids).push(ticks);
    // One whose moment has come waits for something else.
    if (entry.fromMs !== null && entry.fromMs > core.marketMs) fromMs = Math.min(fromMs, entry.fromMs);
  }
  return { bids, asks, fromMs };
}

/**
 * What a split changes besides the record: the last price, everything under way, and what strategies have
 * seen. Strategies start afresh; past bars, where stored, are shown to them again, in new shares.
 */
import { type SplitRatio, splitBetween, splitText } from '../../domain/corporate-action.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { signalKey } from '../../domain/signal.js';
import {
  allProgress,
  type Core,
  commit,
  instrumentAt,
  liveOrders,
  note,
  progressAt,
  sessionsAt,
  setSlots,
} from '../core.js';
import { raiseFault } from '../halts.js';
import { cancelOrder } from '../orders/change-order.js';
import { endWaiting } from '../orders/end-waiting.js';
import { watchQuotes } from '../strategies/between-bars.js';
import { DayVolatility, RegimeMeter, ReturnMeter } from '../strategies/market-meters.js';
import { buildSlots, sees } from '../strategies/strategy-slot.js';

/**
 * Called before the record, so the position is valued at the new price. `isOld`: the last price is certain to
 * be in old shares. Otherwise nobody knows, and there is no price until the next quote.
 */
export function splitPrices(core: Core, at: InstrumentId, ratio: SplitRatio, isOld: boolean): void {
  const { market, guard } = core;
  market.split(at, ratio);
  if (!isOld) market.forget(at);
  const last = { bidTicks: market.bidTicks[at] as number, askTicks: market.askTicks[at] as number };
  guard.split(at, ratio, market.hasQuote(at) ? last : null);
}

/**
 * The venue has a common split multiple of our shares: a person must say whether it was a split. Until then
 * nothing is adopted, since the cost of the shares would be wrong. False: it does not look like a split, or a
 * person said that it is not one.
 */
export function looksSplit(core: Core, at: InstrumentId, ours: number, theirs: number): boolean {
  const { kind, symbol, lotSize, base } = instrumentAt(core, at);
  const ratio = kind === 'stock' ? splitBetween(ours, theirs) : null;
  const known = core.sync.splits.get(at);
  if (ratio === null || (known?.isNone === true && known.lots === theirs)) {
    core.sync.splits.delete(at);
    return false;
  }
  core.sync.splits.set(at, { lots: theirs, isNone: false });
  if (known?.lots === theirs) return true;
  const count = (lots: number): string => formatDecimal(lots, lotSize);
  const reason =
    `${symbol}: we hold ${count(ours)} ${base}, the venue has ${count(theirs)}, which looks like a ${splitText(ratio)} split. ` +
    'Nothing was adopted, and the desk itself places no stop and closes nothing here until fermata corporate-action split, or ' +
    'no-split, says what it was: the position has no stop in new shares';
  note(core, 'alarm', reason, at);
  raiseFault(core, 'reconciliation', reason);
  return true;
}

/** Called after the record. Nothing decided in old shares goes on. */
export function beginAnew(core: Core, at: InstrumentId): void {
  const progress = progressAt(core, at);
  for (const one of allProgress(progress)) one.formerStop = one.parting = null;
  progress.unnamedLots = 0;
  progress.foundStop = null;
  progress.readFirst = null;
  progress.overrunSinceMs = null;
  progress.activity += 1;
  endWaiting(core, splitReason(core, at), ({ instrument }) => instrument === at);
  withdrawSignals(core, at);
  beginStrategiesAnew(core, at);
}

/**
 * A venue that booked the split itself may still hold orders in old shares. Stops stay until the stops that
 * the position needs replace them.
 */
export function cancelInOldShares(core: Core, at: InstrumentId): void {
  for (const entry of liveOrders(core, at))
    if (entry.intent.purpose !== 'protective')
      cancelOrder(core, entry, 'it was for shares from before a split');
}

const splitReason = (core: Core, at: InstrumentId): string =>
  `${instrumentAt(core, at).symbol} was split, and its prices are from before`;

/** Signals have prices in old shares. Those already filled keep their exits. */
function withdrawSignals(core: Core, at: InstrumentId): void {
  const { marketMs } = core;
  for (const { signal, withdrawn, expiresMs, refused, filled } of [...core.state.signals.values()]) {
    const isOver = withdrawn || refused !== null || filled || expiresMs <= marketMs;
    if (signal === null || isOver || signal.instrument !== at) continue;
    core.editedSignals.delete(signalKey(signal));
    const reason = splitReason(core, at);
    const { source, id } = signal;
    commit(core, { type: 'signal.withdrawn', source, id, by: 'fermata', reason, marketMs });
  }
}

export function beginStrategiesAnew(core: Core, at: InstrumentId): void {
  const fresh = buildSlots(core.config);
  setSlots(
    core,
    core.slots.map((slot, place) => (sees(slot, at) ? (fresh[place] ?? slot) : slot)),
  );
  watchQuotes(core);
  measureAnew(core, at);
}

/** What was measured on its prices so far says nothing of those that follow. */
export function measureAnew(core: Core, at: InstrumentId): void {
  if (at in core.regimes) core.regimes[at] = new RegimeMeter();
  if (at in core.returns) core.returns[at] = new ReturnMeter();
  if (at in core.dayVolatility) core.dayVolatility[at] = new DayVolatility(sessionsAt(core, at).calendar);
}

/**
 * Called at a start: our own venue (paper) may have ended before it applied the actions. It applies each
 * once.
 */
export function handActionsAgain(core: Core): void {
  if (core.config.capabilities.takesActions !== true) return;
  for (const { byVenue, actionId, action, priceTicks } of core.state.actions)
    if (!byVenue) core.effects.push({ kind: 'corporateAction', handed: { actionId, action, priceTicks } });
}

/**
 * Side by side, opposite trades that close at the same time are closed against each other at the mid of the
 * last quote: no order leaves, no spread or fee is paid, and the venue's net is unchanged. Only if nothing at
 * the venue can still close these lots: no stop rests for them, and no closing order is on its way.
 */
import type { ExitReason } from '../../domain/exits.js';
import type { InstrumentId } from '../../domain/instrument.js';
import {
  type Core,
  commit,
  isSideBySide,
  ordersFor,
  positionAt,
  remainingLots,
  tradeProgressAt,
} from '../core.js';
import { mayReduce } from '../halts.js';
import type { EngineRecord } from '../record.js';
import { type Holding, holdingsOf, type OrderEntry } from '../state.js';
import { disableLosing } from '../strategies/tracker.js';
import { NOBODY, ownerOf } from '../trades/trade.js';
import { lotsAfterTargets, reasonOfPart } from './exits.js';
import { ratePart } from './stale-data.js';
import { isConfirmed, stopsFor } from './wanted-stop.js';

type TradesCrossed = Extract<EngineRecord, { readonly type: 'trades.crossed' }>;

/**
 * Crosses lots being closed on both sides, and shows each strategy its share as a fill of its exit. `isOpen`:
 * whether the market is open.
 */
export function crossLeaving(core: Core, at: InstrumentId, isOpen: boolean): void {
  if (!isSideBySide(core, at) || !isOpen) return;
  // A trade that is not being closed waits the full time at its next exit.
  for (const holding of holdingsOf(positionAt(core, at)))
    if (lotsThatStay(core, holding) === null) tradeProgressAt(core, holding).crossByMs = null;
  const crossed = crossAll(
    core,
    at,
    (holding) => readyLots(core, holding),
    (holding) => reasonOf(core, holding),
  );
  for (const { seller, buyer, quantityLots, priceTicks } of crossed) {
    const fill = { quantityLots, priceTicks, purpose: 'exit' } as const;
    core.unshownFills.push(
      { strategy: seller.strategy, instrument: at, fill: { ...fill, side: 'sell' } },
      { strategy: buyer.strategy, instrument: at, fill: { ...fill, side: 'buy' } },
    );
  }
}

/** Crosses all opposite trades of a position that is closed as a whole: only the venue's net is left. */
export function crossOpposite(core: Core, at: InstrumentId, why: ExitReason | null): void {
  if (!isSideBySide(core, at)) return;
  const reason = why ?? (core.state.closeAll === 'idle' ? 'unprotectable' : 'closeAll');
  crossAll(
    core,
    at,
    ({ quantityLots }) => Math.abs(quantityLots),
    () => reason,
  );
}

/**
 * Whether an exit waits because an opposite trade is being closed too. It waits only as long as the venue may
 * take to answer the cancel of that trade's stop: no trade is held up by the fate of another.
 */
export function waitsToCross(core: Core, holding: Holding): boolean {
  const at = holding.instrument;
  const progress = tradeProgressAt(core, holding);
  const isOpposite = (other: Holding): boolean => other.quantityLots > 0 !== holding.quantityLots > 0;
  const meets =
    isSideBySide(core, at) &&
    core.market.hasQuote(at) &&
    holdingsOf(positionAt(core, at)).some((other) => isOpposite(other) && leavingLots(core, other) > 0);
  if (!meets) {
    progress.crossByMs = null;
    return false;
  }
  progress.crossByMs ??= core.monotonicMs + core.config.closeAll.answerTimeoutMs;
  return core.monotonicMs < progress.crossByMs;
}

/** Crosses nobody's lots first, then those of the oldest trades. Returns the records. */
function crossAll(
  core: Core,
  at: InstrumentId,
  lotsOf: (holding: Holding) => number,
  whyOf: (holding: Holding) => ExitReason,
): readonly TradesCrossed[] {
  const { market } = core;
  if (!market.isValued(at)) return [];
  const priceTicks = Math.floor(((market.bidTicks[at] as number) + (market.askTicks[at] as number)) / 2);
  const givers = holdingsOf(positionAt(core, at))
    .map((holding) => ({ holding, lots: holding.trade === null ? 0 : lotsOf(holding) }))
    .filter(({ lots }) => lots > 0)
    .sort((one, other) => rank(one.holding) - rank(other.holding));
  const longs = givers.filter(({ holding }) => holding.quantityLots > 0);
  const shorts = givers.filter(({ holding }) => holding.quantityLots < 0);
  const crossed: TradesCrossed[] = [];
  for (let [long, short] = [longs.shift(), shorts.shift()]; long !== undefined && short !== undefined; ) {
    const quantityLots = Math.min(long.lots, short.lots);
    const [seller, buyer] = [long.holding, short.holding].map((holding) => ({
      ...{ trade: holding.trade?.id ?? '', strategy: ownerOf(holding), why: whyOf(holding) },
    }));
    const record: TradesCrossed = {
      ...{ type: 'trades.crossed', instrument: at, quantityLots, priceTicks, ...ratePart(core, at) },
      ...{ seller: seller!, buyer: buyer!, marketMs: core.marketMs },
    };
    commit(core, record);
    crossed.push(record);
    long.lots -= quantityLots;
    short.lots -= quantityLots;
    if (long.lots === 0) long = longs.shift();
    if (short.lots === 0) short = shorts.shift();
  }
  if (crossed.length > 0) disableLosing(core);
  return crossed;
}

const rank = (holding: Holding): number => (ownerOf(holding) === NOBODY ? 0 : 1);

function reasonOf(core: Core, holding: Holding): ExitReason {
  const { exiting } = tradeProgressAt(core, holding);
  return (exiting === null ? reasonOfPart(core, holding) : exiting.why) ?? 'strategy';
}

/** Lots that the trade's exit or a target closes, with no order on its way for them. */
function leavingLots(core: Core, holding: Holding): number {
  const left = lotsThatStay(core, holding);
  if (left === null) return 0;
  return Math.max(0, Math.abs(holding.quantityLots) - left - closingLots(core, holding));
}

/** Those of the leaving lots that no stop covers any more. */
function readyLots(core: Core, holding: Holding): number {
  const stops = stopsFor(core, holding);
  const left = lotsThatStay(core, holding) ?? 0;
  const isFree = left === 0 ? stops.length === 0 : stops.every((stop) => restsFor(stop, left));
  return isFree ? leavingLots(core, holding) : 0;
}

/** Null: all lots stay. */
function lotsThatStay(core: Core, holding: Holding): number | null {
  if (tradeProgressAt(core, holding).exiting !== null) return mayReduce(core) ? 0 : null;
  return lotsAfterTargets(core, holding);
}

export function restsFor(stop: OrderEntry, lots: number): boolean {
  return isConfirmed(stop) && remainingLots(stop) <= lots;
}

/** Lots of closing orders that are under way or may be. */
export function closingLots(core: Core, position: Holding): number {
  let lots = 0;
  for (const entry of ordersFor(core, position)) {
    if (isReducing(entry) && reduces(entry, position)) lots += remainingLots(entry);
  }
  return lots;
}

export function isReducing(entry: OrderEntry): boolean {
  return entry.intent.purpose === 'close' || entry.intent.purpose === 'exit';
}

function reduces(entry: OrderEntry, position: Holding): boolean {
  return entry.intent.side === (position.quantityLots > 0 ? 'sell' : 'buy');
}

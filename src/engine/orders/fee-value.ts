/**
 * Values a fee that was not paid in the quote currency. A fee in the coin that was bought is valued at the
 * fill's own price, one in an asset held for fees at the desk's current quote for the asset. Without a quote
 * no value is made up; the fee stays open.
 */

import { placesOf } from '../../domain/book-steps.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { mulDivUnits, parseUnits, type Units } from '../../domain/money.js';
import type { FeeInAsset, Fill } from '../../domain/order.js';
import { staleMsOf } from '../../limits/stale-data.js';
import { moneyOf, stepsAt } from '../books.js';
import { type Core, commit, note } from '../core.js';
import type { ExpectedFee, UnvaluedFee } from '../state.js';
import { FEE_UNVALUED_MAX_MS } from '../timing.js';

/** A decimal above zero with as many places as venues report. */
const AMOUNT = /^(?=.*[1-9])\d{1,20}(\.\d{1,8})?$/;

/** Adds the value of the fee to the fill. This is what is recorded, so a replay needs no quote. */
export function withFeeValue(core: Core, fill: Fill): Fill {
  if (fill.feeIn === undefined) return fill;
  const { asset, amount } = fill.feeIn;
  const { base, quote } = stepsAt(core.state, fill.instrument);
  if (asset === quote) return { ...withoutFeeIn(fill), fee: worthOf(core, fill.instrument, amount, null) };
  if (asset === base && fill.side === 'buy')
    return {
      ...fill,
      fee: worthOf(core, fill.instrument, amount, fill.priceTicks),
      feeIn: { asset, amount },
    };
  const priced = priceOf(core, asset);
  if (priced === null) return { ...fill, fee: 0, feeIn: { asset, amount, unvalued: true } };
  const fee = worthOf(core, priced.instrument, amount, priced.bidTicks);
  return { ...fill, fee, feeIn: { asset, amount, priceTicks: priced.bidTicks } };
}

/**
 * A purchase may pay its fee in what it bought, but never more than that. An asset held for fees can pay any
 * fee, including that of its own sale.
 */
export function isSoundFee(fill: Fill, instrument: Instrument, lotUnits: Units, places: number): boolean {
  const { feeIn } = fill;
  if (feeIn === undefined) return true;
  if (!AMOUNT.test(feeIn.amount)) return false;
  if (feeIn.asset !== instrument.base || fill.side === 'sell') return true;
  const bought = BigInt(fill.quantityLots) * lotUnits;
  return instrument.kind === 'spot' && parseUnits(feeIn.amount, places) <= bought;
}

/** Values the fees that waited for a quote. */
export function valueOpenFees(core: Core): void {
  for (const fee of [...core.state.unvaluedFees]) {
    const priced = priceOf(core, fee.asset);
    if (priced === null) continue;
    const worth = worthOf(core, priced.instrument, fee.amount, priced.bidTicks);
    const { instrument, strategy, asset, amount } = fee;
    commit(core, {
      type: 'fee.valued',
      ...{ instrument, strategy, asset, amount },
      priceTicks: priced.bidTicks,
      fee: worth,
      marketMs: core.marketMs,
    });
    const open = core.state.unvaluedFees;
    if (!open.some((other) => other.asset === asset)) core.openFeesSinceMs.delete(asset);
    if (open.length === 0) note(core, 'info', 'every fee has its value: entries go on');
  }
}

/** Fees booked as expected that the venue may still tell, of fills since this market time. */
export function feesAwaited({ state, sync }: Core, sinceMs: number): readonly ExpectedFee[] {
  return [...state.feesExpected].flatMap(([id, fee]) =>
    fee.over || fee.marketMs < sinceMs || sync.cash.feesTold.has(id) ? [] : [fee],
  );
}

/** Why nothing is entered: the oldest fee without a value. Null: there is none. */
export function openFeeReason(core: Core): string | null {
  const [oldest] = core.state.unvaluedFees;
  return oldest === undefined ? null : unvaluedReason(core, oldest);
}

const unvaluedReason = (core: Core, fee: UnvaluedFee): string =>
  `${fee.amount} ${fee.asset} of fees have no value: ${whatToDo(core, fee)}`;

/**
 * Tells people, once for each asset, of a fee that stays without a value: as prices come back, it has one within a
 * moment.
 */
export function tellOpenFees(core: Core): void {
  const { openFeesSinceMs, monotonicMs } = core;
  for (const fee of core.state.unvaluedFees) {
    const sinceMs = openFeesSinceMs.get(fee.asset) ?? monotonicMs;
    const waitMs = core.config.feeAssets?.[fee.asset] === undefined ? 0 : FEE_UNVALUED_MAX_MS;
    const isDue = monotonicMs - sinceMs >= waitMs;
    openFeesSinceMs.set(fee.asset, isDue ? Number.POSITIVE_INFINITY : sinceMs);
    if (isDue) note(core, 'alarm', `${unvaluedReason(core, fee)}; nothing new is entered until then`);
  }
}

function whatToDo(core: Core, { asset }: Pick<UnvaluedFee, 'asset'>): string {
  const declared = core.config.feeAssets?.[asset];
  if (declared === undefined) return `declare ${asset} in venue.feeAssets with the instrument that prices it`;
  return `${core.config.instruments[declared]?.symbol ?? asset} has no fresh price`;
}

function priceOf(core: Core, asset: string): { instrument: InstrumentId; bidTicks: number } | null {
  const instrument = core.config.feeAssets?.[asset];
  if (instrument === undefined) return null;
  const age = core.market.quoteAgeMs(instrument, core.monotonicMs);
  if (age === null || age > staleMsOf(core.config.risk)) return null;
  return { instrument, bidTicks: core.market.bidTicks[instrument] as number };
}

/**
 * Money units of an amount at the price of an instrument. `null`: the amount is already in the quote
 * currency.
 */
function worthOf(
  core: Core,
  at: InstrumentId,
  amount: FeeInAsset['amount'],
  priceTicks: number | null,
): number {
  const { scales } = core.state;
  const steps = stepsAt(core.state, at);
  if (priceTicks === null)
    return Math.round(moneyOf(parseUnits(amount, placesOf(scales, steps.quote)), steps));
  const coins = parseUnits(amount, placesOf(scales, steps.base));
  const units = mulDivUnits(coins * BigInt(priceTicks), steps.perTickLot, steps.perLot);
  return Math.round(moneyOf(units, steps));
}

function withoutFeeIn(fill: Fill): Fill {
  const { feeIn: _paid, ...rest } = fill;
  return rest;
}

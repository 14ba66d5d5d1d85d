/** Executions as the engine's fills: each with its cost, told or expected, in its latest correction. */
import type { CommissionReport } from '@stoqey/ib';
import { DateTime } from 'luxon';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { Fill } from '../../domain/order.js';
import { lotFee, NOTHING_CHARGED } from '../../domain/order-fee.js';
import { notional } from '../../domain/value.js';
import type { TradeCorrection } from '../../domain/venue.js';
import type { ResolvedContract } from './contracts.js';
import { isNone, moneyOf, numberOf, partsOf, stepsOf, textOf, Unbelievable } from './decode.js';
import { clientIdOf } from './orders.js';
import type { ToldExecution } from './questions.js';

/** An execution and its corrections share an id up to the last full stop; the number after it grows. */
export function revisionOf(execId: string): { readonly tradeId: string; readonly revision: number } {
  const at = execId.lastIndexOf('.');
  const revision = Number(execId.slice(at + 1));
  if (at < 1 || !Number.isSafeInteger(revision))
    throw new Unbelievable(`execution: id ${execId.slice(0, 40)}`);
  return { tradeId: execId.slice(0, at), revision };
}

/** The latest revision of each trade; those that were taken back are left out. */
export function newestOf(told: readonly ToldExecution[]): readonly ToldExecution[] {
  const newest = new Map<string, { readonly one: ToldExecution; readonly revision: number }>();
  for (const one of told) {
    const { tradeId, revision } = revisionOf(textOf(one.execution.execId, 'execId'));
    if (revision >= (newest.get(tradeId)?.revision ?? 0)) newest.set(tradeId, { one, revision });
  }
  return [...newest.values()].map(({ one }) => one).filter(({ execution }) => execution.shares !== 0);
}

/** Notes each trade as it is told. True: that has corrected it. `fill`: null if the trade is taken back. */
export type ToldTrades = (tradeId: string, revision: number, fill: Fill | null) => boolean;

export function createToldTrades(corrected: (correction: TradeCorrection) => void): ToldTrades {
  const told = new Map<string, { readonly revision: number; readonly fill: Fill | null }>();
  return (tradeId, revision, fill) => {
    const before = told.get(tradeId);
    if (before !== undefined && before.revision >= revision) return false;
    told.set(tradeId, { revision, fill });
    const was = before?.fill ?? null;
    if (was === null || (fill?.priceTicks === was.priceTicks && fill.quantityLots === was.quantityLots))
      return false;
    const { instrument } = was;
    corrected({ instrument, tradeId, was: amountOf(was), is: fill === null ? null : amountOf(fill) });
    return true;
  };
}

const amountOf = ({ quantityLots, priceTicks }: Fill) => ({ quantityLots, priceTicks });

/** What executions cost: as the broker has told, and before that as expected. In money units. */
export class Commissions {
  readonly #perLot = new Map<InstrumentId, number>();
  /** Executions whose cost is in another currency. */
  readonly #elsewhere = new Set<string>();

  /** `booked`: by lot, in the desk's books; null if it holds none. */
  constructor(
    readonly booked: (instrument: InstrumentId) => number | null = () => null,
    private readonly note: (what: string, cause: string) => void = () => {},
  ) {}

  /**
   * Remembers what it was for the next one. Null: it is not known in the currency of the desk, and one in another
   * is noted once; the execution is a position all the same. Throws `Unbelievable`.
   */
  told({ id, quote, symbol }: Instrument, cost: CommissionReport | null, lots: number): number | null {
    if (!isToldCost(cost)) return null;
    if (cost.currency !== quote) {
      const { execId = '', currency } = cost;
      if (!this.#elsewhere.has(execId))
        this.note('execution', `${symbol} ${execId} cost ${cost.commission} ${currency}, expected ${quote}`);
      this.#elsewhere.add(execId);
      return null;
    }
    const commission = moneyOf(cost.commission, 'commission');
    if (lots > 0) this.#perLot.set(id, commission / lots);
    return commission;
  }

  /** As much by lot as it last was, otherwise as the desk file says, or nothing. A share's depends on the whole order. */
  expected(instrument: Instrument, lots: number, priceTicks: number): number {
    const { id, kind, lotFees } = instrument;
    const lately = this.#perLot.get(id) ?? this.booked(id);
    if (lately !== null && (kind !== 'stock' || lotFees === undefined)) return Math.round(lately * lots);
    if (lotFees === undefined) return 0;
    return lotFee(lotFees, NOTHING_CHARGED, lots, notional(instrument, lots, priceTicks));
  }
}

/** With the expected cost if the broker has not told it in the desk's currency. Throws `Unbelievable`. */
export function readFill(
  { execution, cost }: ToldExecution,
  market: ResolvedContract,
  simulated: boolean,
  commissions: Commissions,
): Fill {
  const { instrument } = market;
  const side = textOf(execution.side, 'side');
  if (side !== 'BOT' && side !== 'SLD') throw new Unbelievable(`execution: side ${side}`);
  const quantityLots = stepsOf(execution.shares, instrument.lotSize, 'shares');
  const { priceTicks, beyond } = priceOf(execution.price, instrument, side);
  const told = commissions.told(instrument, cost, quantityLots);
  const commission = told ?? commissions.expected(instrument, quantityLots, priceTicks);
  return {
    tradeId: revisionOf(textOf(execution.execId, 'execId')).tradeId,
    clientId: clientIdOf(execution.orderRef, execution.permId),
    instrument: instrument.id,
    side: side === 'BOT' ? 'buy' : 'sell',
    quantityLots,
    priceTicks,
    fee: commission + Math.round(beyond * quantityLots * instrument.moneyPerTickLot),
    ...(told === null ? { feeExpected: true as const } : {}),
    liquidity: numberOf(execution.lastLiquidity ?? 0, 'liquidity') === ADDED ? 'maker' : 'taker',
    marketMs: timeOf(textOf(execution.time, 'time')),
    simulated,
  };
}

const ADDED = 1;

export const isToldCost = (cost: CommissionReport | null): cost is CommissionReport =>
  cost !== null && !isNone(cost.commission);

/**
 * Stocks also fill between two ticks, when a market maker improves the price: then this returns the better
 * tick, and the distance to it in ticks as a cost. A future has no price between its ticks.
 */
function priceOf(
  price: unknown,
  { kind, tickSize }: Instrument,
  side: 'BOT' | 'SLD',
): { readonly priceTicks: number; readonly beyond: number } {
  if (kind !== 'stock') return { priceTicks: stepsOf(price, tickSize, 'price'), beyond: 0 };
  const { steps, rest } = partsOf(price, tickSize, 'price');
  if (rest === 0 || side === 'BOT') return { priceTicks: steps, beyond: rest };
  return { priceTicks: steps + 1, beyond: 1 - rest };
}

/** A setting of the Gateway: with a dash it is UTC, which is not named. */
const IN_UTC = /^(\d{8})-(\d\d:\d\d:\d\d)$/;

/**
 * Parses `20261120 10:00:00 US/Eastern` and `20261120-15:00:00`, to the second. Without a zone it would be in the
 * Gateway's own, which is not known here.
 */
function timeOf(text: string): number {
  const [day, time, zone = ''] = text.replace(IN_UTC, '$1 $2 UTC').split(' ');
  const at = DateTime.fromFormat(`${day} ${time}`, 'yyyyMMdd HH:mm:ss', { zone });
  if (zone === '' || !at.isValid) throw new Unbelievable(`execution: time ${text.slice(0, 40)}`);
  return at.toMillis();
}

/**
 * The opening costs of the lots held, in money units. The broker keeps them in the average cost until the
 * lots are closed; the engine deducts them at once. `quantity`: signed lots held now. Lots held before the
 * first fill are assumed to have cost as much per lot as the last fill, or without one what is `booked`.
 */
export function openingCosts(fills: readonly Fill[], quantity: number, booked: number | null): number {
  const signed = ({ side, quantityLots }: Fill) => (side === 'buy' ? quantityLots : -quantityLots);
  let held = quantity - fills.reduce((sum, fill) => sum + signed(fill), 0);
  const last = fills.at(-1);
  let open = Math.abs(held) * (last === undefined ? (booked ?? 0) : last.fee / last.quantityLots);
  for (const fill of fills) {
    const lots = signed(fill);
    const closed = Math.sign(held) === -Math.sign(lots) ? Math.min(Math.abs(held), Math.abs(lots)) : 0;
    if (closed > 0) open *= (Math.abs(held) - closed) / Math.abs(held);
    open += fill.fee * ((Math.abs(lots) - closed) / Math.abs(lots));
    held += lots;
  }
  return Math.round(open);
}

/** What the adapter knows of one instrument at the venue. */
import type { Instrument } from '../../domain/instrument.js';
import type { QuantityLimits } from '../../domain/venue.js';
import { stepUnits } from './exact.js';

export interface BinanceMarket {
  readonly instrument: Instrument;
  /** The venue's name: BTCUSDT. */
  readonly symbol: string;
  /** Units of 1e-8. */
  readonly tick: bigint;
  readonly lot: bigint;
  /** The finest steps that the venue was seen to have: the desk's own, or parts of them. */
  readonly finest: { tick: bigint; lot: bigint };
  /** Whether a stop may turn into a market order; set once the venue's list was read. */
  stopLossMarket: boolean;
  /** What the venue takes in one order; null until its list was read. */
  quantityLimits: QuantityLimits | null;
  /** Why nothing can be entered in it; null: it can, or its list was not read yet. */
  problem: string | null;
}

/** Steps of the venue that are parts of the desk's: what it fills between those is known for what it is from now on. */
export function learnSteps({ finest }: BinanceMarket, { tick, lot }: BinanceMarket['finest']): void {
  if (tick !== 0n && finest.tick % tick === 0n) finest.tick = tick;
  if (lot !== 0n && finest.lot % lot === 0n) finest.lot = lot;
}

/** Throws where two instruments share a base currency: their positions could not be told apart on spot. */
export function marketsOf(instruments: readonly Instrument[]): readonly BinanceMarket[] {
  const bases = new Map<string, string>();
  return instruments.map((instrument) => {
    const other = bases.get(instrument.base);
    if (other !== undefined) {
      throw new RangeError(
        `${other} and ${instrument.symbol} share the balance of ${instrument.base}: a spot desk can trade only one of them`,
      );
    }
    bases.set(instrument.base, instrument.symbol);
    const [tick, lot] = [stepUnits(instrument.tickSize), stepUnits(instrument.lotSize)];
    return {
      instrument,
      symbol: `${instrument.base}${instrument.quote}`,
      tick,
      lot,
      finest: { tick, lot },
      stopLossMarket: false,
      quantityLimits: null,
      problem: null,
    };
  });
}

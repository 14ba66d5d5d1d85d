/** What the adapter knows about one instrument at the venue. */
import type { Instrument } from '../../domain/instrument.js';
import type { QuantityLimits } from '../../domain/venue.js';
import { stepUnits } from './decode.js';

export interface BinanceMarket {
  readonly instrument: Instrument;
  /** The venue's own name of the symbol, for example BTCUSDT. */
  readonly symbol: string;
  /** The desk's tick and lot, in units of 1e-8. */
  readonly tick: bigint;
  readonly lot: bigint;
  /** The finest steps seen at the venue: the desk's own, or fractions of them; units of 1e-8. */
  readonly finest: { tick: bigint; lot: bigint };
  /** Whether a stop may turn into a market order; set once the venue's list has been read. */
  stopLossMarket: boolean;
  /** The quantities that the venue accepts in one order; null until its list has been read. */
  quantityLimits: QuantityLimits | null;
  /** Whether the venue amends and replaces resting orders of this symbol, as its list says. */
  amends: boolean;
  replaces: boolean;
  /** Why no position can be opened in it; null if it can, or if the list has not been read yet. */
  problem: string | null;
}

/**
 * Learns venue steps that are fractions of the desk's, so that fills between the desk's steps are read
 * exactly from now on.
 */
export function learnSteps({ finest }: BinanceMarket, { tick, lot }: BinanceMarket['finest']): void {
  if (tick !== 0n && finest.tick % tick === 0n) finest.tick = tick;
  if (lot !== 0n && finest.lot % lot === 0n) finest.lot = lot;
}

/** Throws if two instruments share a base currency: on spot their positions could not be told apart. */
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
      amends: true,
      replaces: true,
      problem: null,
    };
  });
}

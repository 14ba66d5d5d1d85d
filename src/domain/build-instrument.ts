/** From the desk file's decimals to the integers that the engine computes with. */
import { DecimalError, parseDecimal } from './decimal.js';
import type { Instrument, InstrumentId, InstrumentKind } from './instrument.js';
import { MONEY_SCALE, parseMoney } from './money.js';

export interface InstrumentSource {
  readonly symbol: string;
  readonly kind: InstrumentKind;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly minNotional: string;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
}

/** Keeps `ticks × lots` countable; a venue's own limit is smaller. */
const QUANTITY_LOTS_MAX = 1_000_000_000_000;

/** Throws `DecimalError` where a tick times a lot is no whole number of money units (1e-8). */
export function buildInstrument(id: InstrumentId, source: InstrumentSource): Instrument {
  const [base, quote] = source.symbol.split('/');
  if (base === undefined || quote === undefined) {
    throw new DecimalError(`expected a symbol BASE/QUOTE, found ${source.symbol}`);
  }
  return {
    id,
    symbol: source.symbol,
    kind: source.kind,
    base,
    quote,
    tickSize: source.tickSize,
    lotSize: source.lotSize,
    moneyPerTickLot: moneyPerTickLot(source),
    minQuantityLots: 1,
    maxQuantityLots: QUANTITY_LOTS_MAX,
    minNotional: parseMoney(source.minNotional),
    makerFeePpm: source.makerFeePpm,
    takerFeePpm: source.takerFeePpm,
  };
}

function moneyPerTickLot(source: InstrumentSource): number {
  const finest = '0.000000000001';
  const tick = BigInt(parseDecimal(source.tickSize, finest));
  const lot = BigInt(parseDecimal(source.lotSize, finest));
  const numerator = tick * lot * BigInt(MONEY_SCALE);
  const denominator = 10n ** 24n;
  if (numerator === 0n || numerator % denominator !== 0n) {
    throw new DecimalError(
      `${source.symbol}: tick ${source.tickSize} times lot ${source.lotSize} must be a multiple of 0.00000001`,
    );
  }
  return Number(numerator / denominator);
}

/**
 * Desks with instruments that are quoted in another currency than theirs, and with what converts it: traded itself or only
 * there for its price, either way round. They have seeds of their own, so that all others stay what they were.
 */
import { buildInstrument, withConversions } from '../../src/domain/build-instrument.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { Random } from './random.js';

/** From here on each seed is one of them. */
export const FIRST_CONVERTED = 1_000_001;

/** A stream of numbers of its own. */
const CONVERTED = 700_000_001;

export const DESKS_CURRENCY = 'USDT';

/** Where a run begins 10,000 ticks are its price, and a lot is worth about as much as one of the coins. */
interface OtherCurrency {
  readonly quote: string;
  readonly by: string;
  readonly tickSize: string;
  /** What makes contracts in it worth about as much as others. */
  readonly times: number;
}

const OTHERS: readonly OtherCurrency[] = [
  { quote: 'EUR', by: 'EUR/USDT', tickSize: '0.000125', times: 1 },
  { quote: 'CHF', by: 'USDT/CHF', tickSize: '0.00008', times: 1 },
  { quote: 'JPY', by: 'USDT/JPY', tickSize: '0.015', times: 150 },
  { quote: 'GBP', by: 'GBP/USDT', tickSize: '0.00025', times: 1 },
];
const COINS = ['BTC', 'ETH', 'SOL', 'XRP'];

export const isConverted = (seed: number): boolean => seed >= FIRST_CONVERTED;

/** `traded` of them, and behind these what only converts. */
export function convertedInstruments(seed: number, traded: number): readonly Instrument[] {
  const random = new Random(seed + CONVERTED);
  const one = random.pick(OTHERS);
  const other = random.chance(0.3) ? random.pick(OTHERS) : one;
  const kind = random.pick(['fx', 'future'] as const);
  const common = { kind, lotSize: '0.001', makerFeePpm: 200, takerFeePpm: 500 };
  const hasLotFees = random.chance(0.3);
  const contract = (coin: string, currency: OtherCurrency | null) => {
    const { quote = DESKS_CURRENCY, times = 1 } = currency ?? {};
    return {
      ...common,
      ...{ symbol: `${coin}/${quote}`, tickSize: '0.01', minNotional: String(4 * times) },
      ...(times === 1 ? {} : { multiplier: String(times) }),
      ...(hasLotFees ? { fees: { each: String(0.05 * times), minimum: String(0.2 * times) } } : {}),
    };
  };
  const converter = ({ by, tickSize, times }: OtherCurrency) => ({
    ...common,
    ...{ symbol: by, tickSize, lotSize: '0.1', minNotional: String(4 * times) },
  });
  const contracts = COINS.slice(0, traded).map((coin, at) =>
    contract(coin, at === 0 ? one : random.pick([one, other, null])),
  );
  const isTraded = traded > 1 && random.chance(0.5);
  const place = random.whole(1, traded - 1);
  const listed = isTraded ? contracts.map((each, at) => (at === place ? converter(one) : each)) : contracts;
  const behind = [...new Set([one, other])].filter(({ by }) => listed.every(({ symbol }) => symbol !== by));
  const all = [...listed, ...behind.map(converter)].map((source, id) => buildInstrument(id, source));
  return withConversions(all, DESKS_CURRENCY);
}

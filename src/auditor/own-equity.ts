/**
 * Equity, calculated a second time from the venue's book and the auditor's own prices. The prices never come
 * from the trader, unless nobody else has them.
 */
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import { MINUTE_MS } from '../domain/civil-date.js';
import { placesIn } from '../domain/figure-text.js';
import type { Instrument } from '../domain/instrument.js';
import { formatMoney, MONEY_PLACES, parseMoney } from '../domain/money.js';
import { exactNotional, isOwned, rateAt, VALUE } from '../domain/value.js';
import { simulatorOf } from '../market/live/feed-addresses.js';
import { SimulatedSeries } from '../market/simulated/series.js';
import { spreadTicksOf } from '../market/spread.js';
import type { BookReading, OwnPrice, OwnPrices } from '../venue/port.js';
import type { VenueEndpoint } from '../venue/prices.js';
import { priceSourceOf } from '../venue/registry.js';

/**
 * Prices move between the two readings: a difference up to this part of the positions' value is tolerated.
 */
const MOVED_PART = 0.02;
/** In units of the last place: the trader cuts its figures there, and a broker rounds its own to cents. */
const ROUNDED = 3;
const CENTS = 2;

/** Decimal places of amounts: cents, or of a coin those that the trader's figure shows. */
function placesOf(figure: string, currency: string): number {
  const shown = figure.split('.')[1]?.length ?? 0;
  return Math.max(CENTS, Math.min(placesIn(currency), shown));
}

/** A difference from the trader's figure, in money units, that rounding explains. */
export function roundedOff(figure: string, currency: string): number {
  return ROUNDED * 10 ** (MONEY_PLACES - placesOf(figure, currency));
}

/** Writes money units with the places of the trader's figure. */
export function amountsLike(figure: string, currency: string): (units: number) => string {
  const places = placesOf(figure, currency);
  return (units) => formatMoney(Math.round(units), places);
}

/** Writes money units with the places of the trader's equity. */
export const amountsOf = ({ equity, currency }: Pick<TraderStatus, 'equity' | 'currency'>) =>
  amountsLike(equity, currency);

export interface OwnEquity {
  /** Money units. */
  readonly equity: number;
  /** Value of everything held, in money units. */
  readonly value: number;
  /**
   * Value of remainders too small to sell, in money units: the venue has them, the trader does not count
   * them.
   */
  readonly dust: number;
}

/**
 * Null if the price of a position is missing. Cash missing from the book is the trader's figure, as are fees
 * paid from coins held for fees.
 */
export function ownEquity(
  book: BookReading,
  status: Pick<TraderStatus, 'cash'> & Partial<Pick<TraderStatus, 'books'>>,
  instruments: readonly Instrument[],
  prices: OwnPrices,
): OwnEquity | null {
  let equity = (book.cash ?? parseMoney(status.cash)) - parseMoney(status.books?.feesElsewhere ?? '0');
  let value = 0;
  let dust = 0;
  for (const instrument of instruments) {
    const { symbol, tickSize, kind, moneyPerTickLot } = instrument;
    const rate = rateBy(prices, instrument, instruments);
    const lots = book.positions.get(symbol) ?? 0;
    const dustLots = book.dustLots?.get(symbol) ?? 0;
    const price = prices.get(symbol);
    if (lots === 0 && (dustLots === 0 || price === undefined)) continue;
    if (price === undefined || rate === null) return null;
    const ticks = (lots > 0 ? price.bid : price.ask) / Number(tickSize);
    const worth = VALUE[kind].exactWorth(lots, ticks, moneyPerTickLot) * rate;
    value += Math.abs(worth);
    dust += exactNotional(instrument, dustLots, ticks) * rate;
    const cost = book.costs?.get(symbol);
    equity += isOwned(instrument) ? worth : worth - (cost === undefined ? worth : cost * rate);
  }
  return { equity: book.equity ?? Math.round(equity), value, dust };
}

/** Worth of the quote currency in the desk's at these prices. Null: the converting price is missing. */
export function rateBy(
  prices: OwnPrices,
  { conversion }: Pick<Instrument, 'conversion'>,
  instruments: readonly Instrument[],
): number | null {
  if (conversion === undefined) return 1;
  const price = prices.get(instruments[conversion.by]?.symbol ?? '');
  if (price === undefined) return null;
  const tick = Number(conversion.tickSize);
  return rateAt(conversion, price.bid / tick, price.ask / tick);
}

export function compareEquity(own: OwnEquity, status: Pick<TraderStatus, 'equity' | 'currency'>): Finding[] {
  const { equity, currency } = status;
  const traders = parseMoney(equity);
  const tolerated = own.value * MOVED_PART + own.dust + roundedOff(equity, currency);
  if (Math.abs(traders - own.equity) <= tolerated) return [];
  const amount = amountsOf(status);
  const text = `the trader counts an equity of ${amount(traders)}, the venue's book at the auditor's own prices makes ${amount(own.equity)}`;
  return [{ key: 'equity', text }];
}

/** Something that is wrong. */
export interface Finding {
  /** The same while the problem is the same; figures in the text may change meanwhile. */
  readonly key: string;
  /** A sentence that tells people why the desk was stopped. */
  readonly text: string;
}

/** The market that orders go to, whose prices count. */
interface TradedMarket {
  readonly venue: string;
  readonly endpoint: VenueEndpoint;
}

export type PriceReader = (marketData: TraderStatus['marketData']) => Promise<OwnPrices>;

/**
 * `traded`: null on paper. `simulatedFeeds`: as in the runtime. For a recording, and for a venue without
 * `bestPrices`, the trader's own prices are used: then only what the trader computes from them is compared.
 */
export function ownPrices(
  desk: Pick<Desk, 'instruments'>,
  instruments: readonly Instrument[],
  traded: TradedMarket | null,
  simulatedFeeds: Readonly<Record<string, string>> = {},
): PriceReader {
  const simulated = simulatedPrices(instruments, spreadTicksOf(desk.instruments, instruments));
  return async (marketData) => {
    const { kind } = marketData;
    if (kind === 'simulated') return simulated(marketData);
    const { venue, endpoint } = traded ?? {
      venue: marketData.venue,
      endpoint: simulatorOf(marketData.identity, simulatedFeeds) ?? { kind: 'live' },
    };
    const read = kind === 'live' && venue !== null ? priceSourceOf(venue).bestPrices : null;
    if (read !== null) return read(endpoint, instruments);
    return new Map(
      marketData.lastPrices.map(({ symbol, bid, ask }) => [symbol, { bid: Number(bid), ask: Number(ask) }]),
    );
  };
}

type Moment = Pick<TraderStatus['marketData'], 'seed' | 'marketMs'>;

/** The simulated market calculated a second time, at the trader's market time. */
function simulatedPrices(
  instruments: readonly Instrument[],
  spreadTicks: readonly number[],
): (moment: Moment) => OwnPrices {
  let seed = Number.NaN;
  let series: readonly SimulatedSeries[] = [];
  return (moment) => {
    if (moment.seed !== seed) {
      seed = moment.seed ?? 0;
      series = instruments.map(
        (instrument) => new SimulatedSeries(seed, instrument, spreadTicks[instrument.id] ?? 1),
      );
    }
    return new Map(
      instruments.flatMap((instrument): [string, OwnPrice][] => {
        const price = lastQuote(series[instrument.id], instrument, moment.marketMs);
        return price === null ? [] : [[instrument.symbol, price]];
      }),
    );
  };
}

/** The newest quote at or before that time, if it is of the same minute; otherwise the minute's first quote. */
function lastQuote(
  series: SimulatedSeries | undefined,
  { tickSize }: Instrument,
  marketMs: number,
): OwnPrice | null {
  const quotes = series?.minute(Math.floor(marketMs / MINUTE_MS)).quotes ?? [];
  const quote = quotes.findLast((one) => one.marketMs <= marketMs) ?? quotes[0];
  if (quote === undefined) return null;
  return { bid: quote.bidTicks * Number(tickSize), ask: quote.askTicks * Number(tickSize) };
}

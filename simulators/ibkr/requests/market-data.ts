/** Quotes (1, 2, 59) and five-second bars (50, 51). */
import { findOne } from '../contracts.js';
import { priceText } from '../decimals.js';
import { isOpen, sessionsBetween } from '../hours.js';
import { type Bar, joined, type Market } from '../market.js';
import { type Refused, refused } from '../refusal.js';
import type { Session } from '../session.js';
import type { Permission } from '../simulation.js';
import type { ValuesOf } from '../wire/fields.js';
import {
  CANCEL_MKT_DATA,
  CANCEL_REAL_TIME_BARS,
  REQ_MARKET_DATA_TYPE,
  REQ_MKT_DATA,
  REQ_REAL_TIME_BARS,
} from '../wire/from-client.js';
import {
  MARKET_DATA_TYPE,
  REAL_TIME_BARS,
  TICK_GENERIC,
  TICK_PRICE,
  TICK_REQ_PARAMS,
  TICK_SIZE,
  TICK_SNAPSHOT_END,
  TICK_STRING,
} from '../wire/to-client.js';
import { on } from './handler.js';

export interface Quotes {
  readonly market: Market;
  readonly delayed: boolean;
  /** Generic tick 233: each trade as text. */
  readonly tradesAsText: boolean;
}

export const SHOWN = ['TRADES', 'MIDPOINT', 'BID', 'ASK'] as const;
export type Shown = (typeof SHOWN)[number];
export const shownOf = (text: string): Shown | undefined => SHOWN.find((one) => one === text);

const LINES_MAX = 100;
const LIVE_TICKS = {
  bid: 1,
  ask: 2,
  last: 4,
  bidSize: 0,
  askSize: 3,
  lastSize: 5,
  high: 6,
  low: 7,
  volume: 8,
  close: 9,
  open: 14,
  time: 45,
};
const DELAYED_TICKS = {
  bid: 66,
  ask: 67,
  last: 68,
  bidSize: 69,
  askSize: 70,
  lastSize: 71,
  high: 72,
  low: 73,
  volume: 74,
  close: 75,
  open: 76,
  time: 88,
};
const TICK_HALTED = 49;
const TICK_TRADES = 48;
const DELAYED = 3;
const CAN_EXECUTE = 1;
/** Sent if nobody offers. */
const NO_QUOTE = '-1';

const DUPLICATE = refused.processing('Duplicate ticker id');
const notFound = (reqId: number | null): Refused => ({
  code: 300,
  text: `Can't find EId with tickerId:${reqId}`,
});
const NO_DATA = {
  code: 354,
  text: 'Requested market data is not subscribed. Check API status by selecting the Account menu then under Management choose Market Data Subscription Manager and/or availability of delayed data.',
};
const NOT_ENABLED = {
  code: 10168,
  text: 'Requested market data is not subscribed. Delayed market data is not enabled.',
};
const SHOWING_DELAYED = {
  code: 10167,
  text: 'Requested market data is not subscribed. Displaying delayed market data.',
};
const IN_PART = {
  code: 10090,
  text: 'Part of requested market data is not subscribed. Subscription-independent ticks are still active.',
};
const COMPETING = { code: 10197, text: 'No market data during competing live session' };
const TOO_MANY = { code: 101, text: 'Max number of tickers has been reached' };

export const MARKET_DATA_HANDLERS = [
  on(REQ_MARKET_DATA_TYPE, (session, { marketDataType }) => {
    if (marketDataType === null || marketDataType < 1 || marketDataType > 4)
      return session.error(null, refused.validating(`Invalid market data type ${marketDataType ?? ''}`));
    session.subscriptions.marketDataType = marketDataType;
  }),
  on(REQ_MKT_DATA, (session, asked) => {
    const refusal = takeQuotes(session, asked);
    if (refusal !== null) session.error(asked.reqId, refusal);
  }),
  on(CANCEL_MKT_DATA, (session, { reqId }) => {
    if (!session.subscriptions.quotes.delete(reqId ?? 0)) session.error(reqId, notFound(reqId));
  }),
  on(REQ_REAL_TIME_BARS, (session, asked) => {
    const refusal = takeFiveSeconds(session, asked);
    if (refusal !== null) session.error(asked.reqId, refusal);
  }),
  on(CANCEL_REAL_TIME_BARS, (session, { reqId }) => {
    if (!session.subscriptions.fiveSeconds.delete(reqId ?? 0)) session.error(reqId, notFound(reqId));
  }),
];

/** Null if the request is accepted. */
function takeQuotes(session: Session, asked: ValuesOf<typeof REQ_MKT_DATA.fields>): Refused | null {
  const { simulation, subscriptions } = session;
  const { reqId } = asked;
  if (reqId === null) return refused.reading('reqId is missing');
  if (subscriptions.quotes.has(reqId)) return DUPLICATE;
  if (subscriptions.quotes.size >= LINES_MAX) return TOO_MANY;
  const result = findOne(simulation.instruments, asked, simulation.nowMs(), false);
  if (!('one' in result)) return refused.contract(result.code, result.cause);
  const refusal = refusedTicks(asked, result.one.secType);
  if (refusal !== null) return refusal;
  const market = simulation.markets.get(result.one.conId);
  if (market === undefined) return refused.contract(200, 'No market');
  const permission = permitted(simulation.permission, subscriptions.marketDataType);
  if (permission.refusal !== null) return permission.refusal;
  if (permission.notice !== null) session.error(reqId, permission.notice);
  const quotes = { market, delayed: permission.delayed, tradesAsText: asked.genericTickList !== '' };
  if (!asked.snapshot) subscriptions.quotes.set(reqId, quotes);
  sendFirst(session, reqId, quotes);
  if (asked.snapshot) session.send(TICK_SNAPSHOT_END, { reqId });
  return null;
}

/** Of the generic ticks, only 233 is built. */
function refusedTicks(
  { genericTickList, snapshot, regulatorySnapshot }: ValuesOf<typeof REQ_MKT_DATA.fields>,
  secType: string,
): Refused | null {
  if (genericTickList !== '' && snapshot)
    return refused.validating('Snapshot market data subscription is not applicable to generic ticks');
  if (genericTickList.split(',').some((one) => one !== '' && one !== '233'))
    return refused.validating(
      `Incorrect generic tick list of ${genericTickList}.  Legal ones for (${secType}) are: 233(RTVolume)`,
    );
  return regulatorySnapshot ? refused.validating('Regulatory snapshots are not built here') : null;
}

interface Permitted {
  readonly refusal: Refused | null;
  readonly notice: Refused | null;
  readonly delayed: boolean;
}

function permitted(permission: Permission, marketDataType: number): Permitted {
  const no = (refusal: Refused): Permitted => ({ refusal, notice: null, delayed: false });
  if (permission === 'competing') return no(COMPETING);
  if (permission === 'none') return no(NO_DATA);
  if (permission === 'partial') return { refusal: null, notice: IN_PART, delayed: false };
  if (permission === 'live') return { refusal: null, notice: null, delayed: false };
  return marketDataType < DELAYED
    ? no(NOT_ENABLED)
    : { refusal: null, notice: SHOWING_DELAYED, delayed: true };
}

function sendFirst(session: Session, reqId: number, quotes: Quotes): void {
  const { market, delayed } = quotes;
  const { instrument } = market;
  const nowMs = session.simulation.nowMs();
  session.send(TICK_REQ_PARAMS, {
    reqId,
    minTick: instrument.minTick.text,
    bboExchange: '9c0001',
    snapshotPermissions: 3,
  });
  session.send(MARKET_DATA_TYPE, {
    reqId,
    marketDataType: typeOf(session, delayed, isOpen(instrument.schedule, nowMs)),
  });
  sendTrade(session, reqId, quotes);
  const ticks = delayed ? DELAYED_TICKS : LIVE_TICKS;
  const [day, before] = lastDays(market, nowMs);
  const price = (tickType: number, of: number | undefined) =>
    of !== undefined && sendPrice(session, reqId, { tickType, price: of, size: 0, attributes: 0 }, market);
  price(ticks.high, day?.high);
  price(ticks.low, day?.low);
  price(ticks.open, day?.open);
  price(ticks.close, before?.close);
  session.send(TICK_GENERIC, { reqId, tickType: TICK_HALTED, value: market.halted ? '1' : '0' });
}

/** Quotes of a closed market are frozen for clients that requested that. */
function typeOf(session: Session, delayed: boolean, open: boolean): number {
  const { marketDataType } = session.subscriptions;
  const frozen = !open && (marketDataType === 2 || marketDataType === 4);
  return (delayed ? 3 : 1) + (frozen ? 1 : 0);
}

/** The current or last session and the one before it, as one bar each. */
function lastDays(market: Market, nowMs: number): readonly (Bar | undefined)[] {
  const WEEK_MS = 7 * 24 * 60 * 60_000;
  return sessionsBetween(market.instrument.schedule, nowMs - WEEK_MS, nowMs, false)
    .slice(-2)
    .reverse()
    .map(({ fromMs, toMs }) => market.minutes(fromMs, toMs))
    .map((bars) => (bars[0] === undefined ? undefined : joined(bars[0].fromMs, bars)));
}

export function sendTrade(session: Session, reqId: number, { market, delayed, tradesAsText }: Quotes): void {
  const ticks = delayed ? DELAYED_TICKS : LIVE_TICKS;
  const sides = [
    [ticks.bid, market.bid?.ticks, ticks.bidSize, market.bid?.size ?? 0, CAN_EXECUTE],
    [ticks.ask, market.ask?.ticks, ticks.askSize, market.ask?.size ?? 0, CAN_EXECUTE],
    [ticks.last, market.last, ticks.lastSize, market.lastSize, 0],
  ] as const;
  for (const [tickType, price, sizeType, size, attributes] of sides) {
    sendPrice(session, reqId, { tickType, price, size, attributes }, market);
    session.send(TICK_SIZE, { reqId, tickType: sizeType, size: String(size) });
  }
  const seconds = String(Math.floor(market.lastMs / 1000));
  session.send(TICK_STRING, { reqId, tickType: ticks.time, value: seconds });
  session.send(TICK_SIZE, { reqId, tickType: ticks.volume, size: String(market.volume) });
  if (!tradesAsText) return;
  const price = priceText(market.last, market.instrument.tick);
  const value = [price, market.lastSize, market.lastMs, market.volume, price, 'true'].join(';');
  session.send(TICK_STRING, { reqId, tickType: TICK_TRADES, value });
}

function sendPrice(
  session: Session,
  reqId: number,
  {
    tickType,
    price,
    size,
    attributes,
  }: { tickType: number; price: number | undefined; size: number; attributes: number },
  { instrument }: Market,
): void {
  session.send(TICK_PRICE, {
    reqId,
    tickType,
    price: price === undefined ? NO_QUOTE : priceText(price, instrument.tick),
    size: String(size),
    attributes: price === undefined ? 0 : attributes,
  });
}

function takeFiveSeconds(
  session: Session,
  asked: ValuesOf<typeof REQ_REAL_TIME_BARS.fields>,
): Refused | null {
  const { simulation, subscriptions } = session;
  if (asked.reqId === null) return refused.reading('reqId is missing');
  if (subscriptions.fiveSeconds.has(asked.reqId)) return DUPLICATE;
  const shown = shownOf(asked.whatToShow);
  if (shown === undefined) return refused.validating(`Invalid whatToShow '${asked.whatToShow}'`);
  const result = findOne(simulation.instruments, asked, simulation.nowMs(), false);
  if (!('one' in result)) return refused.contract(result.code, result.cause);
  const market = simulation.markets.get(result.one.conId);
  if (market === undefined) return refused.contract(200, 'No market');
  const { refusal } = permitted(simulation.permission, 1);
  if (refusal !== null) return { code: 420, text: `Invalid Real-time Query:${refusal.text}` };
  subscriptions.fiveSeconds.set(asked.reqId, { market, shown });
  return null;
}

export function sendFiveSeconds(
  session: Session,
  reqId: number,
  bar: Bar,
  { market, shown }: { readonly market: Market; readonly shown: Shown },
): void {
  const { barCount, ...figures } = barFigures(bar, market, shown);
  session.send(REAL_TIME_BARS, { reqId, time: bar.fromMs / 1000, ...figures, count: barCount });
}

/** A bar as shown: quotes are one tick away from the trades and have no volume. */
export function barFigures(bar: Bar, { instrument }: Market, shown: Shown) {
  const aside = shown === 'BID' ? -1 : shown === 'ASK' ? 1 : 0;
  const price = (ticks: number) => priceText(ticks + aside, instrument.tick);
  const prices = {
    open: price(bar.open),
    high: price(bar.high),
    low: price(bar.low),
    close: price(bar.close),
  };
  if (shown !== 'TRADES') return { ...prices, volume: '-1', wap: '-1', barCount: -1 };
  const average = bar.volume === 0 ? bar.close : bar.turnover / bar.volume;
  const { size, scale } = instrument.tick;
  const wap = ((average * size) / 10 ** scale).toFixed(scale + 1);
  return { ...prices, volume: String(bar.volume), wap, barCount: bar.trades };
}

/** The instruments that exist, and how a client's fields find them. */
import { DateTime } from 'luxon';
import { cents, type Tick, tick } from './decimals.js';
import { CBOT_GRAINS, CME_INDEX, type Schedule, US_STOCKS } from './hours.js';

export interface Instrument {
  readonly conId: number;
  readonly symbol: string;
  readonly secType: 'FUT' | 'STK';
  /** yyyymmdd; for a future its last trading day. */
  readonly expiry: string;
  /** yyyymm, the month that names a future; some trade for the last time in the month before. */
  readonly month: string;
  /** When trading ends on its last day, in minutes of that day where it trades. */
  readonly lastMinute: number;
  readonly multiplier: number;
  readonly exchange: string;
  /** Other exchange names that lead to it. */
  readonly validExchanges: readonly string[];
  readonly primaryExchange: string;
  readonly currency: 'USD';
  readonly localSymbol: string;
  readonly tradingClass: string;
  readonly longName: string;
  readonly underConId: number;
  /** Of prices as they are quoted and ordered. */
  readonly tick: Tick;
  /** The same in whole units of the currency: another one where prices are quoted in parts of it. */
  readonly minTick: Tick;
  /** In how many parts of the currency's unit prices are quoted: 100 for cents. */
  readonly priceMagnifier: number;
  /** What a tick of one contract or share is worth. */
  readonly tickCents: number;
  readonly initialMarginCents: number;
  readonly maintenanceMarginCents: number;
  /** For one contract; a stock's commission depends on its quantity. */
  readonly commissionCents: number;
  readonly schedule: Schedule;
  readonly startPrice: string;
}

/** The fields of a contract as a client gives them; empty means not given. */
export interface ContractAsked {
  readonly conId: number | null;
  readonly symbol: string;
  readonly secType: string;
  readonly lastTradeDateOrContractMonth: string;
  readonly multiplier: string;
  readonly exchange: string;
  readonly primaryExchange: string;
  readonly currency: string;
  readonly localSymbol: string;
  readonly tradingClass: string;
  readonly includeExpired?: boolean;
}

interface Product {
  readonly symbol: string;
  /** Where several products have one symbol; otherwise it is the symbol. */
  readonly tradingClass?: string;
  readonly exchange: string;
  readonly tick: Tick;
  /** Of a product that is quoted in parts of the currency. */
  readonly magnified?: { readonly minTick: Tick; readonly priceMagnifier: number };
  readonly lastMinute: number;
  /** Of prices in whole units of the currency. */
  readonly multiplier: number;
  readonly longName: string;
  readonly underConId: number;
  readonly schedule?: Schedule;
  readonly startPrice: string;
  readonly initialMargin: string;
  readonly maintenanceMargin: string;
  readonly commission: string;
}

const ON_AN_INDEX = { exchange: 'CME', tick: tick('0.25'), lastMinute: 8 * 60 + 30 };

const FUTURES: readonly Product[] = [
  {
    ...ON_AN_INDEX,
    symbol: 'NQ',
    multiplier: 20,
    longName: 'E-mini NASDAQ 100',
    underConId: 11_004_958,
    startPrice: '15234',
    initialMargin: '21000.00',
    maintenanceMargin: '19000.00',
    commission: '2.25',
  },
  {
    ...ON_AN_INDEX,
    symbol: 'MNQ',
    multiplier: 2,
    longName: 'Micro E-Mini Nasdaq-100 Index',
    underConId: 11_004_958,
    startPrice: '15234',
    initialMargin: '2100.00',
    maintenanceMargin: '1900.00',
    commission: '0.62',
  },
  {
    ...ON_AN_INDEX,
    symbol: 'ES',
    multiplier: 50,
    longName: 'E-mini S&P 500',
    underConId: 11_004_968,
    startPrice: '4500',
    initialMargin: '13000.00',
    maintenanceMargin: '12000.00',
    commission: '2.25',
  },
];

interface Commodity extends Product {
  /** Months of the year; left out: each. */
  readonly months?: readonly number[];
  readonly lastDay: (month: DateTime) => DateTime;
}

/** Full-size and micro silver have one symbol: trading class and multiplier tell them apart. */
const SILVER = {
  symbol: 'SI',
  exchange: 'COMEX',
  tick: tick('0.005'),
  lastMinute: 12 * 60 + 25,
  underConId: 17_340_722,
  startPrice: '50',
  lastDay: (month: DateTime) => businessDaysBefore(month.plus({ months: 1 }), 3),
} as const;

/** In addition to futures on stock indices, if the simulator's options name them. */
const COMMODITIES = [
  {
    symbol: 'CL',
    exchange: 'NYMEX',
    tick: tick('0.01'),
    lastMinute: 13 * 60 + 30,
    multiplier: 1_000,
    longName: 'Light Sweet Crude Oil',
    underConId: 17_340_715,
    startPrice: '60',
    initialMargin: '6000.00',
    maintenanceMargin: '5500.00',
    commission: '2.40',
    lastDay: (month) => businessDaysBefore(onOrBefore(month.minus({ months: 1 }).set({ day: 25 })), 3),
  },
  {
    symbol: 'GC',
    exchange: 'COMEX',
    tick: tick('0.10'),
    lastMinute: 12 * 60 + 30,
    multiplier: 100,
    longName: 'Gold',
    underConId: 17_340_718,
    startPrice: '4100',
    initialMargin: '20000.00',
    maintenanceMargin: '18000.00',
    commission: '2.40',
    lastDay: (month) => businessDaysBefore(month.plus({ months: 1 }), 3),
  },
  {
    symbol: 'ZC',
    exchange: 'CBOT',
    tick: tick('0.25'),
    magnified: { minTick: tick('0.0025'), priceMagnifier: 100 },
    lastMinute: 12 * 60 + 1,
    multiplier: 5_000,
    longName: 'Corn Futures',
    underConId: 17_340_721,
    schedule: CBOT_GRAINS,
    startPrice: '445.25',
    initialMargin: '1300.00',
    maintenanceMargin: '1150.00',
    commission: '2.92',
    months: [3, 5, 7, 9, 12],
    lastDay: (month) => businessDaysBefore(month.set({ day: 15 }), 1),
  },
  {
    ...SILVER,
    multiplier: 5_000,
    longName: 'Silver',
    initialMargin: '16000.00',
    maintenanceMargin: '14500.00',
    commission: '2.40',
  },
  {
    ...SILVER,
    tradingClass: 'SIL',
    multiplier: 1_000,
    longName: 'Micro Silver',
    initialMargin: '3200.00',
    maintenanceMargin: '2900.00',
    commission: '1.12',
  },
] as const satisfies readonly Commodity[];

/** Their symbols: silver's lists both of its products. */
export type CommodityName = (typeof COMMODITIES)[number]['symbol'];
export const COMMODITY_NAMES: readonly CommodityName[] = [
  ...new Set(COMMODITIES.map(({ symbol }) => symbol)),
];

const MONTH_LETTERS = 'FGHJKMNQUVXZ';
const MONTHS_AHEAD = 9;
const COMMODITIES_FROM = 800_000_000;
/** The exchanges' holidays that move a last trading day: fixed dates, and Thanksgiving and Memorial Day. */
const HOLIDAYS: readonly string[] = ['12-25', '01-01'];
const isMovingHoliday = ({ month, weekday, day }: DateTime): boolean =>
  (month === 11 && weekday === 4 && day >= 22 && day <= 28) || (month === 5 && weekday === 1 && day >= 25);
const QUARTERS_BACK = 2;
const QUARTERS_AHEAD = 5;
const STOCKS_FROM = 300_000_000;

/** A stock in addition to the built-in ones. */
export interface StockOptions {
  readonly symbol: string;
  /** Start price, decimal text. */
  readonly price: string;
}

/**
 * Quarterly futures around the day, and stocks. The ids stay the same from start to start: they follow from symbol
 * and month and, for `stocks`, from their order.
 */
export function instrumentsAt(
  nowMs: number,
  stocks: readonly StockOptions[] = [],
  commodities: readonly CommodityName[] = [],
): readonly Instrument[] {
  const now = DateTime.fromMillis(nowMs, { zone: CME_INDEX.zone });
  const first = now.startOf('quarter').plus({ months: 2 - 3 * QUARTERS_BACK });
  const months = Array.from({ length: QUARTERS_BACK + QUARTERS_AHEAD }, (_, step) =>
    first.plus({ months: 3 * step }),
  );
  return [
    ...FUTURES.flatMap((product, index) =>
      months.map((month) => future(product, 700_000_000 + index * 1_000_000, month, thirdFriday(month))),
    ),
    APPLE,
    ...stocks.map(stock),
    ...COMMODITIES.flatMap((product, index) =>
      commodities.includes(product.symbol) ? commodity(product, index, now.startOf('month')) : [],
    ),
  ];
}

/** Its months from this one on; oil's contract of this month has expired already. */
function commodity({ lastDay, months, ...product }: Commodity, index: number, now: DateTime): Instrument[] {
  const ids = COMMODITIES_FROM + index * 1_000_000;
  return Array.from({ length: MONTHS_AHEAD }, (_, step) => now.plus({ months: step }))
    .filter(({ month }) => months?.includes(month) ?? true)
    .map((month) => future(product, ids, month, lastDay(month)));
}

const isBusinessDay = (day: DateTime): boolean =>
  day.weekday < 6 && !HOLIDAYS.includes(day.toFormat('MM-dd')) && !isMovingHoliday(day);

function businessDaysBefore(day: DateTime, count: number): DateTime {
  const before = day.minus({ days: 1 });
  const left = isBusinessDay(before) ? count - 1 : count;
  return left === 0 ? before : businessDaysBefore(before, left);
}

const onOrBefore = (day: DateTime): DateTime => (isBusinessDay(day) ? day : businessDaysBefore(day, 1));

const stock = ({ symbol, price: startPrice }: StockOptions, index: number): Instrument => ({
  ...APPLE,
  ...{ conId: STOCKS_FROM + index, symbol, localSymbol: symbol, longName: symbol, startPrice },
});

function future(product: Product, ids: number, month: DateTime, lastDay: DateTime): Instrument {
  const { minTick, priceMagnifier } = product.magnified ?? { minTick: product.tick, priceMagnifier: 1 };
  const { tradingClass = product.symbol } = product;
  return {
    conId: ids + month.year * 12 + month.month,
    symbol: product.symbol,
    secType: 'FUT',
    expiry: lastDay.toFormat('yyyyMMdd'),
    month: month.toFormat('yyyyMM'),
    lastMinute: product.lastMinute,
    multiplier: product.multiplier,
    exchange: product.exchange,
    validExchanges: [product.exchange, 'QBALGO'],
    primaryExchange: '',
    currency: 'USD',
    localSymbol: `${tradingClass}${MONTH_LETTERS[month.month - 1]}${month.year % 10}`,
    tradingClass,
    longName: product.longName,
    underConId: product.underConId,
    tick: product.tick,
    minTick,
    priceMagnifier,
    tickCents: (product.multiplier * minTick.size * 100) / 10 ** minTick.scale,
    initialMarginCents: cents(product.initialMargin),
    maintenanceMarginCents: cents(product.maintenanceMargin),
    commissionCents: cents(product.commission),
    schedule: product.schedule ?? CME_INDEX,
    startPrice: product.startPrice,
  };
}

const APPLE: Instrument = {
  conId: 265_598,
  symbol: 'AAPL',
  secType: 'STK',
  expiry: '',
  month: '',
  lastMinute: 0,
  multiplier: 1,
  exchange: 'SMART',
  validExchanges: ['SMART', 'NASDAQ', 'ARCA', 'IEX'],
  primaryExchange: 'NASDAQ',
  currency: 'USD',
  localSymbol: 'AAPL',
  tradingClass: 'NMS',
  longName: 'APPLE INC',
  underConId: 0,
  tick: tick('0.01'),
  minTick: tick('0.01'),
  priceMagnifier: 1,
  tickCents: 1,
  initialMarginCents: 0,
  maintenanceMarginCents: 0,
  commissionCents: 0,
  schedule: US_STOCKS,
  startPrice: '210',
};

function thirdFriday(month: DateTime): DateTime {
  const FRIDAY = 5;
  const first = month.startOf('month');
  return first.plus({ days: ((FRIDAY - first.weekday + 7) % 7) + 14 });
}

/** A future on a stock index ends with the morning session of its last day; afterwards it is expired. */
export function isExpired({ expiry, lastMinute, schedule }: Instrument, nowMs: number): boolean {
  if (expiry === '') return false;
  const day = DateTime.fromFormat(expiry, 'yyyyMMdd', { zone: schedule.zone });
  const end = day.set({ hour: Math.floor(lastMinute / 60), minute: lastMinute % 60 });
  return nowMs >= end.toMillis();
}

/**
 * The months that a continuous future stands for, one of each trading class: the next to expire, and from the
 * Monday of its last week the one after it.
 */
function leadMonths(instruments: readonly Instrument[], symbol: string, nowMs: number): Instrument[] {
  const leads = new Map<string, Instrument>();
  for (const one of instruments) {
    const { secType, expiry, schedule, tradingClass } = one;
    if (one.symbol !== symbol || secType !== 'FUT' || leads.has(tradingClass)) continue;
    const roll = DateTime.fromFormat(expiry, 'yyyyMMdd', { zone: schedule.zone }).startOf('week');
    if (nowMs < roll.toMillis()) leads.set(tradingClass, one);
  }
  return [...leads.values()];
}

const SECURITY_TYPES = [
  'STK',
  'FUT',
  'CONTFUT',
  'FUT+CONTFUT',
  'CASH',
  'OPT',
  'IND',
  'CFD',
  'BOND',
  'FUND',
  'CRYPTO',
  'CMDTY',
  'FOP',
  'WAR',
  'BAG',
  'NEWS',
];

export type Found =
  | { readonly found: readonly Instrument[]; readonly continuous: boolean }
  | { readonly code: 200 | 321; readonly cause: string };

export const NO_DEFINITION = 'No security definition has been found for the request';

/** For contract details: every match. */
export function findContracts(
  instruments: readonly Instrument[],
  asked: ContractAsked,
  nowMs: number,
): Found {
  if (asked.conId === null || asked.conId === 0) {
    if (!SECURITY_TYPES.includes(asked.secType))
      return { code: 321, cause: 'Please enter a valid security type' };
    if (asked.symbol === '' && asked.localSymbol === '')
      return { code: 321, cause: 'Please enter a local symbol or a symbol' };
  }
  const continuous = asked.secType === 'CONTFUT';
  const among = continuous ? leadMonths(instruments, asked.symbol, nowMs) : instruments;
  const found = among.filter(
    (one) => fits(one, asked) && (asked.includeExpired === true || !isExpired(one, nowMs)),
  );
  return found.length === 0 ? { code: 200, cause: NO_DEFINITION } : { found, continuous };
}

function fits(one: Instrument, asked: ContractAsked): boolean {
  if (asked.conId !== null && asked.conId !== 0 && asked.conId !== one.conId) return false;
  const said: readonly (readonly [string, boolean])[] = [
    [asked.secType, asked.secType === one.secType || asked.secType === 'CONTFUT'],
    [asked.symbol, asked.symbol === one.symbol],
    [asked.localSymbol, asked.localSymbol === one.localSymbol],
    [asked.tradingClass, asked.tradingClass === one.tradingClass],
    [asked.currency, asked.currency === one.currency],
    [asked.exchange, one.validExchanges.includes(asked.exchange)],
    [asked.primaryExchange, asked.primaryExchange === (one.primaryExchange || one.exchange)],
    [asked.multiplier, Number(asked.multiplier) === one.multiplier],
    [asked.lastTradeDateOrContractMonth, isOfDate(one, asked.lastTradeDateOrContractMonth)],
  ];
  return said.every(([text, right]) => text === '' || right);
}

/** A month is the one that names the future, a day is its last. */
const isOfDate = ({ expiry, month }: Instrument, asked: string): boolean =>
  asked.length === 6 ? month === asked : expiry.startsWith(asked);

/** For data and orders: exactly one match. A continuous future has history, but no quotes and no orders. */
export function findOne(
  instruments: readonly Instrument[],
  asked: ContractAsked,
  nowMs: number,
  continuousToo: boolean,
): { readonly one: Instrument } | { readonly code: 200 | 321; readonly cause: string } {
  if (asked.secType === 'CONTFUT' && !continuousToo)
    return { code: 321, cause: 'Please enter a valid security type' };
  if (asked.exchange === '') return { code: 321, cause: 'Please enter exchange' };
  const named = asked.conId !== null && asked.conId !== 0;
  if (
    !named &&
    asked.secType === 'FUT' &&
    asked.localSymbol === '' &&
    asked.lastTradeDateOrContractMonth === ''
  )
    return { code: 321, cause: 'Please enter a local symbol or an expiry' };
  const result = findContracts(instruments, asked, nowMs);
  if (!('found' in result)) return result;
  const [one, second] = result.found;
  if (one === undefined) return { code: 200, cause: NO_DEFINITION };
  if (second === undefined) return { one };
  return {
    code: 200,
    cause: `The contract description specified for ${asked.symbol} is ambiguous; you must specify the multiplier or trading class.`,
  };
}

/** As positions, portfolio and orders show an instrument. `right`: what each shows if there is none. */
export function withoutExchange(instrument: Instrument, right: '' | '?') {
  return {
    conId: instrument.conId,
    symbol: instrument.symbol,
    secType: instrument.secType,
    lastTradeDateOrContractMonth: instrument.expiry,
    strike: '0',
    right,
    multiplier: instrument.secType === 'FUT' ? String(instrument.multiplier) : '',
    currency: instrument.currency,
    localSymbol: instrument.localSymbol,
    tradingClass: instrument.tradingClass,
  };
}

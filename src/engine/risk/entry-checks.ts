/** What may stop an order before it is sent, each for a reason of its own; the gate asks them in its order. */
import { formatDecimal } from '../../domain/decimal.js';
import { formatMoney, percentOfPpm, ppmOfPercent, worth } from '../../domain/money.js';
import type { OrderPurpose } from '../../domain/order.js';
import { largestAtMarket, smallestOrder } from '../../domain/order-bounds.js';
import type { RiskLimit } from './check.js';
import { FULL_SIZE_PPM, largestPosition } from './size-factor.js';

/** The largest position in one instrument, as a percentage of equity including unrealised results. */
export const positionSizeLimit: RiskLimit = (check) => {
  const { intent, instrument, equity, risk } = check;
  if (intent.purpose !== 'entry') return null;
  const price = Math.max(intent.limitTicks ?? check.askTicks, check.bidTicks);
  const lots = Math.abs(check.positionLots) + check.restingEntryLots + intent.quantityLots;
  const value = worth(lots, price, instrument.moneyPerTickLot);
  const most = largestPosition(equity, risk.maxPositionSizePct, check.sizeFactorPpm);
  const orderPrice = intent.limitTicks ?? check.bidTicks;
  const orderValue = worth(intent.quantityLots, orderPrice, instrument.moneyPerTickLot);
  if (!(orderValue >= instrument.minNotional && intent.quantityLots >= instrument.minQuantityLots)) {
    return {
      limit: 'position-size',
      reason: `an order worth ${formatMoney(orderValue, 2)} ${instrument.quote} is below the venue's smallest`,
    };
  }
  if (value > 0 && value <= most) return null;
  return {
    limit: 'position-size',
    reason:
      `the position would be worth ${formatMoney(value, 2)} ${instrument.quote}, ` +
      `${risk.maxPositionSizePct} % of equity${reduced(check.sizeFactorPpm)} allow ${formatMoney(most, 2)}`,
  };
};

const reduced = (sizeFactorPpm: number): string =>
  sizeFactorPpm === FULL_SIZE_PPM ? '' : `, of which ${percentOfPpm(sizeFactorPpm)} % is used,`;

/** Nothing is opened at a venue that did not answer, whatever the mode. */
export const venueBreakerLimit: RiskLimit = ({ intent, venueBreaker }) => {
  if (intent.purpose !== 'entry' || venueBreaker === 'closed') return null;
  return { limit: 'venue-breaker', reason: "the venue's API breaker is open: no new trade until it answers" };
};

/** Nothing is opened in what the venue has halted, or does not list. */
export const closedInstrumentLimit: RiskLimit = ({ intent, closed }) => {
  if (intent.purpose !== 'entry' || closed === null) return null;
  return { limit: 'closed-instrument', reason: closed };
};

const LIMIT = 'stop-loss-required';

/** No entry without a stop on its losing side, near enough, at a venue that can hold it. */
export const stopLossRequiredLimit: RiskLimit = ({ intent, risk, capabilities }) => {
  if (intent.purpose !== 'entry') return null;
  if (capabilities.protectiveStops !== 'venue') {
    return { limit: LIMIT, reason: `${capabilities.name} can't hold a protective stop` };
  }
  const { protectTicks, limitTicks, side } = intent;
  if (protectTicks === null || limitTicks === null || !(protectTicks > 0)) {
    return { limit: LIMIT, reason: 'an entry needs a limit price and a stop-loss price' };
  }
  const distance = side === 'buy' ? limitTicks - protectTicks : protectTicks - limitTicks;
  if (!(distance > 0)) {
    return { limit: LIMIT, reason: 'the stop-loss is not on the losing side of the entry' };
  }
  if (distance * 1_000_000 <= limitTicks * ppmOfPercent(risk.stopLossPct)) return null;
  return { limit: LIMIT, reason: `the stop-loss is further away than ${risk.stopLossPct} %` };
};

/** No entry on an old price. Measured in wall time, so that the speed of a recording can't trip it. */
export const staleDataLimit: RiskLimit = ({ intent, quoteAgeMs, staleMs, instrument }) => {
  if (intent.purpose !== 'entry') return null;
  if (quoteAgeMs !== null && quoteAgeMs <= staleMs) return null;
  const age =
    quoteAgeMs === null ? 'never had a quote' : `last quote was ${Math.round(quoteAgeMs / 100) / 10} s ago`;
  return { limit: 'stale-data', reason: `${instrument.symbol}: ${age}, ${staleMs / 1000} s are allowed` };
};

/** An order that is to reduce must: opposite side, not more than is held, and long only where the venue can't short. */
export const reducesLimit: RiskLimit = ({ intent, instrument, positionLots, capabilities }) => {
  if (!(Number.isSafeInteger(intent.quantityLots) && intent.quantityLots > 0)) {
    return { limit: 'order', reason: `an order of ${intent.quantityLots} lots can't be placed` };
  }
  if (intent.purpose === 'entry') {
    if (intent.side === 'buy' || capabilities.shorting) return null;
    return { limit: 'shorting', reason: 'this venue can only sell what is held' };
  }
  if (intent.side === 'buy' && instrument.kind === 'spot' && !capabilities.shorting) {
    return { limit: 'reduces', reason: 'coins can not be owed here: no purchase reduces a position' };
  }
  const closingSide = positionLots > 0 ? 'sell' : 'buy';
  if (positionLots !== 0 && intent.side === closingSide && intent.quantityLots <= Math.abs(positionLots)) {
    return null;
  }
  return {
    limit: 'reduces',
    reason: `a ${intent.side} of ${intent.quantityLots} lots does not reduce a position of ${positionLots} lots`,
  };
};

const PPM = 1_000_000;

/** A stop that has to be a limit order asks for so much less than its trigger, and is judged by that: 5 %. */
const BELOW_TRIGGER_PPM = 50_000;

/** No entry that could not be protected and sold again: judged at its stop's price, after fees, for what it buys alone. */
export const protectableLimit: RiskLimit = ({ intent, instrument, positionLots, restingEntryLots }) => {
  if (intent.purpose !== 'entry' || intent.protectTicks === null) return null;
  const { minNotional, minQuantityLots, moneyPerTickLot, base, quote, lotSize, kind, takerFeePpm } =
    instrument;
  const most = largestAtMarket(instrument);
  const wholeLots = Math.abs(positionLots) + restingEntryLots + intent.quantityLots;
  if (wholeLots > most) {
    return {
      limit: 'protectable',
      reason:
        `the position would be ${formatDecimal(wholeLots, lotSize)} ${base}, and the venue takes ` +
        `${formatDecimal(most, lotSize)} at most in one order at the market: one stop could not protect it`,
    };
  }
  // On spot the fee of a purchase may be kept in what was bought.
  const feePpm = kind === 'spot' && intent.side === 'buy' ? takerFeePpm : 0;
  const lots = Math.floor((intent.quantityLots * (PPM - feePpm)) / PPM);
  const worstTicks =
    intent.side === 'buy'
      ? Math.floor((intent.protectTicks * (PPM - BELOW_TRIGGER_PPM)) / PPM)
      : intent.protectTicks;
  const value = worth(lots, worstTicks, moneyPerTickLot);
  if (lots >= minQuantityLots && value >= minNotional) return null;
  return {
    limit: 'protectable',
    reason:
      `at its stop, after fees, the position would be ${formatDecimal(lots, lotSize)} ${base} worth ${formatMoney(value, 2)} ` +
      `${quote}, and the venue takes no order below ${smallestOrder(instrument)}: it could be neither protected nor sold`,
  };
};

/** How many instruments may have a position, or an entry that can still become one, at the same time. */
export const openPositionsLimit: RiskLimit = ({ intent, otherOpenPositions, risk }) => {
  if (intent.purpose !== 'entry') return null;
  if (otherOpenPositions < risk.maxConcurrentPositions) return null;
  return {
    limit: 'open-positions',
    reason: `${otherOpenPositions} positions or entries are open, ${risk.maxConcurrentPositions} are allowed`,
  };
};

/** What each mode lets through. */
export const modeLimit: RiskLimit = ({ intent, mode, closing }) => {
  const allowed: readonly OrderPurpose[] =
    mode === 'ACTIVE'
      ? ['entry', 'exit', 'close', 'protective']
      : mode === 'REDUCING'
        ? ['exit', 'close', 'protective']
        : closing
          ? ['close', 'protective']
          : ['protective'];
  if (allowed.includes(intent.purpose)) return null;
  return { limit: 'mode', reason: `the desk is ${mode}: no ${intent.purpose} order leaves it` };
};

/** Real money is risked only on a go-live that people approved. Orders that reduce a position always pass. */
export const goLiveLimit: RiskLimit = ({ intent, needsGoLive }) => {
  if (intent.purpose !== 'entry' || needsGoLive === false) return null;
  return { limit: 'go-live', reason: 'no go-live that people approved is in force' };
};

/** Nothing is entered while what trading costs can't be told. */
export const feeValueLimit: RiskLimit = ({ intent, openFees }) => {
  if (intent.purpose !== 'entry' || openFees === null) return null;
  return { limit: 'fee-value', reason: openFees };
};

/** The fall from the highest equity ever recorded, unrealised results included. */
export const drawdownLimit: RiskLimit = ({ intent, equity, drawdownFloor, risk, instrument }) => {
  if (intent.purpose !== 'entry') return null;
  if (equity > drawdownFloor) return null;
  return {
    limit: 'drawdown',
    reason:
      `equity ${formatMoney(Math.round(equity), 2)} ${instrument.quote} is ` +
      `${risk.maxDrawdownPct} % or more below its peak`,
  };
};

/** The loss since the start of the desk's trading day, on equity including unrealised results. */
export const dailyLossLimit: RiskLimit = ({ intent, equity, dailyFloor, risk, instrument }) => {
  if (intent.purpose !== 'entry') return null;
  if (equity > dailyFloor) return null;
  return {
    limit: 'daily-loss',
    reason:
      `equity ${formatMoney(Math.round(equity), 2)} ${instrument.quote} has lost today's ` +
      `${risk.dailyLossLimitPct} %`,
  };
};

/**
 * Applies a split or a dividend of a stock. Once a split is recorded, position, stop and exits are in new
 * shares. Our own venue (paper) is notified; every other one must have booked it itself.
 */
import { placesOf } from '../../domain/book-steps.js';
import { DAY_MS } from '../../domain/civil-date.js';
import {
  type CorporateAction,
  dividendMoney,
  inLieuMoney,
  splitPrice,
  splitShares,
  splitText,
} from '../../domain/corporate-action.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import { formatUnits, parseUnits, writeUnits } from '../../domain/money.js';
import { isDoneAtOnce } from '../../domain/order.js';
import { coinsOf } from '../apply-holding.js';
import { averageTicks, stepsAt } from '../books.js';
import {
  type Core,
  commit,
  liveOrders,
  markChanged,
  positionAt,
  progressAt,
  wantFreshSnapshot,
} from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { isMarketOpen } from '../flow/session.js';
import { beginAnew, cancelInOldShares, splitPrices } from '../flow/split.js';
import { disableLosing } from '../strategies/tracker.js';
import { done, refused } from './outcome.js';

type Take = Extract<Command, { readonly name: 'corporateAction' }>;
type Split = Extract<CorporateAction, { readonly kind: 'split' }>;
type Dividend = Extract<CorporateAction, { readonly kind: 'dividend' }>;

/** The same action again within this market time is a repetition. */
const SAID_TWICE_MS = 3 * DAY_MS;

export function takeAction(core: Core, { action, timed }: Take, event: CommandEvent): CommandOutcome {
  const instrument = core.config.instruments.find(({ symbol }) => symbol === action.symbol);
  if (instrument?.kind !== 'stock') {
    const stocks = core.config.instruments.filter(({ kind }) => kind === 'stock').map(({ symbol }) => symbol);
    return refused(
      'no-such-stock',
      `${action.symbol} is no stock of this desk`,
      stocks.length === 0
        ? 'splits and dividends are of stocks, and this desk has none'
        : `name one of: ${stocks.join(', ')}`,
    );
  }
  const before = timed === true ? undefined : saidBefore(core, action);
  if (before !== undefined)
    return refused(
      'taken-in-already',
      `the same was taken in for ${action.symbol} on ${new Date(before).toISOString().slice(0, 10)}`,
      'nothing was changed: if it is another one, give it three days later at the earliest',
    );
  return action.kind === 'split'
    ? takeSplit(core, instrument, action, event, timed === true)
    : takeDividend(core, instrument, action, event);
}

/** Market time at which the same action was applied. Undefined: it was not. */
function saidBefore({ state, marketMs }: Core, action: CorporateAction): number | undefined {
  const isSame = (taken: CorporateAction): boolean =>
    taken.symbol === action.symbol && words(taken) === words(action);
  return state.actions.findLast((taken) => isSame(taken.action) && marketMs - taken.marketMs < SAID_TWICE_MS)
    ?.marketMs;
}

/** 0.5 and 0.50 are the same dividend. */
const words = (action: CorporateAction): string =>
  action.kind === 'split' ? splitText(action) : formatUnits(parseUnits(action.perShare));

function takeSplit(
  core: Core,
  instrument: Instrument,
  ratio: Split,
  { commandId, by, reason }: CommandEvent,
  timed: boolean,
): CommandOutcome {
  const { id: at, symbol, lotSize, base } = instrument;
  const obstacle = timed ? null : splitObstacle(core, instrument);
  if (obstacle !== null) return obstacle;
  const position = positionAt(core, at);
  const steps = stepsAt(core.state, at);
  const { lots, over } = splitShares(coinsOf(position, steps), ratio, steps);
  const quantityLots = Number(lots);
  const count = (held: number): string => `${formatDecimal(held, lotSize)} ${base}`;
  const seen = core.sync.splits.get(at)?.lots;
  const isTold = core.config.capabilities.takesActions === true;
  const venues = seen ?? (isTold ? quantityLots : position.quantityLots);
  if (venues !== quantityLots)
    return refused(
      'not-at-venue',
      `a ${splitText(ratio)} split would make ${count(quantityLots)} of ${count(position.quantityLots)}, and the venue has ${count(venues)}`,
      'take it in once the account shows it: it is read every minute',
    );
  const isOld = timed || !isMarketOpen(core, at);
  const priceTicks = priceAfter(core, instrument, ratio, isOld);
  const inLieu = inLieuMoney(over, ratio, priceTicks, steps);
  const byVenue = !isTold || seen !== undefined;
  const { numerator, denominator } = ratio;
  splitPrices(core, at, ratio, isOld);
  commit(core, {
    type: 'split',
    ...{ actionId: commandId, instrument: at, numerator, denominator, quantityLots, priceTicks },
    inLieu: writeUnits(inLieu),
    ...(byVenue ? { byVenue } : {}),
    ...{ by, reason, marketMs: core.marketMs },
  });
  core.sync.splits.delete(at);
  core.sync.suspected.delete(at);
  // A notified venue ends the resting orders and reports it; new ones follow then.
  if (byVenue) {
    cancelInOldShares(core, at);
    markChanged(core, at);
  } else
    core.effects.push({
      kind: 'corporateAction',
      handed: { actionId: commandId, action: ratio, priceTicks },
    });
  beginAnew(core, at);
  disableLosing(core);
  wantFreshSnapshot(core);
  const paid =
    inLieu === 0n ? '' : `; ${formatUnits(inLieu)} ${instrument.quote} for what is less than a lot`;
  return done(
    core,
    quantityLots === 0 && position.quantityLots === 0 && over === 0n
      ? `${symbol} is split ${splitText(ratio)}; nothing of it is held`
      : `${symbol} is split ${splitText(ratio)}: ${count(quantityLots)} are held now${paid}, and the stop follows`,
  );
}

/**
 * A fill on its way would be in old shares, and a price in old shares would be taken for one in new shares.
 */
function splitObstacle(core: Core, { id: at, symbol }: Instrument): CommandOutcome | null {
  const trades = core.state.mode === 'ACTIVE' || core.state.mode === 'REDUCING';
  if (trades && isMarketOpen(core, at))
    return refused(
      'market-open',
      `${symbol} is traded now: its market is open, and the desk is ${core.state.mode}`,
      'give it while the market is closed, or stop the desk first (fermata stop), before the first price in new shares',
    );
  const isUnderWay = liveOrders(core, at).some(
    ({ intent, state }) => isDoneAtOnce(intent) || state === 'unknown' || state === 'intended',
  );
  return isUnderWay
    ? refused(
        'order-under-way',
        `an order in ${symbol} is under way`,
        'give it again once the order has an answer',
      )
    : null;
}

/**
 * The price of closing one new share. If no price is certain to be in old shares: the cost of one new share.
 */
function priceAfter(core: Core, { id: at }: Instrument, ratio: Split, isOld: boolean): number {
  const { market } = core;
  const position = positionAt(core, at);
  if (isOld && market.hasQuote(at))
    return splitPrice(
      (position.quantityLots < 0 ? market.askTicks[at] : market.bidTicks[at]) as number,
      ratio,
    );
  return position.quantityLots === 0
    ? 1
    : splitPrice(Math.max(1, Math.round(averageTicks(core.state, position))), ratio);
}

function takeDividend(
  core: Core,
  { id: at, symbol, base, quote, lotSize }: Instrument,
  action: Dividend,
  { commandId, by, reason }: CommandEvent,
): CommandOutcome {
  if (core.config.capabilities.takesActions !== true)
    return refused(
      'books-itself',
      `${core.config.capabilities.name} pays dividends itself, and the desk finds the cash when it comes`,
      'once it has come and nothing explains it: fermata cash explain dividend AMOUNT',
    );
  const position = positionAt(core, at);
  const { perShare } = action;
  const amount = dividendMoney(
    coinsOf(position, stepsAt(core.state, at)),
    perShare,
    placesOf(core.state.scales, base),
  );
  if (amount === 0n) return done(core, `nothing of ${symbol} is held: nothing was paid`);
  commit(core, {
    type: 'dividend',
    ...{ actionId: commandId, instrument: at, perShare, amount: writeUnits(amount), by, reason },
    marketMs: core.marketMs,
  });
  core.effects.push({ kind: 'corporateAction', handed: { actionId: commandId, action, priceTicks: 0 } });
  progressAt(core, at).activity += 1;
  markChanged(core, at);
  const shares = formatDecimal(position.quantityLots, lotSize);
  return done(core, `a dividend of ${perShare} on ${shares} ${base}: ${formatUnits(amount)} ${quote}`);
}

/** A person says that trades, not a split, changed the venue's quantity. The next readings adopt it. */
export function noSplit(
  core: Core,
  { symbol }: Extract<Command, { readonly name: 'noSplit' }>,
): CommandOutcome {
  const at = core.config.instruments.find((known) => known.symbol === symbol)?.id;
  const seen = at === undefined ? undefined : core.sync.splits.get(at);
  if (at === undefined || seen === undefined)
    return refused('no-difference', `nothing of ${symbol} looks like a split`, 'nothing has to be said');
  core.sync.splits.set(at, { ...seen, isNone: true });
  wantFreshSnapshot(core);
  return done(core, `the venue is read again, and what it has of ${symbol} counts then`);
}

/** What a person says about cash and coins that no trade explains. */

import {
  afterCapital,
  type CashKind,
  type CoinOwner,
  othersLots,
  wrongSign,
} from '../../domain/cash-and-coins.js';
import { formatDecimal, parseDecimal } from '../../domain/decimal.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { formatUnits, writeUnits } from '../../domain/money.js';
import { largestAtMarket } from '../../domain/order-bounds.js';
import { notional, VALUE } from '../../domain/value.js';
import { othersCoins } from '../apply-cash.js';
import { averageTicks } from '../books.js';
import {
  type Core,
  commit,
  equityKnown,
  instrumentAt,
  markChanged,
  positionAt,
  progressAt,
  wantSnapshot,
  watchLosses,
} from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { stopFrom } from '../flow/wanted-stop.js';
import { isClosing } from '../halts.js';
import { book, explaining } from '../sync/reconcile-cash.js';
import { done, refused } from './outcome.js';

type Claim = Extract<Command, { readonly name: 'claimCoins' }>;

const DONE: Readonly<Record<CoinOwner, string>> = {
  desk: "are the desk's: a position with a stop of its own",
  foreign: "are not the desk's, and stay untouched in the account",
  move: 'are to be moved out of the account by a person; the desk leaves them alone until then',
};

/** A person says who owns coins that no trade of the desk explains. Until then the desk leaves them alone. */
export function claimCoins(core: Core, command: Claim, { by, reason }: CommandEvent): CommandOutcome {
  const { symbol, owner, cost } = command;
  const instrument = core.config.instruments.find((known) => known.symbol === symbol);
  const lots = othersCoins(core.state, symbol).nobodys;
  if (instrument !== undefined && owner === 'desk' && isClosing(core)) {
    return refused(
      'closing',
      'all positions are being closed, and these coins would be sold with them',
      'wait until flat is proven (fermata status), and give the command again',
    );
  }
  if (instrument === undefined || lots === 0) {
    return refused('no-such-coins', `no coins of ${symbol} are nobody's`, 'look at the list: fermata coins');
  }
  const { marketMs, market } = core;
  const at = instrument.id;
  if (owner !== 'desk') {
    const before = othersCoins(core.state, symbol);
    const kind = owner === 'foreign' ? 'foreign' : 'toMove';
    const coins = { ...before, nobodys: 0, [kind]: before[kind] + lots };
    commit(core, { type: 'coins.counted', symbol, coins, by, reason, marketMs });
  } else {
    const costTicks = cost === null ? null : ticksOf(cost, instrument.tickSize);
    if (costTicks === null || !market.hasQuote(at)) {
      const missing =
        costTicks === null
          ? `what one coin cost, in steps of ${instrument.tickSize},`
          : `a price of ${symbol}`;
      return refused(
        'cost-missing',
        `${missing} is missing`,
        'give the cost of one coin, while prices arrive',
      );
    }
    const most = largestAtMarket(instrumentAt(core, at));
    const whole = positionAt(core, at).quantityLots + lots;
    if (whole > most) {
      return refused(
        'too-many-coins',
        `the position would be ${formatDecimal(whole, instrument.lotSize)} ${instrument.base}, and the venue takes ` +
          `${formatDecimal(most, instrument.lotSize)} at most in one order at the market: one stop could not protect it`,
        'say that they are foreign or to be moved: those the desk leaves alone',
      );
    }
    const stopTicks = stopWith(core, at, lots, costTicks);
    const bidTicks = market.bidTicks[at] as number;
    if (stopTicks >= bidTicks) {
      const [stop, bid] = [stopTicks, bidTicks].map((ticks) => formatDecimal(ticks, instrument.tickSize));
      return refused(
        'stop-passed',
        `at that cost their stop would be at ${stop}, and the bid is ${bid}: they would be sold at once`,
        'say that they are foreign, or give as their cost what one is worth now',
      );
    }
    const value = notional(instrument, lots, market.bidTicks[at] as number);
    const before = equityKnown(core);
    const claimed = { symbol, quantityLots: lots, costTicks, value, ...before };
    commit(core, { type: 'coins.claimed', ...claimed, by, reason, marketMs });
    core.limits.peak = afterCapital(core.limits.peak, value, before.equity);
    watchLosses(core);
  }
  progressAt(core, at).activity += 1;
  markChanged(core, at);
  const amount = formatDecimal(lots, instrument.lotSize);
  return done(core, `${amount} ${instrument.base} ${DONE[owner]}`);
}

/** Where the stop of the position would be with these coins: that of its trade, if it has one. */
function stopWith(core: Core, at: InstrumentId, lots: number, costTicks: number): number {
  const position = positionAt(core, at);
  const held = position.quantityLots;
  if (position.trade?.protectTicks != null) return position.trade.protectTicks;
  const before = held === 0 ? 0 : averageTicks(core.state, position) * held;
  return stopFrom(core, Math.round((before + costTicks * lots) / (held + lots)), true);
}

/** Null if `cost` is not a price above zero in the instrument's ticks. */
function ticksOf(cost: string, tickSize: string): number | null {
  try {
    const ticks = parseDecimal(cost, tickSize);
    return ticks > 0 ? ticks : null;
  } catch {
    return null;
  }
}

/** Symbols of the desk with coins that nobody has claimed. */
export function unclaimedSymbols(core: Core): string[] {
  return core.config.instruments.flatMap(({ symbol }) =>
    othersCoins(core.state, symbol).nobodys > 0 ? [symbol] : [],
  );
}

/** Lots in the account that are not the desk's. */
export function othersLotsAt(core: Core, symbol: string): number {
  return othersLots(othersCoins(core.state, symbol));
}

type ExplainCash = Extract<Command, { readonly name: 'explainCash' }>;

/**
 * A person explains a difference in cash. It must be one that was found, and the amount can't exceed it, unless what the
 * venue lists is the rest.
 */
export function explainCash(core: Core, asked: ExplainCash, event: CommandEvent): CommandOutcome {
  const { amount } = asked;
  const kind = kindBooked(core, asked);
  const { cash } = core.sync;
  const open = cash.unexplained;
  if (open === null)
    return refused('no-difference', 'cash agrees with the venue', 'nothing has to be explained');
  const sign = wrongSign(kind, amount > 0n);
  if (sign !== null) return refused('wrong-sign', sign, 'write the amount as the balance changed');
  const left = open - amount;
  const within = amount > 0n === open > 0n && (open > 0n ? amount <= open : amount >= open);
  const isListed = left !== 0n && explaining(core, cash.listed, left) !== null;
  if (amount === 0n || !(within || isListed)) {
    const message = `the difference is ${formatUnits(open)}, ${formatUnits(amount)} was to be explained`;
    const doThis =
      'explain the difference or a part of it, with its sign (on the command line: --out if cash went out); or what is left of it without what the venue lists';
    return refused('not-the-difference', message, doThis);
  }
  const { by, reason } = event;
  // What the venue lists is nothing that a person has still to explain.
  const leaves = left === 0n || isListed ? {} : { leaves: writeUnits(left) };
  book(core, { kind, units: amount, by, source: 'person', movementId: null, reason, ...leaves });
  cash.unexplained = left === 0n ? null : left;
  // The venue's lists may explain the rest.
  cash.suspected = left === 0n ? null : { difference: left, atMs: core.monotonicMs };
  wantSnapshot(core);
  const booked = kind === asked.kind ? 'booked' : 'booked as a result, which loss limits count';
  return done(
    core,
    left === 0n
      ? `${booked}: the venue is read again, then the desk can be resumed`
      : `${booked}; ${formatUnits(left)} are still unexplained${isListed ? ', and the venue lists them: they are booked with its next reading' : ''}`,
  );
}

/** If results are paid in cash, missing money that nobody withdrew was lost, and loss limits must see it. */
function kindBooked({ config }: Core, { kind, amount }: ExplainCash): CashKind {
  const settles = config.instruments.some((instrument) => VALUE[instrument.kind].pays === 'result');
  return kind === 'correction' && amount < 0n && settles ? 'result' : kind;
}

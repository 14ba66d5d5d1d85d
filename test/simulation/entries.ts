/** The entries that a run's strategy asks for: the shipped one's, with exits beside the stop, at the market, or by a stop. */

import { MINUTE_MS } from '../../src/domain/civil-date.js';
import type { EntryType } from '../../src/domain/order.js';
import type { FinishedBar } from '../../src/domain/quote-columns.js';
import type { TradedStrategy } from '../../src/engine/config.js';
import { emaCross } from '../../src/engine/strategies/ema-cross.js';
import { externalSignals } from '../../src/engine/strategies/external-signals.js';
import type {
  CloseEntry,
  EntryWish,
  LimitEntry,
  OpenEntry,
  StopEntry,
  Strategy,
  StrategyContext,
  TouchedEntry,
  TrailingEntry,
} from '../../src/engine/strategies/strategy.js';
import { type ExitPlanName, planOf } from './exit-plans.js';
import { SIGNAL_SOURCE } from './signals.js';

/** Bars that an entry may rest. */
export const REST_BARS = 3;

/** How far beyond the quote an entry at the market may be filled. */
export const SLIPPAGE_TICKS = 12;
/** The trigger of an entry by a stop is so far from the quote, */
const TRIGGER_TICKS = 6;
/** and it may be filled so far beyond that: prices often move by more at once. */
export const BEYOND_TRIGGER_TICKS = 8;

/** An entry that takes at once may be filled so far beyond the quote. */
const TAKES_TICKS = 3;

/** The price that one waits for is so far from the quote. */
const TOUCH_TICKS = 3;
/** The stop of a trade that turned another one round. */
const TURNED_STOP_TICKS = 60;

/** What a limit entry asks for beside its price. */
export type LimitTerms = 'postOnly' | 'IOC' | 'FOK';

/** All that its sender says; an entry rests as long as those of the averages. */
const FOLLOWING = {
  ...{ sources: SIGNAL_SOURCE, maxAgeSeconds: 604_800, minRewardToRisk: 0, slippageTicks: 0 },
  entryRestBars: REST_BARS,
};

export interface AskedEntries {
  /** What it asks for beside a stop; null: nothing. */
  readonly exits: ExitPlanName | null;
  readonly entryType: EntryType;
  /** Its limit entries wait in the core: until the market touches a price near by or turns, or for a session; null: they don't. */
  readonly waits: 'price' | 'session' | null;
  /** Where it may be short, it turns each trade round instead of closing it. */
  readonly turns: boolean;
  /** Of its limit entries; null: they rest, or take what is there. */
  readonly terms: LimitTerms | null;
  /** It follows signals from outside, too. */
  readonly signals: boolean;
  /** It takes its resting entries back, changes them, and enters one of two where it may be short. */
  readonly reworks: boolean;
  /** While it holds, it closes parts of its position and changes its exits. */
  readonly changes: boolean;
  /** It enters twice at a time, each with a stop of its own. */
  readonly doubles: boolean;
}

/** In runs with limit entries without terms; it takes nothing from what the seed draws. */
export const reworksOfSeed = (seed: number): boolean => seed % 20 === 9 || seed % 20 === 17;

/** Noted just before it takes its entries back. */
export const TAKEN_BACK = 'its entries are taken back';

/** At most bars while an entry rests, by their time alone. */
function rework(context: StrategyContext, { openMs }: FinishedBar): void {
  const { entryResting, lastQuote, positionLots } = context;
  const minute = openMs / MINUTE_MS;
  // Also where nothing rests, now and then: that has to be harmless.
  if (minute % 5 === 2 && (entryResting || minute % 15 === 2)) {
    context.note(TAKEN_BACK);
    context.cancel('no longer');
  } else if (entryResting && lastQuote !== null && positionLots === 0 && minute % 5 !== 4)
    context.change({ side: 'buy', ticks: lastQuote.bidTicks - (minute % 3), because: 'with the market' });
}

/** The trigger on the other side, of the same size and as protected. */
function otherOf(
  { side, restBars }: LimitEntry,
  { bidTicks, askTicks }: { readonly bidTicks: number; readonly askTicks: number },
): StopEntry {
  const [other, stopTicks, away] =
    side === 'buy'
      ? (['sell', bidTicks - TRIGGER_TICKS, 1] as const)
      : (['buy', askTicks + TRIGGER_TICKS, -1] as const);
  const terms = { slippageTicks: BEYOND_TRIGGER_TICKS, protectTicks: stopTicks + away * TURNED_STOP_TICKS };
  return { side: other, type: 'stop', stopTicks, ...terms, restBars, because: 'or the other way' };
}

/** In each third run with exits, and in some without; it takes nothing from what the seed draws. */
export const changesOfSeed = (seed: number): boolean => seed % 12 === 2 || seed % 16 === 9;

export const PART_PPM_MAX = 700_000;

/** At some bars of what it holds, by their time alone. */
function change(context: StrategyContext, { openMs, closeTicks }: FinishedBar): void {
  const { positionLots, lastQuote } = context;
  if (positionLots === 0 || lastQuote === null) return;
  const minute = openMs / MINUTE_MS;
  const toward = positionLots > 0 ? 1 : -1;
  const price = positionLots > 0 ? lastQuote.bidTicks : lastQuote.askTicks;
  if (minute % 7 === 3) context.exit('a part of it', 300_000 + (minute % 5) * 100_000);
  // Now and then where it may not go: that has to be refused.
  const away = minute % 11 === 0 ? -40 : 60 + (minute % 3) * 20;
  if (minute % 3 === 1) context.adjust({ stopTicks: price - toward * away, because: 'nearer' });
  if (minute % 8 !== 5) return;
  const targets = [
    { ticks: closeTicks + toward * 30, closedPpm: 400_000 },
    { ticks: closeTicks + toward * 70, closedPpm: 1_000_000 },
  ];
  context.adjust({ targets, maxBars: 120, because: 'other targets' });
}

/** At the market in each fifth run, by a stop in each tenth; it takes nothing from what the seed draws. */
export function entryTypeOfSeed(seed: number): EntryType {
  if (seed % 5 === 3) return 'market';
  return seed % 10 === 2 ? 'stop' : 'limit';
}

/** Only of runs with limit entries: some that may only rest, some that never do. */
export function termsOfSeed(seed: number): LimitTerms | null {
  if (entryTypeOfSeed(seed) !== 'limit') return null;
  if (seed % 10 === 4) return 'postOnly';
  if (seed % 10 !== 6) return null;
  return seed % 20 === 6 ? 'IOC' : 'FOK';
}

/** Of runs whose limit entries have no terms, for a session where the market has hours; it takes nothing from what the seed draws. */
export function waitsOfSeed(seed: number): AskedEntries['waits'] {
  if (seed % 10 === 1) return 'price';
  return seed % 20 === 7 || seed % 20 === 15 ? 'session' : null;
}

/** Of runs with limit entries without terms; it takes nothing from what the seed draws. */
export const turnsOfSeed = (seed: number): boolean => seed % 20 === 5;

/** Of runs with limit entries without terms and without exits; it takes nothing from what the seed draws. */
export const doublesOfSeed = (seed: number): boolean => seed % 10 === 0;

/** The stop of every other second entry is so much nearer than that of the first, of the others so much farther. */
const OTHER_STOP_TICKS = 9;
const SIZE_OF_TWO = { equityPct: 4 };

function enterTwice(context: StrategyContext, entry: EntryWish, bidTicks: number): void {
  const nearer = entry.side === 'buy' ? OTHER_STOP_TICKS : -OTHER_STOP_TICKS;
  const protectTicks = entry.protectTicks + (bidTicks % 2 === 0 ? nearer : -nearer);
  context.enter({ ...entry, size: SIZE_OF_TWO });
  context.enter({ ...entry, size: SIZE_OF_TWO, protectTicks });
}

export function withEntries(listed: TradedStrategy, asked: AskedEntries): TradedStrategy {
  const isPlain = asked.entryType === 'limit' && asked.terms === null && asked.waits === null && !asked.turns;
  const isSole = !asked.signals && !asked.changes && !asked.reworks && !asked.doubles;
  if (asked.exits === null && isPlain && isSole) return listed;
  return {
    ...listed,
    own: {
      ...emaCross,
      create: (parameters, instrument): Strategy => {
        const inner = emaCross.create(parameters, instrument);
        const follower = externalSignals.create(FOLLOWING, instrument);
        return {
          ...(asked.signals
            ? { onSignal: (context, signal, ageMs) => follower.onSignal?.(context, signal, ageMs) ?? null }
            : {}),
          warmupBars: inner.warmupBars,
          onBar: (context, bar) => {
            inner.onBar(askingFor(context, asked), bar);
            if (asked.changes) change(context, bar);
            if (asked.reworks) rework(context, bar);
          },
          state: () => inner.state(),
        };
      },
    },
  };
}

/** Where several instruments are traded, in each tenth run; it takes nothing from what the seed draws. */
export const legsOfSeed = (seed: number): boolean => seed % 10 === 8 || seed % 20 === 12;

/** All of its instruments traded as one, each as the strategy would trade it on its own. */
export function asLegs(listed: TradedStrategy): TradedStrategy {
  const { own = emaCross } = listed;
  const create: typeof own.create = (parameters, instrument, beside): Strategy => {
    const each = [instrument, ...(beside?.legs ?? [])].map((one) => own.create(parameters, one));
    const at = (place = -1): Strategy => each[place + 1]!;
    return {
      warmupBars: at().warmupBars,
      onBar: (context, bar, place = -1) => at(place).onBar(context.leg(place), bar),
      ...(at().onSignal === undefined
        ? {}
        : {
            onSignal: (context, signal, ageMs, place = -1) =>
              at(place).onSignal?.(context.leg(place), signal, ageMs) ?? null,
          }),
      state: () => at().state(),
    };
  };
  return { ...listed, own: { ...own, legs: true, create } };
}

/** The same on the other side of the market: it sells where that would buy, and its stop is as far away. */
export const mirrored = (listed: TradedStrategy): TradedStrategy => ({
  ...listed,
  own: {
    ...emaCross,
    create: (parameters, instrument): Strategy => {
      const inner = emaCross.create(parameters, instrument);
      return {
        warmupBars: inner.warmupBars,
        onBar: (context, bar) => inner.onBar(inMirror(context), bar),
        state: () => inner.state(),
      };
    },
  },
});

type Shown = Pick<
  StrategyContext,
  'instrument' | 'positionLots' | 'entryResting' | 'lastQuote' | 'shorting' | 'stopLossPct' | 'session'
>;

/** What it can be asked beside an entry, as it is. */
const handedOn = (context: StrategyContext): Omit<StrategyContext, 'enter' | keyof Shown> => ({
  mayAsk: context.mayAsk,
  mayEnter: context.mayEnter,
  watched: (place) => context.watched(place),
  leg: (place) => context.leg(place),
  exit: (...asked) => context.exit(...asked),
  adjust: (wish) => context.adjust(wish),
  cancel: (because) => context.cancel(because),
  change: (wish) => context.change(wish),
  enterOneOf: (wishes) => context.enterOneOf(wishes),
  note: (text) => context.note(text),
  fail: (reason) => context.fail(reason),
});

function inMirror(context: StrategyContext): StrategyContext {
  const { instrument, positionLots, entryResting, lastQuote, shorting, stopLossPct, session } = context;
  return {
    ...{
      instrument,
      positionLots: 0 - positionLots,
      entryResting,
      lastQuote,
      shorting,
      stopLossPct,
      session,
    },
    ...handedOn(context),
    enter: (wish) => {
      if (lastQuote === null || (wish.type !== undefined && wish.type !== 'limit')) return;
      const limitTicks = lastQuote.bidTicks + lastQuote.askTicks - wish.limitTicks;
      const protectTicks = limitTicks + wish.limitTicks - wish.protectTicks;
      context.enter({ ...wish, side: wish.side === 'buy' ? 'sell' : 'buy', limitTicks, protectTicks });
    },
  };
}

/** Its session is worked out where somebody asks for it: not at each bar. */
function askingFor(context: StrategyContext, asked: AskedEntries): StrategyContext {
  const { instrument, positionLots, entryResting, lastQuote, shorting, stopLossPct } = context;
  return {
    ...{ instrument, positionLots, entryResting, lastQuote, shorting, stopLossPct },
    get session() {
      return context.session;
    },
    ...handedOn(context),
    enter: (wish) => {
      const entry = entryOf(context, wish, asked);
      const isLimit = entry.type === undefined || entry.type === 'limit';
      if (asked.reworks && shorting && lastQuote !== null && isLimit)
        context.enterOneOf([entry, otherOf(entry, lastQuote)]);
      else if (asked.doubles && lastQuote !== null) enterTwice(context, entry, lastQuote.bidTicks);
      else context.enter(entry);
    },
    exit: (because, ...part) => {
      if (asked.turns && shorting && part.length === 0 && turnRound(context)) return;
      context.exit(because, ...part);
    },
  };
}

/** True: it has asked for the other side instead of only for the end of its trade. */
function turnRound(context: StrategyContext): boolean {
  const { positionLots, lastQuote } = context;
  if (positionLots === 0 || lastQuote === null) return false;
  const [side, limitTicks, toward] =
    positionLots > 0
      ? (['sell', lastQuote.bidTicks, 1] as const)
      : (['buy', lastQuote.askTicks, -1] as const);
  const protectTicks = limitTicks + toward * TURNED_STOP_TICKS;
  const asked = { side, limitTicks, protectTicks, restBars: REST_BARS, because: 'turned round' };
  context.enter({ ...asked, reverses: true });
  return true;
}

function entryOf(
  { lastQuote }: StrategyContext,
  wish: EntryWish,
  { exits, entryType, terms, waits }: AskedEntries,
): EntryWish {
  if ((wish.type !== undefined && wish.type !== 'limit') || lastQuote === null) return wish;
  const { side, protectTicks, because, limitTicks, restBars } = wish;
  const quoteTicks = side === 'buy' ? lastQuote.askTicks : lastQuote.bidTicks;
  const beyond = (ticks: number, by: number): number => (side === 'buy' ? ticks + by : ticks - by);
  const planFor = (ticks: number) => (exits === null ? {} : { exits: planOf(exits, side, ticks) });
  const anyEntry = { side, protectTicks, because };
  switch (entryType) {
    case 'limit':
      if (waits === 'price') return onTouch(wish, lastQuote, planFor);
      if (waits === 'session') return ofSession(wish, lastQuote);
      return terms === null ? { ...wish, ...planFor(limitTicks) } : onTerms(terms, wish, lastQuote, planFor);
    case 'market':
      return {
        ...{ ...anyEntry, ...planFor(beyond(quoteTicks, SLIPPAGE_TICKS)) },
        ...{ type: 'market', slippageTicks: SLIPPAGE_TICKS },
      };
    case 'stop': {
      // Now and then at a price that the market has reached already: that has to be refused.
      const stopTicks = quoteTicks % 4 === 0 ? quoteTicks : beyond(quoteTicks, TRIGGER_TICKS);
      return {
        ...{ ...anyEntry, ...planFor(beyond(stopTicks, BEYOND_TRIGGER_TICKS)), restBars },
        ...{ type: 'stop', stopTicks, slippageTicks: BEYOND_TRIGGER_TICKS },
      };
    }
  }
}

/** It turns by so much. */
const TURN_TICKS = 4;

/** Some wait for a turn of the market; of the others every other one takes what is there at its price, the rest become limit orders. */
function onTouch(
  { side, protectTicks, because, restBars }: LimitEntry,
  { bidTicks, askTicks }: { readonly bidTicks: number; readonly askTicks: number },
  planFor: (ticks: number) => Pick<LimitEntry, 'exits'>,
): TouchedEntry | TrailingEntry {
  if (bidTicks % 3 === 0) {
    const turn = side === 'buy' ? askTicks + TURN_TICKS : bidTicks - TURN_TICKS;
    const common = { side, protectTicks, because, restBars, ...planFor(turn) };
    return { ...common, type: 'trailingStop', trailTicks: TURN_TICKS, slippageTicks: SLIPPAGE_TICKS };
  }
  // Now and then at a price that the market has touched already: that has to be refused.
  const away = bidTicks % 8 === 0 ? 0 : TOUCH_TICKS;
  const touchTicks = side === 'buy' ? askTicks - away : bidTicks + away;
  const order =
    bidTicks % 2 === 0
      ? { limitTicks: touchTicks, slippageTicks: null }
      : { limitTicks: null, slippageTicks: SLIPPAGE_TICKS };
  return {
    ...{ side, type: 'ifTouched', touchTicks, protectTicks, because, restBars },
    ...{ ...order, ...planFor(touchTicks) },
  };
}

/** At the open, at the close, or as it was. */
function ofSession(
  wish: LimitEntry,
  { bidTicks }: { readonly bidTicks: number },
): LimitEntry | OpenEntry | CloseEntry {
  const { side, protectTicks, because } = wish;
  const anyEntry = { side, protectTicks, because, slippageTicks: SLIPPAGE_TICKS };
  if (bidTicks % 3 === 0) return wish;
  return bidTicks % 3 === 1
    ? { ...anyEntry, type: 'atOpen' }
    : { ...anyEntry, type: 'atClose', leadMs: 60 * MINUTE_MS };
}

function onTerms(
  terms: LimitTerms,
  wish: LimitEntry,
  { bidTicks, askTicks }: { readonly bidTicks: number; readonly askTicks: number },
  planFor: (ticks: number) => Pick<LimitEntry, 'exits'>,
): LimitEntry {
  const [other, away] = wish.side === 'buy' ? [askTicks, 1] : [bidTicks, -1];
  if (terms !== 'postOnly') {
    const limitTicks = other + away * TAKES_TICKS;
    return { ...wish, timeInForce: terms, limitTicks, ...planFor(limitTicks) };
  }
  // Now and then at a price that would take: that has to be refused.
  const limitTicks = bidTicks % 8 === 0 ? other : other - away;
  return { ...wish, postOnly: true, limitTicks, ...planFor(limitTicks) };
}

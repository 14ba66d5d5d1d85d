/**
 * Layouts of the record types that are written often. All other types are JSON in one slot (`codec.ts`), and
 * so is a record of these types whose values don't fit their slots.
 */
import type { Fill, OrderPurpose, OrderState, OrderType, Side, TimeInForce } from '../../../domain/order.js';
import type { EngineRecord } from '../../../engine/record.js';
import type { SlotReader } from './slot-reader.js';
import type { SlotWriter } from './slot-writer.js';

export type RecordType = EngineRecord['type'];
export type RecordOf<T extends RecordType> = Extract<EngineRecord, { readonly type: T }>;

/**
 * How the fields of one record type are laid out: slots in the order in which both functions name them. Never
 * changed once on main: a new field needs a new layout.
 */
export interface Layout<T extends RecordType> {
  readonly write: (to: SlotWriter, record: RecordOf<T>) => void;
  readonly read: (from: SlotReader) => RecordOf<T>;
}

/** Numbers for the words of a closed list. On disk: only added, never reused. */
type Numbers<Word extends string> = Readonly<Record<Word, number>>;

/** The words by their number. */
function wordsOf<Word extends string>(numbers: Numbers<Word>): readonly Word[] {
  const words: Word[] = [];
  for (const [word, number] of Object.entries(numbers) as [Word, number][]) words[number] = word;
  return words;
}

/**
 * By record type, oldest first: the first has the number 1, the last one is used for writing. Layouts are only added.
 */
export type Layouts = { readonly [T in RecordType]?: readonly [Layout<T>, ...Layout<T>[]] };

const MAKER = 1;
const SIMULATED = 2;
const HAS_FEE_IN = 4;
const HAS_FEE_LOTS = 8;
const HAS_CAUGHT_UP = 16;
const CAUGHT_UP = 32;
const HAS_FEE_PRICE = 64;
const UNVALUED = 128;

const FILL_1: Layout<'fill'> = {
  write: (to, { fill }) => {
    const { feeIn, feeLots, caughtUp, rate } = fill;
    // This layout has no slot for these two: such a fill is written as JSON.
    if (rate !== undefined || fill.feeExpected === true) to.fits = false;
    to.byte(
      (fill.liquidity === 'maker' ? MAKER : 0) |
        (fill.simulated ? SIMULATED : 0) |
        (feeIn === undefined ? 0 : HAS_FEE_IN) |
        (feeLots === undefined ? 0 : HAS_FEE_LOTS) |
        (caughtUp === undefined ? 0 : HAS_CAUGHT_UP) |
        (caughtUp === true ? CAUGHT_UP : 0) |
        (feeIn?.priceTicks === undefined ? 0 : HAS_FEE_PRICE) |
        (feeIn?.unvalued === true ? UNVALUED : 0),
    );
    to.text(fill.tradeId);
    to.name(fill.clientId);
    to.i53(fill.instrument);
    to.choice(SIDES, fill.side);
    to.i53(fill.quantityLots);
    to.i53(fill.priceTicks);
    to.f64(fill.fee);
    to.i53(fill.marketMs);
    if (feeIn !== undefined) {
      to.name(feeIn.asset);
      to.text(feeIn.amount);
      if (feeIn.priceTicks !== undefined) to.i53(feeIn.priceTicks);
    }
    if (feeLots !== undefined) to.i53(feeLots);
  },
  read: (from) => {
    const flags = from.byte();
    const fill: { -readonly [Field in keyof Fill]: Fill[Field] } = {
      tradeId: from.text(),
      clientId: from.name(),
      instrument: from.i53(),
      side: from.choice(SIDE_WORDS),
      quantityLots: from.i53(),
      priceTicks: from.i53(),
      fee: from.f64(),
      marketMs: from.i53(),
      liquidity: (flags & MAKER) === 0 ? 'taker' : 'maker',
      simulated: (flags & SIMULATED) !== 0,
    };
    if ((flags & HAS_FEE_IN) !== 0) {
      fill.feeIn = {
        asset: from.name(),
        amount: from.text(),
        ...((flags & HAS_FEE_PRICE) === 0 ? {} : { priceTicks: from.i53() }),
        ...((flags & UNVALUED) === 0 ? {} : { unvalued: true }),
      };
    }
    if ((flags & HAS_FEE_LOTS) !== 0) fill.feeLots = from.i53();
    if ((flags & HAS_CAUGHT_UP) !== 0) fill.caughtUp = (flags & CAUGHT_UP) !== 0;
    return { type: 'fill', fill };
  },
};

const EQUITY_1: Layout<'equity'> = {
  write: (to, { equity, peak, cash, unrealised, marketMs }) => {
    to.f64(equity);
    to.f64(peak);
    to.units(cash);
    to.f64(unrealised);
    to.i53(marketMs);
  },
  read: (from) => ({
    type: 'equity',
    equity: from.f64(),
    peak: from.f64(),
    cash: from.units(),
    unrealised: from.f64(),
    marketMs: from.i53(),
  }),
};

const LEVELS: Numbers<RecordOf<'note'>['level']> = { info: 0, warn: 1, alarm: 2 };
const LEVEL_WORDS = wordsOf(LEVELS);
const HAS_STRATEGY = 1;
const HAS_SYMBOL = 2;

const NOTE_1: Layout<'note'> = {
  write: (to, { level, text, strategy, symbol, correction, refusedChange, marketMs }) => {
    // This layout has no slot for these: such a note is written as JSON.
    if (correction !== undefined || refusedChange !== undefined) to.fits = false;
    to.byte((strategy === null ? 0 : HAS_STRATEGY) | (symbol === null ? 0 : HAS_SYMBOL));
    to.choice(LEVELS, level);
    to.text(text);
    if (strategy !== null) to.name(strategy);
    if (symbol !== null) to.name(symbol);
    to.i53(marketMs);
  },
  read: (from) => {
    const flags = from.byte();
    return {
      type: 'note',
      level: from.choice(LEVEL_WORDS),
      text: from.text(),
      strategy: (flags & HAS_STRATEGY) === 0 ? null : from.name(),
      symbol: (flags & HAS_SYMBOL) === 0 ? null : from.name(),
      marketMs: from.i53(),
    };
  },
};

const SIDES: Numbers<Side> = { buy: 0, sell: 1 };
const PURPOSES: Numbers<OrderPurpose> = { entry: 0, protective: 1, exit: 2, close: 3 };
const TYPES: Numbers<OrderType> = { market: 0, limit: 1, stop: 2 };
const TIMES_IN_FORCE: Numbers<Exclude<TimeInForce, 'FOK'>> = { GTC: 0, IOC: 1 };
/** 2 was a state that occurs in no journal. */
const STATES: Numbers<OrderState> = {
  denied: 0,
  intended: 1,
  unknown: 3,
  working: 4,
  partlyFilled: 5,
  cancelling: 6,
  filled: 7,
  cancelled: 8,
  rejected: 9,
  expired: 10,
  absent: 11,
};

const SIDE_WORDS = wordsOf(SIDES);
const PURPOSE_WORDS = wordsOf(PURPOSES);
const TYPE_WORDS = wordsOf(TYPES);
const TIME_WORDS = wordsOf(TIMES_IN_FORCE);
const STATE_WORDS = wordsOf(STATES);

const HAS_LIMIT = 1;
const HAS_STOP = 2;
const HAS_PROTECT = 4;
const REDUCE_ONLY = 8;
const HAS_REPLACES = 16;

const ORDER_INTENDED_1: Layout<'order.intended'> = {
  write: (to, { order, replaces, marketMs }) => {
    const { limitTicks, stopTicks, protectTicks, timeInForce } = order;
    // Few orders have these members: they are written whole, as JSON, and the layout stays unchanged.
    if (
      order.exits !== undefined ||
      order.why !== undefined ||
      order.group !== undefined ||
      order.signal !== undefined ||
      order.besideRestOf !== undefined ||
      order.keepsStop !== undefined ||
      order.keepsExits !== undefined ||
      order.ownTrade !== undefined ||
      order.leg !== undefined ||
      order.postOnly !== undefined ||
      order.untilMs !== undefined ||
      order.waited !== undefined ||
      order.changes !== undefined ||
      order.oneOf !== undefined ||
      timeInForce === 'FOK'
    )
      to.fits = false;
    to.byte(
      (limitTicks === null ? 0 : HAS_LIMIT) |
        (stopTicks === null ? 0 : HAS_STOP) |
        (protectTicks === null ? 0 : HAS_PROTECT) |
        (order.reduceOnly ? REDUCE_ONLY : 0) |
        (replaces === undefined ? 0 : HAS_REPLACES),
    );
    to.name(order.clientId);
    to.i53(order.instrument);
    to.name(order.strategy);
    to.choice(PURPOSES, order.purpose);
    to.choice(SIDES, order.side);
    to.choice(TYPES, order.type);
    to.choice(TIMES_IN_FORCE, timeInForce === 'FOK' ? 'IOC' : timeInForce);
    to.i53(order.quantityLots);
    if (limitTicks !== null) to.i53(limitTicks);
    if (stopTicks !== null) to.i53(stopTicks);
    if (protectTicks !== null) to.i53(protectTicks);
    if (replaces !== undefined) to.name(replaces);
    to.i53(marketMs);
  },
  read: (from) => {
    const flags = from.byte();
    const clientId = from.name();
    const instrument = from.i53();
    const strategy = from.name();
    const purpose = from.choice(PURPOSE_WORDS);
    const side = from.choice(SIDE_WORDS);
    const type = from.choice(TYPE_WORDS);
    const timeInForce = from.choice(TIME_WORDS);
    const order = {
      clientId,
      instrument,
      strategy,
      purpose,
      side,
      type,
      quantityLots: from.i53(),
      limitTicks: (flags & HAS_LIMIT) === 0 ? null : from.i53(),
      stopTicks: (flags & HAS_STOP) === 0 ? null : from.i53(),
      protectTicks: (flags & HAS_PROTECT) === 0 ? null : from.i53(),
      reduceOnly: (flags & REDUCE_ONLY) !== 0,
      timeInForce,
    };
    if ((flags & HAS_REPLACES) === 0) return { type: 'order.intended', order, marketMs: from.i53() };
    return { type: 'order.intended', order, replaces: from.name(), marketMs: from.i53() };
  },
};

const ORDER_STATE_1: Layout<'order.state'> = {
  write: (to, { clientId, state, venueId, reason, marketMs }) => {
    to.byte(venueId === null ? 0 : 1);
    to.name(clientId);
    to.choice(STATES, state);
    if (venueId !== null) to.text(venueId);
    to.name(reason);
    to.i53(marketMs);
  },
  read: (from) => {
    const hasVenueId = from.byte() === 1;
    return {
      type: 'order.state',
      clientId: from.name(),
      state: from.choice(STATE_WORDS),
      venueId: hasVenueId ? from.text() : null,
      reason: from.name(),
      marketMs: from.i53(),
    };
  },
};

export const LAYOUTS: Layouts = {
  'order.intended': [ORDER_INTENDED_1],
  'order.state': [ORDER_STATE_1],
  fill: [FILL_1],
  equity: [EQUITY_1],
  note: [NOTE_1],
};

/**
 * Layouts of the record types that are written often. All others are JSON in one slot (`codec.ts`), and so is a
 * record of these types whose values don't fit their slots.
 */
import type { Fill } from '../../../domain/order.js';
import type { RecordOf } from './layout.js';
import { type Layout, type Numbers, type RecordType, wordsOf } from './layout.js';
import { ORDER_INTENDED_1, ORDER_STATE_1, SIDE_WORDS, SIDES } from './order-layouts.js';

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
    const { feeIn, feeLots, caughtUp } = fill;
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
  write: (to, { level, text, strategy, symbol, marketMs }) => {
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

export const LAYOUTS: Layouts = {
  'order.intended': [ORDER_INTENDED_1],
  'order.state': [ORDER_STATE_1],
  fill: [FILL_1],
  equity: [EQUITY_1],
  note: [NOTE_1],
};

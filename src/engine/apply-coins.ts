/** Coins that no trade of the desk explains: found, claimed by a person, or gone again. */
import { afterCapital } from '../domain/cash.js';
import { NO_COINS, type OthersCoins } from '../domain/coins.js';
import type { InstrumentId } from '../domain/instrument.js';
import { moveDay } from './apply-cash.js';
import { applyExecution } from './apply-execution.js';
import { move } from './apply-holding.js';
import { stepsAt } from './books.js';
import type { EngineRecord } from './record.js';
import type { EngineState } from './state.js';

type Of<T extends EngineRecord['type']> = Extract<EngineRecord, { readonly type: T }>;

export function othersCoins(state: EngineState, symbol: string): OthersCoins {
  return state.coins.get(symbol) ?? NO_COINS;
}

/** Somebody else has traded: others' coins may now lie alongside the desk's, counted or not yet. */
export function knowOthers(state: EngineState, at: InstrumentId): void {
  const symbol = state.config?.instruments[at]?.symbol;
  if (symbol !== undefined && !state.coins.has(symbol)) state.coins.set(symbol, NO_COINS);
}

export function applyCoins(state: EngineState, { symbol, coins }: Of<'coins.counted'>): void {
  state.coins.set(symbol, coins);
}

/**
 * The coins are the desk's from now on. They count as a deposit in kind: equity grows by their value, the
 * day's start and the peak in proportion.
 */
export function applyClaim(state: EngineState, record: Of<'coins.claimed'>): void {
  const instrument = state.config?.instruments.find(({ symbol }) => symbol === record.symbol);
  if (instrument === undefined) throw new RangeError(`no instrument ${record.symbol}`);
  const before = othersCoins(state, record.symbol);
  state.coins.set(record.symbol, { ...before, nobodys: before.nobodys - record.quantityLots });
  const { quote } = stepsAt(state, instrument.id);
  const cash = state.balances.get(quote) ?? 0n;
  applyExecution(state, instrument, {
    side: 'buy',
    quantityLots: record.quantityLots,
    priceTicks: record.costTicks,
    fee: 0n,
    paidFrom: 'cash',
    coins: 0n,
    order: null,
    why: 'venue',
    marketMs: record.marketMs,
  });
  move(state, quote, cash - (state.balances.get(quote) ?? 0n)); // no cash was paid for them
  // Flat was proven before these were the desk's: they are no rest that is still to be sold.
  if (state.closeAll === 'flat') state.closeAll = 'idle';
  state.peak = afterCapital(state.peak, record.value, record.equity);
  moveDay(state, record.value, record.equity);
}

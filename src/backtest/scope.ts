/** The part of the desk that a run covers: the instruments that it has prices for. */
import type { Desk } from '../desk/schema.js';
import type { MarketChoice } from '../home/runtime.js';

export interface Scope {
  /** The desk with only these instruments and the strategies on them. */
  readonly desk: Desk;
  readonly symbols: readonly string[];
  /** Traded by an enabled strategy, but without prices here. */
  readonly leftOut: readonly string[];
}

/** Recorded prices cover the instruments that have a file; every other source covers the whole desk. */
export function scopeOf(desk: Desk, market: MarketChoice): Scope {
  const first = desk.instruments[0]?.symbol;
  const given = new Set(market.files.map(({ symbol }) => symbol ?? first));
  const isCovered = (symbol: string) => market.kind !== 'recorded' || given.has(symbol);
  const instruments = desk.instruments.filter(({ symbol }) => isCovered(symbol));
  const strategies = desk.strategies
    .map((strategy) => ({ ...strategy, symbols: strategy.symbols.filter(isCovered) }))
    .filter(({ symbols }) => symbols.length > 0);
  const traded = desk.strategies.filter(({ enabled }) => enabled).flatMap(({ symbols }) => symbols);
  return {
    desk: { ...desk, instruments, strategies },
    symbols: instruments.map(({ symbol }) => symbol),
    leftOut: [...new Set(traded)].filter((symbol) => !isCovered(symbol)),
  };
}

/**
 * Which contract this process trades an instrument in, by Gateway and symbol. Prices have a connection of
 * their own and must be for the same contract: a held month is still traded after another has become the
 * front month.
 */
import type { Contract } from '@stoqey/ib';
import type { GatewayAddress } from './settings.js';

type TradedContract = Contract & { readonly conId: number };

/** By Gateway, then by symbol. */
const traded = new Map<string, ReadonlyMap<string, TradedContract>>();
const listeners = new Set<() => void>();

const keyOf = ({ host, port }: GatewayAddress): string => `${host}:${port}`;

export function tradedContract(at: GatewayAddress, symbol: string): TradedContract | undefined {
  return traded.get(keyOf(at))?.get(symbol);
}

export interface TradedContracts {
  /** The contracts found; a symbol that is not among them keeps its previous contract. */
  found(contracts: ReadonlyMap<string, TradedContract>): void;
  /** No more orders are sent. Contracts that someone else has found there since then stay. */
  end(): void;
}

/** For the sender of orders. */
export function openTradedContracts(at: GatewayAddress): TradedContracts {
  const key = keyOf(at);
  const own = new Map<string, TradedContract>();
  return {
    found(contracts) {
      if (contracts.size === 0) return;
      const before = traded.get(key);
      const changed = [...contracts].some(([symbol, { conId }]) => before?.get(symbol)?.conId !== conId);
      for (const [symbol, contract] of contracts) own.set(symbol, contract);
      traded.set(key, own);
      if (changed) for (const listener of [...listeners]) listener();
    },
    end() {
      if (traded.get(key) === own) traded.delete(key);
    },
  };
}

/** Calls `listener` whenever an instrument's contract has changed. Returns a function that stops this. */
export function onTradedContracts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

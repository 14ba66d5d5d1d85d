/**
 * Which contract this process trades an instrument in, by Gateway and symbol. Prices have a connection of their own
 * and have to be those of the same contract: a month that is held is still traded after another has become the front
 * month.
 */
import type { Contract } from '@stoqey/ib';
import type { GatewayAddress } from './gateway.js';

export type TradedContract = Contract & { readonly conId: number };

const traded = new Map<string, TradedContract>();
const listeners = new Set<() => void>();

const keyOf = ({ host, port }: GatewayAddress, symbol: string): string => `${host}:${port} ${symbol}`;

export function tradedContract(at: GatewayAddress, symbol: string): TradedContract | undefined {
  return traded.get(keyOf(at, symbol));
}

/** Called by whoever sends orders. */
export function tradesIn(at: GatewayAddress, contracts: ReadonlyMap<string, TradedContract>): void {
  let changed = false;
  for (const [symbol, contract] of contracts) {
    const key = keyOf(at, symbol);
    changed ||= traded.get(key)?.conId !== contract.conId;
    traded.set(key, contract);
  }
  if (changed) for (const listener of [...listeners]) listener();
}

/** Calls `listener` whenever an instrument's contract has changed. Returns a function that ends this. */
export function onTradedContracts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

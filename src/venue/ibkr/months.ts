/**
 * Which contract this process trades an instrument in, by Gateway and symbol. Prices have a connection of their own
 * and have to be those of the same contract: a month that is held is still traded after another has become the front
 * month.
 */
import type { Contract } from '@stoqey/ib';
import type { GatewayAddress } from './gateway.js';

export type TradedContract = Contract & { readonly conId: number };

/** By Gateway, then by symbol. */
const traded = new Map<string, ReadonlyMap<string, TradedContract>>();
const listeners = new Set<() => void>();

const keyOf = ({ host, port }: GatewayAddress): string => `${host}:${port}`;

export function tradedContract(at: GatewayAddress, symbol: string): TradedContract | undefined {
  return traded.get(keyOf(at))?.get(symbol);
}

/** Called by whoever sends orders; without contracts, once no more are sent there. */
export function tradesIn(at: GatewayAddress, contracts: ReadonlyMap<string, TradedContract>): void {
  const key = keyOf(at);
  const before = traded.get(key);
  if (contracts.size === 0) traded.delete(key);
  else traded.set(key, new Map([...(before ?? []), ...contracts]));
  const changed = [...contracts].some(([symbol, { conId }]) => before?.get(symbol)?.conId !== conId);
  if (changed) for (const listener of [...listeners]) listener();
}

/** Calls `listener` whenever an instrument's contract has changed. Returns a function that ends this. */
export function onTradedContracts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

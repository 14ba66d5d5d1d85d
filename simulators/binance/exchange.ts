/** The simulated exchange's state: accounts, symbols, orders, trades. What happens to it is in the files beside. */
import { type Account, type AccountOptions, type ApiKey, balanceOf, openAccount } from './accounts.js';
import { Market } from './market.js';
import { type Execution, executionReport, type Order, type Trade } from './order.js';
import { invalidSymbol } from './refusal.js';
import { type SymbolOptions, tradedSymbol } from './symbols.js';
import { formatUnits } from './units.js';

export interface ExchangeOptions {
  readonly symbols: readonly SymbolOptions[];
  readonly accounts: readonly AccountOptions[];
  readonly keys: readonly ApiKey[];
  readonly seed: number;
  readonly nowMs: () => number;
}

export type AccountListener = (account: string, event: Record<string, unknown>) => void;
export type MarketListener = (market: Market, trade: Trade | null) => void;

/** Orders and trades kept; the oldest closed ones would go at a real venue too. */
const HISTORY_MAX = 200_000;

export class Exchange {
  readonly accounts = new Map<string, Account>();
  readonly keys = new Map<string, ApiKey>();
  readonly markets = new Map<string, Market>();
  readonly orders: Order[] = [];
  readonly open = new Map<number, Order>();
  readonly trades: Trade[] = [];
  readonly nowMs: () => number;
  onAccountEvent: AccountListener = () => {};
  onMarket: MarketListener = () => {};
  #nextOrderId = 1000;
  #nextTradeId = 5000;

  constructor(options: ExchangeOptions) {
    this.nowMs = options.nowMs;
    const nowMs = options.nowMs();
    options.accounts.forEach((account, index) => {
      this.accounts.set(account.name, openAccount(account, 100 + index, nowMs));
    });
    for (const key of options.keys) this.keys.set(key.apiKey, key);
    options.symbols.forEach((symbol, index) => {
      const traded = tradedSymbol(symbol);
      this.markets.set(traded.name, new Market(traded, nowMs, options.seed + index));
    });
  }

  account(name: string): Account {
    const account = this.accounts.get(name);
    if (account === undefined) throw new Error(`the simulator has no account ${name}`);
    return account;
  }

  market(symbol: string): Market {
    const market = this.markets.get(symbol);
    if (market === undefined) throw invalidSymbol();
    return market;
  }

  nextOrderId(): number {
    this.#nextOrderId += 1;
    return this.#nextOrderId;
  }

  nextTradeId(): number {
    this.#nextTradeId += 1;
    return this.#nextTradeId;
  }

  addOrder(order: Order): void {
    this.orders.push(order);
    if (this.orders.length > HISTORY_MAX) this.orders.shift();
    this.open.set(order.orderId, order);
  }

  addTrade(trade: Trade): void {
    this.trades.push(trade);
    if (this.trades.length > HISTORY_MAX) this.trades.shift();
  }

  /** Tells the account's user streams: the execution, then the balances it changed. */
  report(order: Order, execution: Execution): void {
    const nowMs = this.nowMs();
    this.onAccountEvent(order.account, executionReport(order, execution, nowMs));
    const account = this.account(order.account);
    account.updatedMs = nowMs;
    const assets = new Set([order.symbol.base, order.symbol.quote, execution.trade?.commissionAsset]);
    const balances = [...assets].flatMap((asset) => {
      if (asset === undefined) return [];
      const { free, locked } = balanceOf(account, asset);
      return [{ a: asset, f: formatUnits(free), l: formatUnits(locked) }];
    });
    this.onAccountEvent(order.account, { e: 'outboundAccountPosition', E: nowMs, u: nowMs, B: balances });
  }
}

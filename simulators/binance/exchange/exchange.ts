/**
 * The simulated exchange's state: accounts, symbols, orders, trades. The files next to this one change it.
 */
import { type Account, type AccountOptions, type ApiKey, balanceOf, openAccount } from '../accounts.js';
import { OrderCounts } from '../requests/order-counts.js';
import { invalidSymbol } from '../requests/refusal.js';
import { formatUnits } from '../units.js';
import { type History, Market, type PublicTrade } from './market.js';
import type { Order, SelfTradeMode, Trade } from './order.js';
import { type Execution, executionReport } from './order-json.js';
import type { OrderList } from './order-lists.js';
import { addPast } from './past.js';
import { type SymbolOptions, tradedSymbol } from './symbols.js';

export interface ExchangeOptions {
  readonly symbols: readonly SymbolOptions[];
  readonly accounts: readonly AccountOptions[];
  readonly keys: readonly ApiKey[];
  readonly seed: number;
  readonly nowMs: () => number;
  /** History of every symbol before the start; absent: a thousand minutes. */
  readonly history?: History | undefined;
}

export type AccountListener = (account: string, event: Record<string, unknown>) => void;
/** Called with the trade that was made, or null if only the book changed. */
export type MarketListener = (market: Market, trade: PublicTrade | null) => void;

/** A trade of an account with itself that was prevented. */
export interface PreventedMatch {
  readonly id: number;
  readonly account: string;
  readonly symbol: string;
  readonly takerOrderId: number;
  readonly makerOrderId: number;
  readonly mode: SelfTradeMode;
  readonly price: bigint;
  readonly takerQuantity: bigint | null;
  readonly makerQuantity: bigint | null;
  readonly timeMs: number;
}

/** The most orders and trades kept; a real venue drops the oldest closed ones too. */
const HISTORY_MAX = 200_000;

export class Exchange {
  readonly accounts = new Map<string, Account>();
  readonly keys = new Map<string, ApiKey>();
  readonly markets = new Map<string, Market>();
  readonly orders: Order[] = [];
  readonly open = new Set<Order>();
  readonly lists: OrderList[] = [];
  readonly trades: Trade[] = [];
  readonly preventedMatches: PreventedMatch[] = [];
  readonly orderCounts: OrderCounts;
  readonly nowMs: () => number;
  #heldMs: number | null = null;
  onAccountEvent: AccountListener = () => {};
  onMarket: MarketListener = () => {};
  /** One counter for all symbols. */
  nextListId = 0;
  nextMovementId = 0;

  constructor(options: ExchangeOptions) {
    this.nowMs = () => this.#heldMs ?? options.nowMs();
    this.orderCounts = new OrderCounts(options.nowMs);
    const nowMs = options.nowMs();
    options.accounts.forEach((account, index) => {
      this.accounts.set(account.name, openAccount(account, 100 + index, nowMs));
    });
    for (const key of options.keys) this.keys.set(key.apiKey, key);
    options.symbols.forEach((symbol, index) => {
      const traded = tradedSymbol(symbol);
      this.markets.set(traded.name, new Market(traded, nowMs, options.seed + index, options.history));
    });
    for (const { name, past } of options.accounts) if (past !== undefined) addPast(this, name, past);
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

  marketOf(order: Order): Market {
    return this.market(order.symbol.name);
  }

  addOrder(order: Order): void {
    this.orders.push(order);
    if (this.orders.length > HISTORY_MAX) this.orders.shift();
    this.open.add(order);
  }

  addTrade(trade: Trade): void {
    this.trades.push(trade);
    if (this.trades.length > HISTORY_MAX) this.trades.shift();
  }

  openOf(account: string, symbol: string | null = null): Order[] {
    return [...this.open].filter(
      (order) => order.account === account && (symbol === null || order.symbol.name === symbol),
    );
  }

  /** The book changed without a trade. */
  bookChanged(market: Market): void {
    market.updateId += 1;
    this.onMarket(market, null);
  }

  /** Everything caused by one order gets the same timestamp, as in the exchange's own engine. */
  atOneTime<T>(act: () => T): T {
    if (this.#heldMs !== null) return act();
    this.#heldMs = this.nowMs();
    try {
      return act();
    } finally {
      this.#heldMs = null;
    }
  }

  /**
   * Reports to the account's user streams: the execution, then the balances it changed. Returns the execution's id.
   */
  report(order: Order, execution: Execution): number {
    const nowMs = this.nowMs();
    const { ids } = this.marketOf(order);
    ids.execution += 1;
    this.onAccountEvent(
      order.account,
      executionReport(order, execution, { nowMs, executionId: ids.execution }),
    );
    const assets = [order.symbol.base, order.symbol.quote, execution.trade?.commissionAsset];
    this.tellBalances(order.account, assets);
    return ids.execution;
  }

  tellBalances(name: string, assets: readonly (string | undefined)[]): void {
    const nowMs = this.nowMs();
    const account = this.account(name);
    account.updatedMs = nowMs;
    const balances = [...new Set(assets)].flatMap((asset) => {
      if (asset === undefined) return [];
      const { free, locked } = balanceOf(account, asset);
      return [{ a: asset, f: formatUnits(free), l: formatUnits(locked) }];
    });
    this.onAccountEvent(name, { e: 'outboundAccountPosition', E: nowMs, u: nowMs, B: balances });
  }
}

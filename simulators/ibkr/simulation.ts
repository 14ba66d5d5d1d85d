/** One running simulator: a Gateway that is logged in, its markets, its accounts and the connected clients. */

import { seededRandom } from '../random.js';
import { Account, type AccountOptions, DEFAULT_ACCOUNTS } from './accounts.js';
import { type CommodityName, type Instrument, instrumentsAt, type StockOptions } from './contracts.js';
import { ticksOf } from './decimals.js';
import { Faults } from './faults.js';
import {
  abroadNotice,
  asleepNotice,
  FARMS,
  type Farm,
  farmNotice,
  Link,
  LOST,
  RESTORED_DATA_KEPT,
  RESTORED_DATA_LOST,
} from './link.js';
import { Market } from './market.js';
import { Orders } from './orders/orders.js';
import type { Refused } from './refusal.js';
import { tellClients } from './requests/orders.js';
import { NO_ID, type Session } from './session.js';
import { NEWEST_VERSION, OLDEST_VERSION } from './wire/versions.js';

export interface SimulationOptions {
  readonly accounts?: readonly AccountOptions[];
  /** In addition to the built-in futures and stock. */
  readonly stocks?: readonly StockOptions[];
  /** Futures in addition to those on stock indices. */
  readonly commodities?: readonly CommodityName[];
  readonly seed?: number;
  /** Calendar days of minute bars before the start. */
  readonly historyDays?: number;
  /** The version that an older Gateway would announce. */
  readonly serverVersion?: number;
  /** TWS's time zone. */
  readonly zone?: string;
  readonly wallMs?: () => number;
}

/** What the account's subscriptions allow; `competing`: another session of the same user has the live data. */
export const PERMISSIONS = ['live', 'partial', 'delayed', 'none', 'competing'] as const;
export type Permission = (typeof PERMISSIONS)[number];

const HISTORY_DAYS = 5;
const WALK_TICKS = 8;

export class Simulation {
  readonly serverVersion: number;
  readonly zone: string;
  readonly instruments: readonly Instrument[];
  readonly markets: ReadonlyMap<number, Market>;
  readonly accounts: ReadonlyMap<string, Account>;
  /** Clients that have sent startApi, by client id. */
  readonly clients = new Map<number, Session>();
  readonly nextOrderIds = new Map<number, number>();
  readonly orders: Orders;
  permission: Permission = 'live';
  /** The Gateway's setting with which it accepts nothing about orders. */
  readOnly = false;
  readonly faults: Faults;
  readonly link = new Link();
  readonly farms: Record<Farm, boolean> = { market: true, history: true };
  /** Everything is sent in pieces of this many bytes. */
  pieceBytes: number | null = null;
  /** Everything is sent this many milliseconds later, in order. */
  latencyMs = 0;
  /** The Gateway restarts: until then nobody can connect. */
  downUntilMs = 0;
  skewMs = 0;
  readonly #wallMs: () => number;
  readonly #random: () => number;

  constructor(options: SimulationOptions = {}) {
    this.#wallMs = options.wallMs ?? Date.now;
    this.serverVersion = options.serverVersion ?? NEWEST_VERSION;
    if (this.serverVersion < OLDEST_VERSION || this.serverVersion > NEWEST_VERSION)
      throw new TypeError(`server version: expected ${OLDEST_VERSION} to ${NEWEST_VERSION}`);
    this.zone = options.zone ?? 'US/Eastern';
    const seed = options.seed ?? 1;
    this.#random = seededRandom(seed);
    this.faults = new Faults(seed);
    this.instruments = instrumentsAt(this.nowMs(), options.stocks, options.commodities);
    const history = { seed, days: options.historyDays ?? HISTORY_DAYS };
    const now = () => this.nowMs();
    this.markets = new Map(this.instruments.map((one) => [one.conId, new Market(one, now, history)]));
    this.accounts = new Map(
      (options.accounts ?? DEFAULT_ACCOUNTS).map((one) => [one.id, new Account(one, this.markets)]),
    );
    this.orders = new Orders(this, tellClients(this));
  }

  nowMs(): number {
    return this.#wallMs() + this.skewMs;
  }

  market(localSymbol: string): Market {
    const found = [...this.markets.values()].find(({ instrument }) => instrument.localSymbol === localSymbol);
    if (found === undefined) throw new TypeError(`the simulator has no ${localSymbol}`);
    return found;
  }

  /** Others trade at that price. */
  setPrice(localSymbol: string, price: string, size = 1): void {
    const market = this.market(localSymbol);
    this.#trade(market, ticksOf(price, market.instrument.tick), size);
  }

  /** Moves every price by one step, from the seed. */
  walk(): void {
    for (const market of this.markets.values()) {
      const step = Math.round((this.#random() * 2 - 1) * WALK_TICKS);
      this.#trade(market, Math.max(WALK_TICKS, market.last + step), 1 + Math.floor(this.#random() * 9));
    }
  }

  /** Must be called more often than the shortest interval: the end of five-second bars. */
  tick(): void {
    for (const market of this.markets.values()) {
      const bar = market.endedFiveSeconds();
      if (bar !== null)
        for (const client of this.clients.values()) client.subscriptions.onFiveSeconds(market, bar);
    }
    this.orders.onTime(this.nowMs());
  }

  /** Notes an id that a client has used or received: its next one must be higher. */
  usedOrderId(clientId: number, orderId: number): void {
    const next = this.nextOrderIds.get(clientId) ?? 1;
    this.nextOrderIds.set(clientId, Math.max(next, orderId + 1));
  }

  /** An order has traded. */
  printed(market: Market, ticks: number, size: number): void {
    market.print(ticks, size);
    for (const client of this.clients.values()) client.subscriptions.onTrade(market);
  }

  /** Called after a trade: a closed position is reported once more, as zero. */
  settled(account: Account): void {
    this.link.through(() => {
      this.changed(account);
      for (const [conId, { quantity }] of account.positions)
        if (quantity === 0) account.positions.delete(conId);
    });
  }

  /** An account has changed by more than a price. */
  changed(account: Account): void {
    for (const client of this.clients.values()) client.subscriptions.onAccount(account);
  }

  /** Sends a message about no request to every client. */
  #notice(notice: Refused): void {
    for (const client of this.clients.values()) client.error(NO_ID, notice);
  }

  breakLink(): void {
    this.link.broken = true;
    this.#notice(LOST);
  }

  /** If the data was lost, clients must subscribe again. */
  restoreLink(dataKept: boolean): void {
    if (!dataKept) for (const client of this.clients.values()) client.subscriptions.loseData();
    this.#notice(dataKept ? RESTORED_DATA_KEPT : RESTORED_DATA_LOST);
    for (const farm of Object.keys(FARMS) as Farm[])
      if (!this.farms[farm]) this.#notice(farmNotice(farm, false));
    this.link.restore();
    for (const account of this.accounts.values()) this.changed(account);
  }

  setFarm(farm: Farm, up: boolean): void {
    this.farms[farm] = up;
    this.#notice(farmNotice(farm, up));
  }

  /** Reports a farm of the same kind in Europe; everything here goes on. */
  setFarmAbroad(farm: Farm, up: boolean): void {
    this.#notice(abroadNotice(farm, up));
  }

  /** The farm is back, and goes to sleep. */
  letFarmSleep(farm: Farm): void {
    this.farms[farm] = true;
    this.#notice(asleepNotice(farm));
  }

  /** The daily restart: connections end, the Gateway forgets what only it knew, and orders at the exchange stay. */
  restart(downMs: number): void {
    for (const client of this.clients.values()) client.end();
    this.clients.clear();
    this.link.forget();
    this.orders.restarted();
    this.downUntilMs = performance.now() + downMs;
  }

  #trade(market: Market, ticks: number, size: number): void {
    this.tick();
    market.trade(ticks, size);
    for (const client of this.clients.values()) client.subscriptions.onTrade(market);
    this.orders.onTrade(market, ticks, size);
  }
}

/** What a client has asked to be told again, and the telling. */
import type { Account } from './accounts.js';
import type { Bar, Market } from './market.js';
import { sendAccount, sendMulti, sendPnl, sendPositions, sendSummary } from './requests/accounts.js';
import { type KeptBars, sendUpdate } from './requests/history.js';
import { type Quotes, type Shown, sendFiveSeconds, sendTrade } from './requests/market-data.js';
import type { Session } from './session.js';

export class Subscriptions {
  /** 1 live, 2 frozen, 3 delayed, 4 delayed and frozen. */
  marketDataType = 1;
  readonly quotes = new Map<number, Quotes>();
  readonly fiveSeconds = new Map<number, { readonly market: Market; readonly shown: Shown }>();
  readonly bars = new Map<number, KeptBars>();
  /** By request, with the tags. */
  readonly summaries = new Map<number, readonly string[]>();
  /** Orders typed by hand, also those to come. */
  bindsByHand = false;
  positions = false;
  /** TWS tells one client of one account at a time. */
  account: Account | null = null;
  readonly multi = new Map<
    number,
    { readonly accounts: readonly Account[]; readonly modelCode: string; readonly ledgerOnly: boolean }
  >();
  readonly pnl = new Map<number, Account>();
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  onTrade(market: Market): void {
    for (const [reqId, quotes] of this.quotes)
      if (quotes.market === market) sendTrade(this.#session, reqId, quotes);
    for (const [reqId, kept] of this.bars) if (kept.market === market) sendUpdate(this.#session, reqId, kept);
    for (const [reqId, account] of this.pnl)
      if (account.positions.has(market.instrument.conId)) sendPnl(this.#session, reqId, account);
  }

  onFiveSeconds(market: Market, bar: Bar): void {
    for (const [reqId, asked] of this.fiveSeconds)
      if (asked.market === market) sendFiveSeconds(this.#session, reqId, bar, asked);
  }

  onAccount(account: Account): void {
    if (this.positions) sendPositions(this.#session, account);
    if (this.account === account) sendAccount(this.#session, account);
    for (const [reqId, tags] of this.summaries) sendSummary(this.#session, reqId, account, tags);
    for (const [reqId, asked] of this.multi)
      if (asked.accounts.includes(account)) sendMulti(this.#session, reqId, account, asked);
    for (const [reqId, its] of this.pnl) if (its === account) sendPnl(this.#session, reqId, account);
  }
}

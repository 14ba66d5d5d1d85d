/** What a client has subscribed to, and the updates it gets. */
import type { Account } from './accounts.js';
import type { Bar, Market } from './market.js';
import { sendAccount, sendMulti, sendPnl, sendPositions, sendSummary } from './requests/accounts.js';
import { type KeptBars, sendUpdate } from './requests/history.js';
import { type Quotes, type Shown, sendFiveSeconds, sendTrade } from './requests/market-data.js';
import type { Session } from './session.js';

const BUST = {
  code: 10225,
  text: 'Bust event occurred, current subscription is deactivated. Please resubscribe real-time bars immediately.',
};

export class Subscriptions {
  /** 1 live, 2 frozen, 3 delayed, 4 delayed and frozen. */
  marketDataType = 1;
  readonly quotes = new Map<number, Quotes>();
  readonly fiveSeconds = new Map<number, { readonly market: Market; readonly shown: Shown }>();
  readonly bars = new Map<number, KeptBars>();
  /** Tags by request id. */
  readonly summaries = new Map<number, readonly string[]>();
  /** Takes over orders typed by hand, including future ones. */
  bindsByHand = false;
  positions = false;
  /** TWS sends a client the updates of one account at a time. */
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

  get #cutOff(): boolean {
    return this.#session.simulation.link.broken;
  }

  /** Loses subscriptions to markets, not to accounts. */
  loseData(): void {
    this.quotes.clear();
    this.fiveSeconds.clear();
    this.bars.clear();
  }

  /** Ends subscriptions to bars that include a trade that was cancelled. */
  onBust(market: Market): void {
    for (const [reqId, asked] of this.fiveSeconds) {
      if (asked.market !== market) continue;
      this.fiveSeconds.delete(reqId);
      this.#session.error(reqId, BUST);
    }
  }

  onTrade(market: Market): void {
    if (this.#cutOff || !this.#session.simulation.farms.market) return;
    for (const [reqId, quotes] of this.quotes)
      if (quotes.market === market) sendTrade(this.#session, reqId, quotes);
    for (const [reqId, kept] of this.bars) if (kept.market === market) sendUpdate(this.#session, reqId, kept);
    for (const [reqId, account] of this.pnl)
      if (account.positions.has(market.instrument.conId)) sendPnl(this.#session, reqId, account);
  }

  onFiveSeconds(market: Market, bar: Bar): void {
    if (this.#cutOff || !this.#session.simulation.farms.market) return;
    for (const [reqId, asked] of this.fiveSeconds)
      if (asked.market === market) sendFiveSeconds(this.#session, reqId, bar, asked);
  }

  onAccount(account: Account): void {
    if (this.#cutOff) return;
    if (this.positions) sendPositions(this.#session, account);
    if (this.account === account) sendAccount(this.#session, account);
    for (const [reqId, tags] of this.summaries) sendSummary(this.#session, reqId, account, tags);
    for (const [reqId, asked] of this.multi)
      if (asked.accounts.includes(account)) sendMulti(this.#session, reqId, account, asked);
    for (const [reqId, its] of this.pnl) if (its === account) sendPnl(this.#session, reqId, account);
  }
}

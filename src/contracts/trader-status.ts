/** What a trader says of itself, in decimal text: status, bars, proof of flat. */
import type { DeclaredValue } from '../domain/declared-value.js';
import type { StopMover } from '../domain/exit-plan.js';
import type { GoLiveGrant } from '../domain/go-live.js';
import type { Halt, Mode } from '../domain/mode.js';
import type { OrderPurpose, OrderState, Side } from '../domain/order.js';
import type { SignalAction, SignalStanding } from '../domain/signal.js';
import type { StopGapCause } from '../domain/stop-gap.js';
import type { Difference } from '../engine/record.js';
import type { Protection } from '../engine/view.js';
import type { MarketSource } from './market-feed.js';

export interface NotTradingReason {
  /** `desk`, a strategy's name or a symbol. */
  readonly subject: string;
  readonly reason: string;
  /** What would have to happen, in plain words. */
  readonly waitsFor: string;
}

/** Decimal text everywhere a person or another program reads it: no integer units leave the trader. */
export interface TraderStatus {
  readonly desk: string;
  /** The engine does not speak for itself yet: books, orders and permissions are not known, whatever is said of them here. */
  readonly starting?: true | undefined;
  readonly mode: Mode;
  /** One sentence: why the mode is what it is. */
  readonly reason: string;
  readonly halts: readonly Halt[];
  /** The id that arming must quote; null while ACTIVE. */
  readonly haltId: string | null;
  readonly configHash: string;
  readonly incarnation: string;
  readonly sequence: number;
  readonly pid: number;
  readonly startedWallMs: number;
  readonly trading: 'paper' | 'live';
  /** Whose money; `resting`: paper accounts of other prices, kept as they were until those are back. */
  readonly account: { readonly name: string; readonly resting: readonly string[] };
  readonly marketData: MarketSource & {
    readonly marketMs: number;
    readonly state: 'up' | 'down' | 'waiting';
    readonly lastQuoteAgeMs: number | null;
    /** Of each instrument the newest one that is believed. */
    readonly lastPrices: readonly { readonly symbol: string; readonly bid: string; readonly ask: string }[];
    /** Quotes that can hardly be prices: used for nothing until others agree, or until they have stood for a while. */
    readonly heldBack: readonly {
      readonly symbol: string;
      readonly bid: string;
      readonly ask: string;
      /** Why, in words. */
      readonly because: string;
      /** Quotes in a row that agree with it. */
      readonly quotes: number;
      readonly forMs: number;
    }[];
  };
  readonly currency: string;
  readonly equity: string;
  readonly cash: string;
  readonly dayStartEquity: string;
  readonly dayPnl: string;
  readonly drawdownPct: string;
  /** What the drawdown is counted from: the highest equity since people last let it be counted anew. */
  readonly peakEquity: string;
  /** The books to the last place. */
  readonly books: {
    /** Cash, coins held, and what was taken from assets kept for fees, below zero. */
    readonly balances: readonly { readonly asset: string; readonly amount: string }[];
    /** Cash in and out since the journal began that is no result. */
    readonly capitalMoved: string;
    /** Worth of fees that were paid from assets kept for them: taken off equity, not off cash. */
    readonly feesElsewhere: string;
    /** What the venue has more than we count, below zero: less, and nobody explained; null: cash agrees. */
    readonly cashUnexplained: string | null;
    readonly unvaluedFees: readonly { readonly asset: string; readonly amount: string }[];
  };
  readonly positions: readonly PositionStatus[];
  /** How long positions were without a protective stop, by cause, since the journal began. */
  readonly stopGaps: readonly StopGapStatus[];
  readonly orders: readonly OrderStatus[];
  /** Coins of the account that are not the desk's. */
  readonly coins: readonly CoinsStatus[];
  /** Below the venue's smallest order: shown and valued, no position. */
  readonly dust: readonly DustStatus[];
  readonly openPositions: number;
  readonly openOrders: number;
  /** Entry orders that are not final: 0 proves a stop. */
  readonly entriesWorking: number;
  /**
   * Where the target that closes a trade waits: at the venue, which links it with the stop, or in the desk, which closes at the
   * market once the price is there. Left out by a trader of before, and while it starts.
   */
  readonly targetsWait?: 'venue' | 'desk';
  /** Fills ever applied. */
  readonly fills: number;
  /** Circuit breaker of the venue's API: while it is not closed, nothing new is opened. */
  readonly venueBreaker: {
    readonly state: 'closed' | 'open' | 'halfOpen';
    readonly sinceWallMs: number | null;
    readonly detail: string;
  };
  /** How much of the desk file's position size is used, percent. */
  readonly sizePct: number;
  /** The permission to trade real money. */
  readonly goLive: {
    /** A desk with real money; nothing is armed and nothing entered while nothing is granted. */
    readonly required: boolean;
    readonly granted: GoLiveGrant | null;
  };
  readonly closeAll: 'idle' | 'running' | 'flat' | 'escalated';
  readonly reconciliation: {
    readonly state: 'pending' | 'clean' | 'differences' | 'failed';
    readonly atWallMs: number | null;
    readonly differences: readonly Difference[];
  };
  readonly notTrading: readonly NotTradingReason[];
  readonly strategies: readonly StrategyStatus[];
  readonly risk: readonly {
    readonly limit: string;
    /** As people name it; left out by a trader of before. */
    readonly title?: string | undefined;
    readonly value: string;
    readonly now: string;
  }[];
  /** Left out by a trader of before. */
  readonly signals?: SignalsStatus | undefined;
  /** What was changed while the desk ran; the values of all other keys are the desk file's. */
  readonly settings: {
    readonly version: number;
    readonly changed: Readonly<Record<string, DeclaredValue>>;
    /** Of the desk file alone; `configHash` is that of file and changes together. */
    readonly fileConfigHash: string;
  };
  /** The newest activity lines, newest first, at most 50. */
  readonly activity: readonly { readonly wallMs: number; readonly marketMs: number; readonly text: string }[];
  readonly rssBytes: number;
}

/** A finished bar in decimal text. */
export interface BarStatus {
  readonly openMs: number;
  readonly spanMs: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
}

export interface BarsAnswer {
  readonly symbol: string;
  /** Identity of the price source that they are of. */
  readonly source: string;
  /** Oldest first. */
  readonly bars: readonly BarStatus[];
  /** What strategies go by, beside the bars; left out by a trader of before. */
  readonly lines?: readonly LineStatus[] | undefined;
}

export interface LineStatus {
  readonly strategy: string;
  /** As `fast average`. */
  readonly name: string;
  /** One for each of the bars, decimal text rounded to a tick; null: not known yet. */
  readonly values: readonly (string | null)[];
}

export interface FlatProof {
  readonly flat: boolean;
  readonly entriesWorking: number;
  /** Read back from the venue, not from our book. */
  readonly venuePositions: readonly { readonly symbol: string; readonly quantity: string }[];
  readonly venueOpenOrders: number;
  /** Their client ids; left out by a trader of before. */
  readonly venueOrderIds?: readonly string[] | undefined;
  readonly readAtWallMs: number;
  readonly state: TraderStatus['closeAll'];
  readonly escalated: readonly string[];
}

export interface OrderStatus {
  readonly clientId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: 'market' | 'limit' | 'stop';
  readonly purpose: OrderPurpose;
  readonly state: OrderState;
  readonly quantity: string;
  readonly filled: string;
  /** A stop's trigger; another's limit, or the worst price that an entry at the market takes. Null: at the market. */
  readonly price: string | null;
  /** Of an entry by a stop: the worst price at which it may be filled. Left out by every other order. */
  readonly worstPrice?: string;
  readonly strategy: string;
}

export interface PositionStatus {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly quantity: string;
  readonly averagePrice: string;
  readonly markPrice: string | null;
  readonly unrealised: string;
  readonly stopPrice: string | null;
  /**
   * `confirmed`: the venue acknowledged the protective stop for the whole quantity. `passed`: it rests although the market is
   * past its price. `closing`: no stop can protect the position, so it is being closed at the market.
   */
  readonly protection: Exclude<Protection, 'dust'> | 'synthetic';
  /** Milliseconds for which no stop for the whole position has rested at the venue; null: one does. */
  readonly withoutStopMs: number | null;
  readonly strategy: string;
  /** The trade that it is, of that strategy; null: none, as of a position that is less than a lot. */
  readonly trade: TradeStatus | null;
}

/** What one strategy opened, until nothing is left of it. */
export interface TradeStatus {
  readonly id: string;
  readonly openedMs: number;
  readonly fees: string;
  /** Of what is closed, after all fees so far, with what the rest is worth now. */
  readonly result: string;
  /** What its first stop would have lost; null: nobody knows, as of a quantity that was adopted. */
  readonly risk: string | null;
  /** Result in multiples of the risk, two places. */
  readonly r: string | null;
  /** Left out where nothing but its stop closes it, and by a trader of before. */
  readonly exits?: ExitsStatus;
}

/** What closes a trade beside its protective stop, as it stands now. Null: its entry did not ask for it. */
export interface ExitsStatus {
  /**
   * The nearest first. `pct`: of the whole trade, what is closed there. `rests`: at the venue, in one group with the stop; left
   * out where the desk holds it.
   */
  readonly targets: readonly {
    readonly price: string;
    readonly pct: number;
    readonly reached: boolean;
    readonly rests?: true;
  }[];
  /** How far behind the market the stop follows. */
  readonly trailBy: string | null;
  /** The price from which on the stop is at the average of the entry; `done`: it is there, or nearer. */
  readonly breakEven: { readonly price: string; readonly done: boolean } | null;
  /** Market time from which on it is closed at the market. */
  readonly timeExitMs: number | null;
  /** What moved the stop last; null: it is where the entry wanted it. */
  readonly stopMovedBy: StopMover | null;
  /** All of it for people, a few words each. */
  readonly words: readonly string[];
}

/**
 * Times without a protective stop for the whole position, of one cause. `opened`: until the stop for what was just bought
 * rested. `changed`: while it was changed. `closing`: taken off for a sale that came to nothing. `lost`: the venue ended it.
 */
export interface StopGapStatus {
  readonly why: StopGapCause;
  readonly count: number;
  readonly longestMs: number;
  /** Of the longest. */
  readonly symbol: string;
  readonly atMarketMs: number;
  readonly newestMs: number;
}

/** What is held and is worth less than the venue's smallest order: it can't be sold alone, and prevents nothing. */
export interface DustStatus {
  readonly symbol: string;
  /** To the last place, what is below a lot included. */
  readonly quantity: string;
  /** In the desk's currency, at the last bid. */
  readonly value: string;
}

/** Coins of the account that are not the desk's: never valued, protected or sold by it. */
export interface CoinsStatus {
  readonly symbol: string;
  /** Of these no person has said yet whose they are: nothing is armed before. */
  readonly nobodys: string;
  readonly foreign: string;
  /** A person takes them out of the account. */
  readonly toMove: string;
}

/** Signals from outside. */
export interface SignalsStatus {
  /** At most 50. */
  readonly newest: readonly SignalStatus[];
  /** Since the journal began, by what refused them. */
  readonly refused: readonly { readonly limit: string; readonly count: number }[];
}

export interface SignalStatus {
  readonly source: string;
  readonly id: string;
  /** The newest one; null, as everything of it: it was withdrawn before it came. */
  readonly revision: number | null;
  readonly symbol: string | null;
  readonly action: SignalAction | null;
  readonly entry: string | null;
  readonly stop: string | null;
  readonly targets: readonly string[];
  /** Market time. */
  readonly issuedMs: number | null;
  readonly expiresMs: number;
  readonly text: string;
  readonly standing: SignalStanding;
  /** Why nothing was entered on it; null: nothing spoke against it. */
  readonly reason: string | null;
}

export interface StrategyStatus {
  readonly name: string;
  readonly symbol: string;
  readonly enabled: boolean;
  readonly state: string;
  readonly trades: number;
  readonly wins: number;
  readonly realised: string;
  readonly lossesInARow: number;
  /** Of its instrument's last 60 bars. */
  readonly regime: 'trending' | 'ranging' | 'unknown';
  /** Who switched it off and why; null while it is on, or where the desk file has it off. */
  readonly off: {
    /** By the tracker, which looks at it again. */
    readonly automatic: boolean;
    readonly by: string;
    readonly reason: string;
    readonly atMarketMs: number;
    readonly nextReviewMarketMs: number | null;
  } | null;
}

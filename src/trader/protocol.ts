/**
 * The control socket's language. Unix socket in a 0700 folder, newline-delimited JSON, requests of at most 64 KiB and
 * answers of at most 1 MiB: request `{v:1,id,method,params}`, answer `{id,result}` or `{id,error:{code,message,keptSafe,doThis}}`;
 * `follow` answers with many `{id,entry}` frames. `stop`, `closeAll`, `kill` and `status` never queue behind `follow`.
 */
import type { CashKind } from '../domain/cash.js';
import type { CoinOwner } from '../domain/coins.js';
import type { GoLiveGrant, GoLiveProposal } from '../domain/go-live.js';
import type { Halt, Mode } from '../domain/mode.js';
import type { Difference } from '../engine/record.js';
import type { MarketSource } from '../market/feed.js';
import type { FollowedEntry } from './journal/followed-group.js';
import type { OrderStatus } from './status/order-status.js';
import type { CoinsStatus, DustStatus, PositionStatus, StopGapStatus } from './status/position-status.js';
import type { StrategyStatus } from './status/strategy-status.js';

export const CONTROL_PROTOCOL_VERSION = 1;
export const FRAME_BYTES_MAX = 64 * 1024;
export const ANSWER_BYTES_MAX = 1024 * 1024;

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
  readonly risk: readonly { readonly limit: string; readonly value: string; readonly now: string }[];
  /** What was changed while the desk ran; the values of all other keys are the desk file's. */
  readonly settings: {
    readonly version: number;
    readonly changed: Readonly<Record<string, number>>;
    /** Of the desk file alone; `configHash` is that of file and changes together. */
    readonly fileConfigHash: string;
  };
  /** The newest activity lines, newest first, at most 50. */
  readonly activity: readonly { readonly wallMs: number; readonly marketMs: number; readonly text: string }[];
  readonly rssBytes: number;
}

/**
 * Proof that a person (or two) decided: made by the process that authenticated them (web, CLI, Telegram) with the
 * installation's decision key, checked in an activity and again by the trader.
 * `mac` = HMAC-SHA-256 hex over the canonical JSON of the other fields.
 */
export interface Decision {
  readonly decisionId: string;
  readonly desk: string;
  readonly person: string;
  readonly via: 'web' | 'cli' | 'telegram';
  readonly choice: 'resume' | 'approve' | 'reject' | 'acknowledge' | 'resolve';
  /** What exactly was decided on: a halt id for `resume`. */
  readonly subject: string;
  /** `resume` only: the position size that was chosen with it, percent of the desk file's; left out: as it is. */
  readonly sizePct?: number;
  readonly atWallMs: number;
  readonly expiresWallMs: number;
  /** Where real money is decided: `signatureText` of the person's own key. */
  readonly signature?: string;
  /** In place of it, through a chat: the bot's own code. */
  readonly chatCode?: string;
  readonly mac: string;
}

export interface CommandResult {
  readonly commandId: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly haltId: string | null;
  readonly mode: Mode;
}

export interface ReloadResult extends CommandResult {
  readonly configHash: string;
  readonly settingsVersion: number;
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
}

export interface FlatProof {
  readonly flat: boolean;
  readonly entriesWorking: number;
  /** Read back from the venue, not from our book. */
  readonly venuePositions: readonly { readonly symbol: string; readonly quantity: string }[];
  readonly venueOpenOrders: number;
  readonly readAtWallMs: number;
  readonly state: TraderStatus['closeAll'];
  readonly escalated: readonly string[];
}

export interface ControlMethods {
  status: { params: Record<string, never>; result: TraderStatus };
  stop: { params: { commandId: string; by: string; reason: string }; result: CommandResult };
  /** A halt by a part of Fermata (check, auditor, ledger): cause and resume rule are named. */
  halt: {
    params: { commandId: string; by: string; reason: string; cause: Halt['cause']; resume: Halt['resume'] };
    result: CommandResult;
  };
  closeAll: { params: { commandId: string; by: string; reason: string }; result: CommandResult };
  kill: { params: { commandId: string; by: string; reason: string }; result: CommandResult };
  /** Without decisions: by the desk file's rule, which the trader itself checks against every active halt. */
  arm: {
    params: {
      commandId: string;
      by: string;
      reason: string;
      haltId: string;
      configHash: string;
      decisions: readonly Decision[];
    };
    result: CommandResult;
  };
  /** Whose the coins are that are nobody's, by a decision on `coinsSubject`; `cost`: of one coin, where they are the desk's. */
  claimCoins: {
    params: {
      commandId: string;
      by: string;
      reason: string;
      symbol: string;
      owner: CoinOwner;
      cost: string | null;
      decisions: readonly Decision[];
    };
    result: CommandResult;
  };
  toggle: {
    params: { commandId: string; by: string; reason: string; strategy: string; enabled: boolean };
    result: CommandResult;
  };
  /**
   * New settings, applied at once. `values`: only the keys to change. Without an approval it may only tighten;
   * refused where `baseVersion` is not the version in force.
   */
  reload: {
    params: {
      commandId: string;
      by: string;
      reason: string;
      baseVersion: number;
      values: Readonly<Record<string, number>>;
      /** Empty where there is none. */
      approvalId: string;
      decisions: readonly Decision[];
    };
    result: ReloadResult;
  };
  /** What people approved: step 0 arms the desk for the first time with real money, later steps raise its size. */
  goLive: {
    params: {
      commandId: string;
      by: string;
      reason: string;
      proposal: GoLiveProposal;
      decisions: readonly Decision[];
    };
    result: CommandResult;
  };
  /** Ends the permission, and with it trading; anybody may. */
  revokeGoLive: { params: { commandId: string; by: string; reason: string }; result: CommandResult };
  /** Finished one-minute bars from the trader's memory, at most 1000: the newest, or those that began at `sinceMs` or later. */
  bars: { params: { symbol: string; count: number; sinceMs: number }; result: BarsAnswer };
  /** Position size, percent of the desk file's: smaller at once; larger only with a decision on `sizeSubject`. */
  resize: {
    params: {
      commandId: string;
      by: string;
      reason: string;
      sizePct: number;
      decisions: readonly Decision[];
    };
    result: CommandResult;
  };
  /** What a difference in cash was, or a part of it. `amount`: signed decimal, as the balance changed. */
  explainCash: {
    params: { commandId: string; by: string; reason: string; kind: CashKind; amount: string };
    result: CommandResult;
  };
  reconcile: { params: { commandId: string; by: string; reason: string }; result: CommandResult };
  /** Reads positions and open orders back from the venue now. */
  flatProof: { params: Record<string, never>; result: FlatProof };
  /** From the engine worker's heartbeat: `operations` proves that the operations side is alive. */
  heartbeat: { params: { from: 'supervisor' | 'operations' }; result: { mode: Mode; sequence: number } };
  /**
   * Entries from `fromSequence` on, then live ones; answered as `{id, entry}` frames until the socket closes. Before the
   * last entry of a commit group comes `{id, group}`: its bytes on disk, base64.
   */
  follow: { params: { fromSequence: number }; result: FollowedEntry };
}

export type ControlMethod = keyof ControlMethods;

export interface ControlError {
  readonly code: string;
  readonly message: string;
  /** What was kept safe in spite of the error. */
  readonly keptSafe: string;
  readonly doThis: string;
}

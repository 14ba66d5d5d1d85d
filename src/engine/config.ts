/** Everything the core gets once, at its start. Clocks, randomness and calendars come as functions. */
import type { DeclaredValue } from '../domain/declared-value.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { HeardSide, PersonsRule, ResumeRule } from '../domain/mode.js';
import type { Units } from '../domain/money.js';
import type { VenueCapabilities } from '../domain/order-bounds.js';
import type { ContractTerms } from '../domain/sessions/contract-months.js';
import type { ContractMonth } from '../domain/sessions/contract-series.js';
import type { SessionCalendar } from '../domain/sessions/session-calendar.js';
import type { RiskNumbers } from '../limits/registry.js';
import type { QuoteRules } from './quote-guard.js';
import type { StrategySize } from './strategies/size-entry.js';
import type { DeclaredStrategy, StrategyDefinition } from './strategies/strategy.js';

export interface StrategyConfig {
  readonly name: string;
  readonly kind: string;
  readonly symbols: readonly string[];
  /** Instruments that it only watches. Left out: none. */
  readonly watches?: readonly string[] | undefined;
  readonly enabled: boolean;
  readonly parameters: Readonly<Record<string, DeclaredValue>>;
  /** How large the strategy's entries are. Left out: as large as the limits allow. */
  readonly size?: StrategySize | undefined;
  /** Declared by one of the desk's own files. Left out: `kind` ships with Fermata. */
  readonly own?: DeclaredStrategy;
}

export interface TradedStrategy extends StrategyConfig {
  readonly own?: StrategyDefinition;
}

/** Resume rule for each kind of halt. */
export interface ResumeRules {
  readonly startup: ResumeRule;
  readonly fault: ResumeRule;
  /** The venue's API was unavailable. */
  readonly venue: ResumeRule;
  readonly dailyLoss: ResumeRule;
  readonly drawdown: ResumeRule;
  readonly person: PersonsRule;
  readonly kill: 'two-people';
}

/** After how many losses a strategy is switched off automatically, and after how much market time it is reviewed. */
interface TrackerNumbers {
  readonly maxConsecutiveLosses: number;
  readonly reEnableCheckMs: number;
}

/** When the market of an instrument is open, and what the desk does before it closes. */
export interface InstrumentSessions {
  readonly calendar: SessionCalendar;
  /** No entries in this time before the close. Left out: entries up to the close. */
  readonly noEntriesBeforeCloseMs?: number;
  /** Resting entries are cancelled once no new ones are allowed. Left out: only if `flatBeforeCloseMs` is set. */
  readonly cancelsEntries?: boolean;
  /**
   * Positions are closed, and nothing is entered, this long before the close. Left out: positions are held
   * over the close.
   */
  readonly flatBeforeCloseMs?: number;
}

/** Which month an instrument stands for, if people roll it. */
export interface InstrumentContract {
  readonly symbol: string;
  /** The month in force. Between a roll and the trader's next start, it differs from that of `traded`. */
  readonly month: ContractMonth;
  /** The terms this trader was started with: its orders and prices are for that month. */
  readonly traded: ContractTerms;
  /**
   * Of a run over past prices, which go over rolls: the terms of the months that follow. No start of a trader comes in
   * between there. Left out: `traded` stays until the next start.
   */
  readonly following?: readonly ContractTerms[];
}

export type LostAction = 'none' | 'stop' | 'closeAll';

export interface EngineConfig {
  readonly desk: string;
  readonly configHash: string;
  /** Six characters [a-z0-9], drawn for each new journal; part of every client order id. */
  readonly incarnation: string;
  readonly instruments: readonly Instrument[];
  readonly strategies: readonly TradedStrategy[];
  readonly risk: RiskNumbers;
  readonly tracker: TrackerNumbers;
  readonly resume: ResumeRules;
  readonly closeAll: { readonly deadlineMs: number; readonly answerTimeoutMs: number };
  /** How long the market may stay beyond a protective stop that still rests before the position is closed. */
  readonly stopOverrunMs: number;
  /**
   * The venue fills market orders and stops over several prices, as a backtest may have it: a stop that went off, and a
   * closing order, may rest there without a fill. Left out: neither does, and such a rest is a fault.
   */
  readonly waitsForVolume?: boolean;
  /** When a quote is implausible. */
  readonly quotes: QuoteRules;
  /** Instruments without an implausible quote: theirs are the prices of recorded bars. Left out: none. */
  readonly quotesFromBars?: readonly InstrumentId[];
  /** Action when a heartbeat is lost. */
  readonly heartbeatLost: Readonly<Record<HeardSide, LostAction>>;
  /** Start of the trading day that a market time belongs to; see `tradingDayStart`. */
  readonly dayStartMs: (marketMs: number) => number;
  /** One for each instrument. Left out: all are always open. */
  readonly sessions?: readonly InstrumentSessions[];
  /** One for each instrument; null: it is not rolled here. Left out: none is. */
  readonly contracts?: readonly (InstrumentContract | null)[];
  readonly capabilities: VenueCapabilities;
  /** Money units; used only at the very first start. */
  readonly startingCash: number | Units;
  /** Assets kept for paying fees, each with the instrument whose bid values it. */
  readonly feeAssets?: Readonly<Record<string, InstrumentId>>;
  readonly simulated: boolean;
  /** Which account is traded; a journal belongs to one account. Left out: `paper`. */
  readonly account?: string;
  /** The venue's own id of that account, if the venue has reported it. */
  readonly accountId?: string;
  /**
   * True for an account at an exchange: coins that no trade explains belong to nobody until a person says whose they
   * are.
   */
  readonly coinsNeedOwner?: boolean;
  /** For tests that compare both: instruments at rest are advanced too. Left out: they are skipped. */
  readonly takesNoShortcut?: boolean;
  /**
   * Venue time at which a new journal begins; older fills are not the desk's. Left out: it begins with the market.
   */
  readonly historyBeginsMs?: number;
  /** Without an approved go-live, nothing is entered and the desk can't be armed. */
  readonly goLiveRequired?: boolean;
  /** 128 random bits as 32 hex digits. */
  readonly drawHaltId: () => string;
}

/** Everything the core is told once. Clocks, randomness and calendars come in as functions. */
import type { DeclaredValue } from '../domain/declared-value.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { ResumeRule } from '../domain/mode.js';
import type { Units } from '../domain/money.js';
import type { SessionCalendar } from '../domain/sessions/session-calendar.js';
import type { VenueCapabilities } from '../domain/venue.js';
import type { RiskNumbers } from '../limits/registry.js';
import type { QuoteRules } from './quote-guard.js';
import type { StrategySize } from './strategies/size-entry.js';
import type { DeclaredStrategy, StrategyDefinition } from './strategies/strategy.js';

export interface StrategyConfig {
  readonly name: string;
  readonly kind: string;
  readonly symbols: readonly string[];
  readonly enabled: boolean;
  readonly parameters: Readonly<Record<string, DeclaredValue>>;
  /** How large its entries are; left out: as large as the limits let them be. */
  readonly size?: StrategySize | undefined;
  /** Declared by a file of the desk's own; left out: `kind` is one that ships. */
  readonly own?: DeclaredStrategy;
}

export interface TradedStrategy extends StrategyConfig {
  readonly own?: StrategyDefinition;
}

/** What it takes to trade again after each kind of halt. */
export interface ResumeRules {
  readonly startup: ResumeRule;
  readonly fault: ResumeRule;
  /** The venue's API was away. */
  readonly venue: ResumeRule;
  readonly dailyLoss: ResumeRule;
  readonly drawdown: ResumeRule;
  readonly person: ResumeRule;
  readonly kill: ResumeRule;
}

/** When a strategy is switched off by itself, and how much market time later it is looked at again. */
export interface TrackerNumbers {
  readonly maxConsecutiveLosses: number;
  readonly reEnableCheckMs: number;
}

/** When the market of an instrument is open, and what the desk makes of its close. */
export interface InstrumentSessions {
  readonly calendar: SessionCalendar;
  /** Nothing is entered so shortly before the close. Left out: up to it. */
  readonly noEntriesBeforeCloseMs?: number;
  /** Entries that rest are cancelled as soon as none are taken any more. Left out: they rest on. */
  readonly cancelsEntries?: boolean;
  /** A position is closed, and nothing entered, so shortly before the close. Left out: it is held over it. */
  readonly flatBeforeCloseMs?: number;
}

export type LostAction = 'none' | 'stop' | 'closeAll';

export interface EngineConfig {
  readonly desk: string;
  readonly configHash: string;
  /** Six characters [a-z0-9], new with every journal; part of every client order id. */
  readonly incarnation: string;
  readonly instruments: readonly Instrument[];
  readonly strategies: readonly TradedStrategy[];
  readonly risk: RiskNumbers;
  readonly tracker: TrackerNumbers;
  readonly resume: ResumeRules;
  readonly closeAll: { readonly deadlineMs: number; readonly answerTimeoutMs: number };
  /** How long the market may be past a protective stop that still rests, before the position is closed. */
  readonly stopOverrunMs: number;
  /** Which quotes can hardly be prices. */
  readonly quotes: QuoteRules;
  /** What a lost heartbeat does. */
  readonly heartbeatLost: Readonly<Record<'process' | 'operations' | 'supervisor', LostAction>>;
  /** Start of the trading day that a market time belongs to; see `tradingDayStart`. */
  readonly dayStartMs: (marketMs: number) => number;
  /** By instrument. Left out: each is always open. */
  readonly sessions?: readonly InstrumentSessions[];
  readonly capabilities: VenueCapabilities;
  /** Money units at the very first start. */
  readonly startingCash: number | Units;
  /** Assets that a person keeps for fees, each with the instrument whose bid values it. */
  readonly feeAssets?: Readonly<Record<string, InstrumentId>>;
  readonly simulated: boolean;
  /** Whose money is traded; a journal belongs to one account. Left out: `paper`. */
  readonly account?: string;
  /** The venue's own id of that account, where it has said it. */
  readonly accountId?: string;
  /** An account at an exchange: coins that no trade explains are nobody's until a person has said whose. */
  readonly coinsNeedOwner?: boolean;
  /** Venue time at which a new journal begins: older fills are not the desk's. Left out: it begins with the market. */
  readonly historyBeginsMs?: number;
  /** Nothing is entered and nothing armed without a go-live that people approved. */
  readonly goLiveRequired?: boolean;
  /** 128 random bits as 32 hex digits. */
  readonly drawHaltId: () => string;
}

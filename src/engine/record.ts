/**
 * The facts that make up the engine's durable state. `process` decides and emits records; state changes only by
 * applying one (`applyRecord`), so that a replay of the journal gives the very state that the live engine had.
 */
import type { CashKind } from '../domain/cash.js';
import type { OthersCoins } from '../domain/coins.js';
import type { DeclaredValue } from '../domain/declared-value.js';
import type { ExitReason } from '../domain/exit-reason.js';
import type { GoLiveGrant } from '../domain/go-live.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { Halt, SaidReason } from '../domain/mode.js';
import type { WrittenUnits } from '../domain/money.js';
import type { Fill, OrderIntent, OrderState } from '../domain/order.js';
import type { SettingChange } from '../domain/settings-change.js';
import type { Signal, SignalName } from '../domain/signal.js';
import type { StopGapCause } from '../domain/stop-gap.js';

export interface Difference {
  readonly what: 'position' | 'order' | 'fill' | 'balance';
  readonly symbol: string;
  readonly ours: string;
  readonly venues: string;
  readonly rule: 'adopt' | 'flag' | 'correct' | 'halt';
}

export type EngineRecord =
  /** First record of a journal, and again whenever the desk file changed. */
  | {
      readonly type: 'config';
      readonly configHash: string;
      readonly desk: string;
      readonly symbols: readonly string[];
      /** As they were when this was written: a replay computes with the steps of that time. */
      readonly instruments: readonly Instrument[];
      /** Money units at the very first start; later starts carry the same figure. */
      readonly startingCash: WrittenUnits;
      /** Of the journal when this was written: its orders are ours, whatever becomes of the journal. */
      readonly incarnation?: string;
      /** First record only: fills of the account before this venue time are no part of this journal. */
      readonly historyBeginsMs?: number;
      /** Whose money; left out: `paper`. */
      readonly account?: string;
      /** The venue's own id of that account; left out: not known then. */
      readonly accountId?: string;
      readonly marketMs: number;
    }
  | {
      readonly type: 'order.intended';
      readonly order: OrderIntent;
      /** Client id of the order that it takes the place of, in one request; left out: none. */
      readonly replaces?: string;
      readonly marketMs: number;
    }
  | {
      readonly type: 'order.denied';
      readonly order: OrderIntent;
      readonly limit: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  | {
      readonly type: 'order.state';
      readonly clientId: string;
      readonly state: OrderState;
      readonly venueId: string | null;
      /** Why: code and text of the venue, or our own words. */
      readonly reason: string;
      readonly marketMs: number;
    }
  /** The venue holds this order with a smaller quantity than it was sent with, filled lots included. */
  | {
      readonly type: 'order.amended';
      readonly clientId: string;
      readonly quantityLots: number;
      readonly reason: string;
      readonly marketMs: number;
    }
  | { readonly type: 'fill'; readonly fill: Fill }
  /** Another hand traded in the account: nothing of it is the desk's. What it changed is found by reconciling. */
  | { readonly type: 'fill.foreign'; readonly fill: Fill }
  /** Cash that moved without a trade, in the desk's currency. */
  | {
      readonly type: 'cash';
      readonly kind: CashKind;
      readonly currency: string;
      /** Money units, signed: what the balance grew by. */
      readonly amount: WrittenUnits;
      /** A person, or who found it explained. */
      readonly by: string;
      /** `person`, or where the venue lists it with its reference. */
      readonly source: string;
      /** The venue's own id: booked once; null where a person or the desk itself explains it. */
      readonly movementId: string | null;
      readonly reason: string;
      readonly marketMs: number;
    }
  /** What the oldest fee of this asset that nobody could value is worth after all. */
  | {
      readonly type: 'fee.valued';
      readonly instrument: InstrumentId;
      readonly strategy: string;
      readonly asset: string;
      readonly amount: string;
      readonly priceTicks: number;
      /** Money units. */
      readonly fee: number;
      readonly marketMs: number;
    }
  | { readonly type: 'halt'; readonly halt: Halt }
  /** Every desk halt is lifted; mode becomes ACTIVE. */
  | {
      readonly type: 'armed';
      readonly haltId: string;
      readonly by: string;
      readonly reason: string;
      readonly authority: 'rule' | 'person' | 'two-people';
      /** Why people let it trade, in their own words; left out: nobody gave a reason. */
      readonly said?: readonly SaidReason[];
      readonly marketMs: number;
    }
  | {
      readonly type: 'command';
      readonly commandId: string;
      readonly name: string;
      readonly by: string;
      readonly reason: string;
      readonly ok: boolean;
      readonly detail: string;
      readonly marketMs: number;
    }
  /** A new trading day by market time and the desk's day boundary. */
  | {
      readonly type: 'day';
      readonly dayStartMs: number;
      readonly startEquity: number;
      readonly marketMs: number;
    }
  /** Equity sample: at most one a market minute, and at every new peak that matters (persisted for drawdown). */
  | {
      readonly type: 'equity';
      readonly equity: number;
      readonly peak: number;
      readonly cash: WrittenUnits;
      readonly unrealised: number;
      readonly marketMs: number;
    }
  | {
      readonly type: 'strategy.toggled';
      readonly strategy: string;
      readonly enabled: boolean;
      readonly automatic: boolean;
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  /** Settings changed while the desk ran, or a desk file that was edited meanwhile took some of them back. */
  | {
      readonly type: 'settings';
      readonly version: number;
      readonly changes: readonly SettingChange[];
      /** Every key whose value is not the desk file's, after the change. */
      readonly changed: Readonly<Record<string, DeclaredValue>>;
      /** What the desk file said for those keys. */
      readonly fileValues: Readonly<Record<string, DeclaredValue>>;
      readonly configHash: string;
      readonly by: string;
      readonly reason: string;
      readonly approvedBy: readonly string[];
      readonly marketMs: number;
    }
  /** The part of the desk file's position size that is used from here on, parts per million. */
  | {
      readonly type: 'size.factor';
      readonly sizeFactorPpm: number;
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  /** People approved trading with real money in this size; a later one takes the place of an earlier. */
  | {
      readonly type: 'golive.granted';
      readonly grant: GoLiveGrant;
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  | {
      readonly type: 'golive.voided';
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  | {
      readonly type: 'closeAll.begun';
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  | { readonly type: 'flat.proven'; readonly afterMs: number; readonly marketMs: number }
  | {
      readonly type: 'flat.escalated';
      readonly symbols: readonly string[];
      readonly reason: string;
      readonly marketMs: number;
    }
  | {
      readonly type: 'reconciled';
      readonly requestId: number;
      readonly clean: boolean;
      readonly differences: readonly Difference[];
      /** Market time of the newest fill that was known at the request: those before it need not be read again. */
      readonly fillsThroughMs: number;
      readonly marketMs: number;
    }
  /** The venue holds another quantity than we do, and the rule is to adopt the venue's. */
  | {
      readonly type: 'position.adopted';
      readonly instrument: InstrumentId;
      readonly quantityLots: number;
      readonly priceTicks: number;
      readonly marketMs: number;
    }
  /** The market has reached so many of a trade's targets, the nearest first: what they close is closed at the market. */
  | {
      readonly type: 'target.reached';
      readonly instrument: InstrumentId;
      readonly trade: string;
      readonly targets: number;
      /** At which it could be closed then. */
      readonly priceTicks: number;
      readonly marketMs: number;
    }
  /** Where the protective stop of a trade belongs from here on: nearer to the market than before. */
  | {
      readonly type: 'stop.moved';
      readonly instrument: InstrumentId;
      readonly trade: string;
      readonly stopTicks: number;
      readonly why: 'breakEvenStop' | 'trailingStop';
      readonly marketMs: number;
    }
  /** What a trade came to; written after the record that closed it, for those that follow. */
  | {
      readonly type: 'trade.closed';
      readonly trade: string;
      readonly instrument: InstrumentId;
      readonly strategy: string;
      readonly side: 'long' | 'short';
      /** Everything that was bought (of a short trade: sold) for it. */
      readonly quantityLots: number;
      /** Averages in ticks, not rounded; `exitTicks` null: nothing of it was sold, its fees took it. */
      readonly entryTicks: number | null;
      readonly exitTicks: number | null;
      /** After `fees`; decimal texts with every place of the books. */
      readonly result: string;
      readonly fees: string;
      /** What the first stops would have lost; null: a part of it was bought without one. */
      readonly risk: string | null;
      /** Result by risk. */
      readonly r: number | null;
      readonly why: ExitReason;
      /** Targets that the market reached before; left out: none. */
      readonly targets?: number;
      /** What the desk traded by when it was opened. */
      readonly configHash: string;
      readonly openedMs: number;
      readonly marketMs: number;
    }
  /** How many coins of the account are not the desk's, as they were found or as a person said. */
  | {
      readonly type: 'coins.counted';
      readonly symbol: string;
      readonly coins: OthersCoins;
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  /** A person gave the desk coins that were nobody's. */
  | {
      readonly type: 'coins.claimed';
      readonly symbol: string;
      readonly quantityLots: number;
      /** What one coin cost. */
      readonly costTicks: number;
      /** At the bid of that moment: what equity, the day's start and the peak grow by. */
      readonly value: number;
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  /** A position was without a stop that rests, for so long by the monotonic clock. */
  | {
      readonly type: 'stop.gap';
      readonly symbol: string;
      readonly ms: number;
      readonly why: StopGapCause;
      /** How it ended: a stop rests again, or the position is closed. */
      readonly ended: 'protected' | 'closed';
      readonly marketMs: number;
    }
  /** A signal from outside that was taken, or an edit of it: what follows from it comes behind. */
  | { readonly type: 'signal'; readonly signal: Signal; readonly by: string; readonly marketMs: number }
  | ({
      readonly type: 'signal.withdrawn';
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    } & Pick<SignalName, 'source' | 'id'>)
  /** Nothing is entered on it: it was refused as it came, or by the strategy that it was shown to. */
  | ({
      readonly type: 'signal.refused';
      readonly limit: string;
      readonly reason: string;
      /** Null: the desk refused it. */
      readonly strategy: string | null;
      readonly marketMs: number;
    } & SignalName)
  /** One line of plain words for the activity list ("BTC/USDT: fast average crossed above slow; …"). */
  | {
      readonly type: 'note';
      readonly level: 'info' | 'warn' | 'alarm';
      readonly text: string;
      readonly strategy: string | null;
      readonly symbol: string | null;
      readonly marketMs: number;
    };

/** A record as it stands in the journal. */
export interface JournalEntry {
  readonly incarnation: string;
  readonly sequence: number;
  readonly wallMs: number;
  /** Since the process began that wrote it; null where it is not known, left out in format v1. */
  readonly monotonicMs?: number | null;
  readonly record: EngineRecord;
  /** Hex SHA-256 over the chain value before it and its commit group; in format v1 over its own JSON. */
  readonly chain: string;
  /** Sequences of the commit group that it was written in; left out in format v1. */
  readonly group?: { readonly first: number; readonly last: number };
}

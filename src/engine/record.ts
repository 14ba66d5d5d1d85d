/**
 * The facts that make up the engine's durable state. `process` decides and emits records; state changes only
 * by applying one (`applyRecord`), so a replay of the journal yields exactly the live engine's state.
 */
import type { CashKind, OthersCoins } from '../domain/cash-and-coins.js';
import type { DeclaredValue } from '../domain/declared-value.js';
import type { ExitPlan, ExitReason, StopGapCause, StopMover } from '../domain/exits.js';
import type { GoLiveGrant } from '../domain/go-live-terms.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { Halt, SaidReason } from '../domain/mode.js';
import type { WrittenUnits } from '../domain/money.js';
import type { Fill, OrderIntent, OrderState } from '../domain/order.js';
import type { SettingChange } from '../domain/settings-change.js';
import type { Signal, SignalName } from '../domain/signal.js';
import type { WaitingEntry } from './waiting-entry.js';

export interface Difference {
  readonly what: 'position' | 'order' | 'fill' | 'balance';
  readonly symbol: string;
  readonly ours: string;
  readonly venues: string;
  readonly rule: 'adopt' | 'flag' | 'correct' | 'halt';
}

/** One of the two trades of a crossing. */
interface CrossedTrade {
  readonly trade: string;
  readonly strategy: string;
  /** Why the trade ends, if this ends it. */
  readonly why: ExitReason;
}

export type EngineRecord =
  /**
   * First record of a journal; written again when the desk file, the account id or the incarnation changed, or market
   * time went back.
   */
  | {
      readonly type: 'config';
      readonly configHash: string;
      readonly desk: string;
      readonly symbols: readonly string[];
      /** As they were when this was written: a replay computes with the steps of that time. */
      readonly instruments: readonly Instrument[];
      /** Money units at the very first start; later starts repeat the same figure. */
      readonly startingCash: WrittenUnits;
      /**
       * Incarnation of the journal when this was written. Orders that carry it are ours, whatever becomes of the
       * journal.
       */
      readonly incarnation?: string;
      /** First record only: fills of the account before this venue time do not belong to this journal. */
      readonly historyBeginsMs?: number;
      /** Which account is traded. Left out: `paper`. */
      readonly account?: string;
      /** The venue's own id of that account. Left out: unknown at that time. */
      readonly accountId?: string;
      readonly marketMs: number;
    }
  | {
      readonly type: 'order.intended';
      readonly order: OrderIntent;
      /** Client id of the order that it replaces in one request. Left out: none. */
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
  /** The venue holds this order with a smaller quantity than was sent; filled lots are included. */
  | {
      readonly type: 'order.amended';
      readonly clientId: string;
      readonly quantityLots: number;
      readonly reason: string;
      readonly marketMs: number;
    }
  | { readonly type: 'fill'; readonly fill: Fill }
  /** Somebody else traded in the account; the fill is not the desk's. Reconciliation finds what it changed. */
  | { readonly type: 'fill.foreign'; readonly fill: Fill }
  /** Cash that moved without a trade, in the desk's currency. */
  | {
      readonly type: 'cash';
      readonly kind: CashKind;
      readonly currency: string;
      /** Money units, signed: the change of the balance. */
      readonly amount: WrittenUnits;
      /** The person, or the part of the desk, that explained it. */
      readonly by: string;
      /** `person`, or the venue's list and reference. */
      readonly source: string;
      /** The venue's own id of the movement, which is booked once. Null: a person or the desk explained it. */
      readonly movementId: string | null;
      readonly reason: string;
      /** What a person's explanation left unexplained. Left out: nothing. */
      readonly leaves?: WrittenUnits;
      /**
       * Of capital: equity before it, to which peak and day's start keep their proportion. Left out: a position had no
       * price, or an earlier build booked it; they move by the amount.
       */
      readonly equity?: number;
      readonly marketMs: number;
    }
  /** The value of a fee that could not be valued when it was paid: the oldest one in this asset. */
  | {
      readonly type: 'fee.valued';
      /** Null: its symbol was taken out of the desk file before. */
      readonly instrument: InstrumentId | null;
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
      /** Why people let the desk trade again, in their own words. Left out: nobody gave a reason. */
      readonly said?: readonly SaidReason[];
      /** By an approved go-live: `by` asked for it, and need not be one of those who approved. */
      readonly goLive?: true;
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
  /** A new trading day, by market time and the desk's day boundary. */
  | {
      readonly type: 'day';
      readonly dayStartMs: number;
      readonly startEquity: number;
      readonly marketMs: number;
    }
  /**
   * Equity at the start of the day, at a higher peak (at most once a market minute, and at each that matters
   * for the drawdown) and once an hour. Earlier builds recorded it each minute.
   */
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
  /** Settings changed while the desk ran, or were reset because the desk file was edited. */
  | {
      readonly type: 'settings';
      readonly version: number;
      readonly changes: readonly SettingChange[];
      /** Every key whose value differs from the desk file after the change. */
      readonly changed: Readonly<Record<string, DeclaredValue>>;
      /** The desk file's values for those keys. */
      readonly fileValues: Readonly<Record<string, DeclaredValue>>;
      readonly configHash: string;
      readonly by: string;
      readonly reason: string;
      readonly approvedBy: readonly string[];
      readonly marketMs: number;
    }
  /** The size factor from here on: the part of the full position size in use, in parts per million. */
  | {
      readonly type: 'size.factor';
      readonly sizeFactorPpm: number;
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  /** People approved trading real money in this size; a later grant replaces an earlier one. */
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
      /** Fills up to this market time are known and need not be read again. */
      readonly fillsThroughMs: number;
      readonly marketMs: number;
    }
  /** The venue's quantity differs from ours, and the rule is to adopt it. */
  | {
      readonly type: 'position.adopted';
      readonly instrument: InstrumentId;
      readonly quantityLots: number;
      readonly priceTicks: number;
      /** As in a fill. Left out: nothing is converted. */
      readonly rate?: number;
      readonly marketMs: number;
    }
  /**
   * The market has reached this many of a trade's targets, counted from the nearest; their parts are closed at the
   * market.
   */
  | {
      readonly type: 'target.reached';
      readonly instrument: InstrumentId;
      readonly trade: string;
      readonly targets: number;
      /** The price at which it could be closed then. */
      readonly priceTicks: number;
      readonly marketMs: number;
    }
  /** Where the protective stop of a trade belongs from here on; always nearer to the market than before. */
  | {
      readonly type: 'stop.moved';
      readonly instrument: InstrumentId;
      readonly trade: string;
      readonly stopTicks: number;
      /** `foundStop`: it rested at the venue, and the journal no longer knew of it nor of the trade's own. */
      readonly why: StopMover | 'foundStop';
      readonly marketMs: number;
    }
  /** A strategy changed the exit plan of its trade. */
  | {
      readonly type: 'exits.changed';
      readonly instrument: InstrumentId;
      readonly trade: string;
      /** The whole plan from here on. */
      readonly plan: ExitPlan;
      /** The targets are new, for what is left of the trade now; none of them is reached. */
      readonly targetsAnew: boolean;
      /**
       * Entries whose client id has a lower sequence were asked for before. Left out: the plan is as it was, or an
       * earlier build recorded it.
       */
      readonly askedAt?: number;
      readonly because: string;
      readonly marketMs: number;
    }
  /**
   * Two trades on opposite sides of one instrument were closed against each other, in full or in part, at the
   * mid of the last quote: no order was sent, and no fee was paid.
   */
  | {
      readonly type: 'trades.crossed';
      readonly instrument: InstrumentId;
      readonly quantityLots: number;
      /** Rounded down to a tick. */
      readonly priceTicks: number;
      /** As in a fill. Left out: nothing is converted. */
      readonly rate?: number;
      /** The long one, which sells. */
      readonly seller: CrossedTrade;
      /** The short one, which buys. */
      readonly buyer: CrossedTrade;
      readonly marketMs: number;
    }
  /** The outcome of a trade, for readers of the journal; written right after the record that closed it. */
  | {
      readonly type: 'trade.closed';
      readonly trade: string;
      readonly instrument: InstrumentId;
      readonly strategy: string;
      readonly side: 'long' | 'short';
      /** Everything that was bought for it (sold, for a short trade). */
      readonly quantityLots: number;
      /** Average prices in ticks, not rounded. `exitTicks` null: none of it was sold, fees took it. */
      readonly entryTicks: number | null;
      readonly exitTicks: number | null;
      /** After `fees`. Both are decimal text with every place of the books. */
      readonly result: string;
      readonly fees: string;
      /** What the first stops would have lost. Null: some of it was bought without a stop. */
      readonly risk: string | null;
      /** R multiple: `result` divided by `risk`. */
      readonly r: number | null;
      readonly why: ExitReason;
      /** Targets that the market had reached. Left out: none. */
      readonly targets?: number;
      /** Configuration that the desk traded by when the trade was opened. */
      readonly configHash: string;
      readonly openedMs: number;
      readonly marketMs: number;
    }
  /** How many coins in the account are not the desk's, as found or as a person said. */
  | {
      readonly type: 'coins.counted';
      readonly symbol: string;
      readonly coins: OthersCoins;
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  /** A person assigned coins that were nobody's to the desk. */
  | {
      readonly type: 'coins.claimed';
      readonly symbol: string;
      readonly quantityLots: number;
      /** What one coin cost. */
      readonly costTicks: number;
      /** Value at the bid at that moment: equity grows by it. */
      readonly value: number;
      /** As of a cash record. */
      readonly equity?: number;
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  /** A stock was split: from here on the position and all its prices are in new shares. */
  | {
      readonly type: 'split';
      /** Id of the command; the venue applies each action once. */
      readonly actionId: string;
      readonly instrument: InstrumentId;
      /** This many new shares for `denominator` old ones. */
      readonly numerator: number;
      readonly denominator: number;
      /** The whole position afterwards. */
      readonly quantityLots: number;
      /** The price after the split at which fractions of a lot are paid out. */
      readonly priceTicks: number;
      /** Money units, signed: what was paid out. */
      readonly inLieu: WrittenUnits;
      /** The venue had already split the position. Left out: the desk tells it to. */
      readonly byVenue?: true;
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  /** A stock paid a dividend on the position: cash, and a result of the trade. */
  | {
      readonly type: 'dividend';
      readonly actionId: string;
      readonly instrument: InstrumentId;
      /** Decimal, in the quote currency. */
      readonly perShare: string;
      /** Money units, signed: a short position pays it. */
      readonly amount: WrittenUnits;
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    }
  /** How long a position had no resting stop, by the monotonic clock. */
  | {
      readonly type: 'stop.gap';
      readonly symbol: string;
      readonly ms: number;
      readonly why: StopGapCause;
      /** How the gap ended: a stop rests again, or the position is closed. */
      readonly ended: 'protected' | 'closed';
      readonly marketMs: number;
    }
  /** An entry that has no order yet. */
  | { readonly type: 'entry.waits'; readonly entry: WaitingEntry; readonly marketMs: number }
  /**
   * It no longer waits. `due`: its moment has come, and the next record is the gate's answer to its order;
   * `dropped`: it never becomes one.
   */
  | {
      readonly type: 'entry.over';
      readonly clientId: string;
      readonly instrument: InstrumentId;
      readonly strategy: string;
      readonly outcome: 'due' | 'dropped';
      readonly reason: string;
      readonly marketMs: number;
    }
  /** A signal from outside, or an edit of one, that was accepted; records of what it causes follow. */
  | { readonly type: 'signal'; readonly signal: Signal; readonly by: string; readonly marketMs: number }
  | ({
      readonly type: 'signal.withdrawn';
      readonly by: string;
      readonly reason: string;
      readonly marketMs: number;
    } & Pick<SignalName, 'source' | 'id'>)
  /** The signal is not traded: refused on arrival, or by the strategy that it was shown to. */
  | ({
      readonly type: 'signal.refused';
      readonly limit: string;
      readonly reason: string;
      /** Null: the desk itself refused it. */
      readonly strategy: string | null;
      readonly marketMs: number;
    } & SignalName)
  /** One line in plain words for the activity list ("BTC/USDT: fast average crossed above slow; …"). */
  | {
      readonly type: 'note';
      readonly level: 'info' | 'warn' | 'alarm';
      readonly text: string;
      readonly strategy: string | null;
      readonly symbol: string | null;
      /** The venue has corrected a booked trade: which, in words. */
      readonly correction?: string;
      /** A strategy's change of its exits was refused: its reason for the change, and why. */
      readonly refusedChange?: { readonly because: string; readonly why: string };
      readonly marketMs: number;
    };

/** A record as stored in the journal. */
export interface JournalEntry {
  readonly incarnation: string;
  readonly sequence: number;
  readonly wallMs: number;
  /** Milliseconds since the writing process began. Null: unknown. Left out in format v1. */
  readonly monotonicMs?: number | null;
  readonly record: EngineRecord;
  /** Hex SHA-256 over the previous chain value and the record's commit group; in format v1 over its own JSON. */
  readonly chain: string;
  /** First and last sequence of its commit group. Left out in format v1. */
  readonly group?: { readonly first: number; readonly last: number };
}

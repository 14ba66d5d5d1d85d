/**
 * Defines a limit: declared once, in its own file and a line of the registry. The desk file's schema, the
 * settings of the running desk, the gate, the status and the documents are derived from it. The auditor
 * judges some of them with its own code (`src/auditor/limit-watch.ts`).
 */
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { Mode } from '../domain/mode.js';
import type { OrderIntent } from '../domain/order.js';
import type { OrderCapabilities } from '../domain/order-bounds.js';

/**
 * Holdings in one instrument, in money units at the last quotes. NaN without a quote: any sum with it
 * refuses.
 */
export interface Holding {
  readonly instrument: InstrumentId;
  /** Signed: long is positive. */
  readonly worth: number;
  /** Unsigned, opposite trades added. Left out: the same as `worth`. */
  readonly gross?: number;
  /** Live entries, by side. */
  readonly buying: number;
  readonly selling: number;
  /** Positions and entries by the strategy that owns them, unsigned. */
  readonly byStrategy: ReadonlyMap<string, number>;
}

/** One wish for an order, and what the desk knows at that moment. */
export interface RiskCheck {
  readonly intent: OrderIntent;
  /** Its amounts are in the desk's currency. */
  readonly instrument: Instrument;
  readonly mode: Mode;
  /** Real money is traded, and no go-live is in force. */
  readonly needsGoLive: boolean;
  /**
   * A close-all is under way, a person closes the position, or no stop can protect it: closing orders are then allowed
   * while halted.
   */
  readonly closing: boolean;
  /** Signed lots held now. Side by side: of the trades that the order adds to or reduces. */
  readonly positionLots: number;
  /** Lots of live entries on this instrument. Side by side: of those on the order's side. */
  readonly restingEntryLots: number;
  /** Stop orders of this instrument that its trades and live entries need, this entry included. */
  readonly stopsNeeded: () => number;
  /** Other instruments with a position or a live entry. */
  readonly otherOpenPositions: number;
  /** Money units; positions at the last quotes. */
  readonly equity: number;
  readonly dailyFloor: number;
  readonly drawdownFloor: number;
  /** Milliseconds since this instrument's last quote. Null: there was none. */
  readonly quoteAgeMs: number | null;
  /**
   * Milliseconds for which this instrument's quote has kept arriving unchanged while its market is open;
   * counted only if a limit uses it. Null: there was none.
   */
  readonly quoteUnchangedMs: number | null;
  readonly bidTicks: number;
  readonly askTicks: number;
  readonly venueBreaker: 'closed' | 'open' | 'halfOpen';
  /** Why trading hours, or the end of its contract, allow no entry. Null: they do. */
  readonly session: string | null;
  /** Why the venue takes no entry in this instrument. Null: it does. */
  readonly closed: string | null;
  /** Why fees have no value. Null: each has one. */
  readonly openFees: string | null;
  /** Why amounts of the instrument have no known worth in the desk's currency. Null: they have. */
  readonly unconverted: string | null;
  /** Size factor: parts per million of the full position size. */
  readonly sizeFactorPpm: number;
  /** By its name. */
  readonly venue: string;
  /** Of the instrument. */
  readonly capabilities: OrderCapabilities;
  /** Trades that lost in a row since the day began. */
  readonly lossesInARow: number;
  /** Computed only for the limits that need it. */
  readonly holdings: () => readonly Holding[];
  readonly entriesLastMinute: () => number;
  /**
   * Milliseconds of market time since the newest entry of the same strategy, instrument, side and price was sent. Null:
   * none is known.
   */
  readonly sameEntryAgeMs: () => number | null;
  /** Volatility of this instrument over a minute, in percent. Null: not enough minutes were seen. */
  readonly volatilityPct: () => number | null;
  /** Correlation of this instrument's returns with another's. Null: unknown. */
  readonly correlation: (other: InstrumentId) => number | null;
}

export interface Denial {
  readonly limit: string;
  /** A sentence for a person who asks why. */
  readonly reason: string;
}

/** The figures that readings are built from, in money units. */
export interface AccountView {
  readonly equity: number;
  readonly dayStartEquity: number;
  readonly peakEquity: number;
  /** Age of the newest quote of any instrument. Null: there was none yet. */
  readonly quoteAgeMs: number | null;
  readonly openPositions: number;
  readonly largestPosition: number;
  /** Size factor, as of `RiskCheck`. */
  readonly sizeFactorPpm: number;
  /** Decimal places of its amounts in words. */
  readonly places: number;
  readonly lossesInARow: number;
  readonly holdings: () => readonly Holding[];
  readonly entriesLastMinute: () => number;
  /** By instrument, as `quoteUnchangedMs`. */
  readonly unchangedQuotes: () => readonly { readonly symbol: string; readonly unchangedMs: number | null }[];
  /** Volatility of the instrument that moves most. */
  readonly volatilityPct: () => number | null;
}

/** Why nothing is entered, for a person who asks why the desk does not trade. */
export interface WaitingReason {
  /** `desk`, a strategy's name or a symbol. */
  readonly subject: string;
  readonly reason: string;
  /** What must happen first. */
  readonly waitsFor: string;
}

export type QuotesView = Pick<AccountView, 'unchangedQuotes'>;

/** Input to a limit that may block every entry. */
export interface EntryView extends AccountView {
  /** Worth of one more position of the desk's size, in money units. */
  readonly largestEntry: number;
  readonly volatilities: () => readonly { readonly symbol: string; readonly volatilityPct: number | null }[];
}

/**
 * A rule of the gate that does not depend on the desk file. Null approves; a rule that can't decide denies.
 */
export interface Rule {
  readonly setting: null;
  readonly judge: (check: RiskCheck) => Denial | null;
}

/** What a desk file without the key means: the limit is off, the file is refused, or this number applies. */
export type LeftOut = 'off' | 'refused' | number;

/** A number in the desk file's `risk`. */
export interface LimitSetting<Key extends string = string, Without extends LeftOut = LeftOut> {
  readonly key: Key;
  /** `meaning` describes the setting in a few words, `reference` the key in the desk file's reference. */
  readonly meaning: string;
  readonly reference: string;
  readonly unit: string;
  readonly whole: boolean;
  readonly min: number;
  readonly max: number;
  /**
   * The maximum if the desk trades anything bought for cash (spot, stocks). Left out: `max` applies to all.
   */
  readonly maxForCash?: number;
  /** The desk file accepts everything above this, even if it is below `min`. */
  readonly above?: number;
  /** The direction in which the limit only ever refuses more. */
  readonly tighter: 'lower' | 'higher';
  /** A new limit must be `off`: a default would change the hash of every desk, which permissions name. */
  readonly leftOut: Without;
}

export interface Limit<Key extends string = string, Without extends LeftOut = LeftOut> {
  readonly setting: LimitSetting<Key, Without>;
  /** `name`: in the status. `title`: on the page. */
  readonly name: string;
  readonly title: string;
  /** It needs `volatilityPct` or `correlation`, which are measured only if such a limit is set. */
  readonly measuresReturns?: true;
  /** It needs `quoteUnchangedMs`, which is counted only if such a limit is set. */
  readonly watchesQuotes?: true;
  /** Called for entries only. Null approves; a limit that can't decide denies. */
  readonly judge: (check: RiskCheck, value: number) => Denial | null;
  /** Why it allows no entry at all now. Left out: what it refuses depends on the order. */
  readonly waits?: (view: EntryView, value: number) => readonly WaitingReason[];
  /**
   * Of these, what people are notified of as it begins. It depends on nothing but how long quotes have repeated
   * themselves, so a backtest need not ask at each price. Left out: nothing; it is only shown.
   */
  readonly tells?: (view: QuotesView, value: number) => readonly WaitingReason[];
  /** The allowed and the present value, with unit, for people. */
  readonly reading: (account: AccountView, value: number) => { readonly value: string; readonly now: string };
}

/** Keeps the name of the key in the type, and whether it may be left out. */
export function limit<const Key extends string, const Without extends LeftOut>(
  declared: Limit<Key, Without>,
): Limit<Key, Without> {
  return declared;
}

/** A percentage for which every smaller value refuses more. */
export const PERCENT = { unit: '%', whole: false, min: 0.01, max: 100, above: 0, tighter: 'lower' } as const;

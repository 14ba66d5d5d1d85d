/**
 * What a limit is: declared once, in a file of its own and a line of the registry. The desk file's schema, the settings
 * of the running desk, the gate, the status, the auditor and the documents follow from it.
 */
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { Mode } from '../domain/mode.js';
import type { OrderIntent } from '../domain/order.js';
import type { VenueCapabilities } from '../domain/venue.js';

/** Of one instrument; money units at the last quotes. NaN where there is no quote: such a sum refuses. */
export interface Holding {
  readonly instrument: InstrumentId;
  /** Signed: long is positive. */
  readonly worth: number;
  /** Entries that are not final, by side. */
  readonly buying: number;
  readonly selling: number;
  /** Positions and entries by whose they are, without sign. */
  readonly byStrategy: ReadonlyMap<string, number>;
}

/** One wish for an order, and what the desk knows at that moment. */
export interface RiskCheck {
  readonly intent: OrderIntent;
  readonly instrument: Instrument;
  readonly mode: Mode;
  /** Real money, and no go-live that people approved is in force. */
  readonly needsGoLive: boolean;
  /** A close-all is under way, or the position can't be protected: what may reduce while halted. */
  readonly closing: boolean;
  /** Signed lots held now. */
  readonly positionLots: number;
  /** Lots of entries on this instrument that are not final. */
  readonly restingEntryLots: number;
  /** Other instruments with a position or with an entry that is not final. */
  readonly otherOpenPositions: number;
  /** Money units, positions at the last quotes. */
  readonly equity: number;
  readonly dailyFloor: number;
  readonly drawdownFloor: number;
  /** Milliseconds since this instrument's last quote; null: never. */
  readonly quoteAgeMs: number | null;
  readonly bidTicks: number;
  readonly askTicks: number;
  readonly venueBreaker: 'closed' | 'open' | 'halfOpen';
  /** Why the hours of its market allow no entry; null: they do. */
  readonly session: string | null;
  /** Why the venue takes no entry in this instrument; null: it does. */
  readonly closed: string | null;
  /** Why fees have no value; null: each has. */
  readonly openFees: string | null;
  /** Parts per million of the desk file's position size. */
  readonly sizeFactorPpm: number;
  readonly capabilities: VenueCapabilities;
  /** Trades in a row that lost, since the day began. */
  readonly lossesInARow: number;
  /** Asked for by the limits that need it: worked out for nobody else. */
  readonly holdings: () => readonly Holding[];
  readonly entriesLastMinute: () => number;
  /** Of this instrument in a minute, percent; null: not enough minutes were seen. */
  readonly volatilityPct: () => number | null;
  /** Of this instrument's returns with another's; null: not known. */
  readonly correlation: (other: InstrumentId) => number | null;
}

export interface Denial {
  readonly limit: string;
  /** A sentence for the person who asks why. */
  readonly reason: string;
}

/** What the readings are made of. Money units. */
export interface AccountView {
  readonly equity: number;
  readonly dayStartEquity: number;
  readonly peakEquity: number;
  /** Of the newest quote of any instrument; null: there was none yet. */
  readonly quoteAgeMs: number | null;
  readonly openPositions: number;
  readonly largestPosition: number;
  readonly lossesInARow: number;
  readonly holdings: () => readonly Holding[];
  readonly entriesLastMinute: () => number;
  /** Of the instrument that moves most. */
  readonly volatilityPct: () => number | null;
}

/** Why nothing is entered, for whoever asks why the desk does not trade. */
export interface WaitingReason {
  /** `desk`, a strategy's name or a symbol. */
  readonly subject: string;
  readonly reason: string;
  /** What would have to happen. */
  readonly waitsFor: string;
}

/** What a limit is asked that may stand in the way of every entry. */
export interface EntryView extends AccountView {
  /** Worth of one more position of the desk's size, money units. */
  readonly largestEntry: number;
  readonly volatilities: () => readonly { readonly symbol: string; readonly volatilityPct: number | null }[];
}

/** What the gate asks, whatever the desk file says. Null approves; one that can't tell denies. */
export interface Rule {
  readonly setting: null;
  readonly judge: (check: RiskCheck) => Denial | null;
}

/** What a desk file without the key means: that it does not count, that the file is refused, or this number. */
export type LeftOut = 'off' | 'refused' | number;

/** A number of the desk file's `risk`. */
export interface LimitSetting<Key extends string = string, Without extends LeftOut = LeftOut> {
  readonly key: Key;
  /** Of the setting, in a few words; and of the key, in the desk file's reference. */
  readonly meaning: string;
  readonly reference: string;
  readonly unit: string;
  readonly whole: boolean;
  readonly min: number;
  readonly max: number;
  /** Most where anything of the desk is bought for cash, spot and stocks; left out: `max` holds for all. */
  readonly maxForCash?: number;
  /** The desk file takes everything above this, where that is less than `min`. */
  readonly above?: number;
  /** In which direction it only ever refuses more. */
  readonly tighter: 'lower' | 'higher';
  /** A limit that is new is `off`: a default would be part of the hash of every desk, which permissions name. */
  readonly leftOut: Without;
}

export interface Limit<Key extends string = string, Without extends LeftOut = LeftOut> {
  readonly setting: LimitSetting<Key, Without>;
  /** Of its reading in the status; for the page, `title`. */
  readonly name: string;
  readonly title: string;
  /** It asks for `volatilityPct` or `correlation`: they are measured where such a limit is set, else never known. */
  readonly measuresReturns?: true;
  /** Of an entry: nothing else is asked. Null approves; one that can't tell denies. */
  readonly judge: (check: RiskCheck, value: number) => Denial | null;
  /** Why it takes no entry at all now; left out: what it refuses depends on the order. */
  readonly waits?: (view: EntryView, value: number) => readonly WaitingReason[];
  /** What is allowed and what is, with unit, as people read it. */
  readonly reading: (account: AccountView, value: number) => { readonly value: string; readonly now: string };
}

/** Keeps in the type how the key is called, and whether it may be left out. */
export function limit<const Key extends string, const Without extends LeftOut>(
  declared: Limit<Key, Without>,
): Limit<Key, Without> {
  return declared;
}

/** A percentage of which every smaller one refuses more. */
export const PERCENT = { unit: '%', whole: false, min: 0.01, max: 100, above: 0, tighter: 'lower' } as const;

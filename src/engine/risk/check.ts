/** What every limit looks at, and what it answers. */
import type { Instrument } from '../../domain/instrument.js';
import type { Mode } from '../../domain/mode.js';
import type { OrderIntent } from '../../domain/order.js';
import type { VenueCapabilities } from '../../domain/venue.js';
import type { RiskNumbers } from '../config.js';

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
  /** Wall milliseconds since this instrument's last quote; null: never. */
  readonly quoteAgeMs: number | null;
  readonly bidTicks: number;
  readonly askTicks: number;
  readonly staleMs: number;
  readonly venueBreaker: 'closed' | 'open' | 'halfOpen';
  /** Why the venue takes no entry in this instrument; null: it does. */
  readonly closed: string | null;
  /** Why fees have no value; null: each has. */
  readonly openFees: string | null;
  /** Parts per million of the desk file's position size. */
  readonly sizeFactorPpm: number;
  readonly risk: RiskNumbers;
  readonly capabilities: VenueCapabilities;
}

export interface Denial {
  readonly limit: string;
  /** A sentence for the person who asks why. */
  readonly reason: string;
}

/** Null approves. A limit that can't tell denies. */
export type RiskLimit = (check: RiskCheck) => Denial | null;

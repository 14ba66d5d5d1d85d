/** Everything that can happen to the engine. Time comes in with each event; the core reads no clock. */
import type { CashKind } from '../domain/cash.js';
import type { CoinOwner } from '../domain/coins.js';
import type { DeclaredValue } from '../domain/declared-value.js';
import type { GoLiveGrant } from '../domain/go-live.js';
import type { InstrumentId } from '../domain/instrument.js';
import type { HaltCause, ResumeRule, SaidReason } from '../domain/mode.js';
import type { Units } from '../domain/money.js';
import type { Fill, Side } from '../domain/order.js';
import type { SignalName, SignalRequest } from '../domain/signal.js';
import type {
  CashMovement,
  ClosedInstrument,
  QuantityLimits,
  VenueOrder,
  VenuePosition,
} from '../domain/venue.js';

/** The three times of an event, in milliseconds. */
export interface Stamp {
  /** Of the machine, since 1970, UTC: for people, decisions and their expiry. Others may set it. */
  readonly wallMs: number;
  /** Of the market, since 1970, UTC: drives days, bars and sessions. */
  readonly marketMs: number;
  /** Since any fixed moment of this run; never goes back, nobody can set it: drives every deadline and staleness. */
  readonly monotonicMs: number;
}

export interface QuoteEvent extends Stamp {
  readonly kind: 'quote';
  readonly instrument: InstrumentId;
  readonly bidTicks: number;
  readonly askTicks: number;
}

/** What somebody traded at the market. No price is taken from it: strategies that listen to trades are told of it. */
export interface TradeEvent extends Stamp {
  readonly kind: 'trade';
  readonly instrument: InstrumentId;
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** Who crossed the spread; null: it was not told. */
  readonly taker: Side | null;
}

/**
 * A finished bar. `warmup` bars come before trading and never cause an order. `late`: a newer one has ended since; a
 * strategy may leave on it, not enter.
 */
export interface BarEvent extends Stamp {
  readonly kind: 'bar';
  readonly instrument: InstrumentId;
  readonly openMs: number;
  readonly spanMs: number;
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
  readonly warmup: boolean;
  readonly late?: boolean;
}

/** One consistent reading of the venue: the answer to `requestSnapshot`. */
export interface VenueSnapshot {
  readonly requestId: number;
  /** Venue's time when this reading began, where it knows one. */
  readonly asOfMs?: number;
  /** The venue's own id of the account that was read. */
  readonly accountId?: string;
  readonly positions: readonly VenuePosition[];
  readonly openOrders: readonly VenueOrder[];
  /** Fills since the last one that the engine knew when it asked. */
  readonly fills: readonly Fill[];
  /** Cash or wallet balance of the quote currency in money units; null where the venue has no such figure. */
  readonly cash: number | Units | null;
  /** What the venue itself lists of cash that moved; left out where it was not asked or can't say. */
  readonly movements?: readonly CashMovement[];
  /** Lists of such movements that it could not be read from, each with why. */
  readonly movementsUnread?: readonly string[];
  /** Reading them takes longer: a later reading has them. */
  readonly movementsUnfinished?: boolean;
  /** As far as the venue has named them; left out where it names none. */
  readonly quantityLimits?: readonly QuantityLimits[];
  /** In which nothing can be entered; none where left out. */
  readonly closedInstruments?: readonly ClosedInstrument[];
}

export type Command =
  | { readonly name: 'stop'; readonly cause?: HaltCause; readonly resume?: ResumeRule }
  | { readonly name: 'closeAll' }
  /** One position at the market, in every mode; the desk goes on as it was. */
  | { readonly name: 'closePosition'; readonly symbol: string }
  /** Entries only: a stop protects, and what closes a position is asked for again. */
  | { readonly name: 'cancelEntry'; readonly clientId: string }
  | { readonly name: 'kill' }
  /** `rule`: who allowed it was already verified by the trader (MAC or desk-file rule); the engine checks halt id, hash and causes. */
  | {
      readonly name: 'arm';
      readonly haltId: string;
      readonly configHash: string;
      readonly authority: 'rule' | 'person' | 'two-people';
      /** The position size that the people who decided chose; left out: as it is. */
      readonly sizeFactorPpm?: number;
      /** Why, in their own words; left out: nobody gave a reason. */
      readonly said?: readonly SaidReason[];
    }
  /** `authorised`: the trader has verified a person's decision for exactly this; else it may only go down. */
  | { readonly name: 'resize'; readonly sizeFactorPpm: number; readonly authorised: boolean }
  /** `grant`: the trader has verified that these people approved exactly this. */
  | {
      readonly name: 'goLive';
      readonly grant: GoLiveGrant;
      readonly authority: 'person' | 'two-people';
    }
  | { readonly name: 'revokeGoLive' }
  | { readonly name: 'reduce' }
  /** Whose the coins are that no trade explains. `cost`: decimal, of one coin, where they are the desk's. */
  | {
      readonly name: 'claimCoins';
      readonly symbol: string;
      readonly owner: CoinOwner;
      readonly cost: string | null;
    }
  | { readonly name: 'toggle'; readonly strategy: string; readonly enabled: boolean }
  | { readonly name: 'reconcile' }
  /** From outside: recorded before anything acts on it. */
  | { readonly name: 'signal'; readonly signal: SignalRequest }
  /** All revisions of it, and those still to come; in every mode. */
  | ({ readonly name: 'withdrawSignal' } & Pick<SignalName, 'source' | 'id'>)
  /** `amount`: money units, signed. Explains a difference in cash that was found, or a part of it. */
  | { readonly name: 'explainCash'; readonly kind: CashKind; readonly amount: Units }
  /** `approvedBy`: whose approvals the trader has verified for exactly this change; none: it may only tighten. */
  | {
      readonly name: 'reload';
      readonly baseVersion: number;
      readonly values: Readonly<Record<string, DeclaredValue>>;
      readonly approvedBy: readonly string[];
    };

export interface CommandEvent extends Stamp {
  readonly kind: 'command';
  readonly commandId: string;
  readonly by: string;
  readonly reason: string;
  readonly command: Command;
}

export type EngineEvent =
  | QuoteEvent
  | TradeEvent
  | BarEvent
  | CommandEvent
  /** Sent at `nextWakeMs` or at least every second: deadlines, staleness, day roll. */
  | ({ readonly kind: 'tick' } & Stamp)
  | ({ readonly kind: 'order.accepted'; readonly clientId: string; readonly venueId: string } & Stamp)
  | ({
      readonly kind: 'order.rejected';
      readonly clientId: string;
      readonly code: string;
      readonly text: string;
      /** A stop whose trigger price the market has passed already. */
      readonly wouldTrigger?: boolean;
    } & Stamp)
  | ({ readonly kind: 'order.sendUnknown'; readonly clientId: string; readonly cause: string } & Stamp)
  | ({ readonly kind: 'order.lookup'; readonly clientId: string; readonly found: VenueOrder | null } & Stamp)
  | ({ readonly kind: 'order.lookupFailed'; readonly clientId: string; readonly cause: string } & Stamp)
  /** The venue's stream says how an order stands, asked or not. */
  | ({ readonly kind: 'order.update'; readonly order: VenueOrder } & Stamp)
  | ({ readonly kind: 'order.cancelled'; readonly clientId: string } & Stamp)
  | ({
      readonly kind: 'order.cancelRejected';
      readonly clientId: string;
      readonly code: string;
      readonly text: string;
    } & Stamp)
  | ({ readonly kind: 'order.expired'; readonly clientId: string } & Stamp)
  | ({ readonly kind: 'order.amended'; readonly clientId: string; readonly quantityLots: number } & Stamp)
  /** It rests as it was. */
  | ({
      readonly kind: 'order.amendRejected';
      readonly clientId: string;
      readonly code: string;
      readonly text: string;
    } & Stamp)
  /** `replaced` is cancelled, and this order rests in its place. */
  | ({
      readonly kind: 'order.replaced';
      readonly clientId: string;
      readonly replaced: string;
      readonly venueId: string;
    } & Stamp)
  /** The new order was refused, or not sent; `old`: what became of `replaced`. */
  | ({
      readonly kind: 'order.replaceRejected';
      readonly clientId: string;
      readonly replaced: string;
      readonly old: 'rests' | 'cancelled' | 'notOpen';
      readonly code: string;
      readonly text: string;
      readonly wouldTrigger?: boolean;
    } & Stamp)
  | ({ readonly kind: 'fill'; readonly fill: Fill } & Stamp)
  | ({
      readonly kind: 'venue.health';
      readonly state: 'up' | 'down';
      readonly detail: string;
    } & Stamp)
  /** The circuit breaker of the venue's API changed. */
  | ({
      readonly kind: 'venue.breaker';
      readonly state: 'closed' | 'open' | 'halfOpen';
      readonly detail: string;
    } & Stamp)
  | ({ readonly kind: 'venue.snapshot'; readonly snapshot: VenueSnapshot } & Stamp)
  | ({ readonly kind: 'venue.snapshotFailed'; readonly requestId: number; readonly cause: string } & Stamp)
  | ({ readonly kind: 'clock.jump'; readonly gapMs: number } & Stamp)
  | ({ readonly kind: 'heartbeat.lost'; readonly which: 'process' | 'operations' | 'supervisor' } & Stamp)
  | ({ readonly kind: 'journal.fault'; readonly detail: string } & Stamp)
  | ({ readonly kind: 'feed.ended'; readonly detail: string } & Stamp);

/** Everything that can happen to the engine. Each event brings its time; the core reads no clock. */
import type { CashKind, CoinOwner } from '../domain/cash-and-coins.js';
import type { CorporateAction } from '../domain/corporate-action.js';
import type { DeclaredValue } from '../domain/declared-value.js';
import type { GoLiveGrant } from '../domain/go-live-terms.js';
import type { InstrumentId } from '../domain/instrument.js';
import type { HaltWhy, HeardSide, SaidReason } from '../domain/mode.js';
import type { Units } from '../domain/money.js';
import type { Fill, Side } from '../domain/order.js';
import type { FinishedBar } from '../domain/quote-columns.js';
import type { SignalName, SignalRequest } from '../domain/signal.js';
import type {
  CashMovement,
  ClosedInstrument,
  FixedOrders,
  QuantityLimits,
  TradeCorrection,
  VenueOrder,
  VenuePosition,
} from '../domain/venue.js';

/** The three times of an event, in milliseconds. */
export interface Stamp {
  /** Of the machine, since 1970, UTC: for people, decisions and their expiry. It may be set back or forward. */
  readonly wallMs: number;
  /** Of the market, since 1970, UTC: drives days, bars and sessions. */
  readonly marketMs: number;
  /** Since an arbitrary moment of this run. Never goes back and can't be set: drives deadlines and staleness. */
  readonly monotonicMs: number;
}

export interface QuoteEvent extends Stamp {
  readonly kind: 'quote';
  readonly instrument: InstrumentId;
  readonly bidTicks: number;
  readonly askTicks: number;
  /** Only `QuoteChanges` reads the sizes. Left out: the source reports none. */
  readonly bidLots?: number;
  readonly askLots?: number;
}

/** Someone else's trade in the market. It sets no price; strategies that listen to trades are shown it. */
export interface TradeEvent extends Stamp {
  readonly kind: 'trade';
  readonly instrument: InstrumentId;
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** Who crossed the spread. Null: unknown. */
  readonly taker: Side | null;
}

/**
 * A finished bar. `warmup` bars come before trading and never cause an order. `late`: a newer bar has ended since, so
 * a strategy may exit on it but not enter.
 */
export interface BarEvent extends Stamp, FinishedBar {
  readonly kind: 'bar';
  readonly instrument: InstrumentId;
  readonly warmup: boolean;
  readonly late?: boolean;
}

/** One consistent reading of the venue: the answer to `requestSnapshot`. */
export interface VenueSnapshot {
  readonly requestId: number;
  /** Venue time at which this snapshot began, if the venue has one. */
  readonly asOfMs?: number;
  /** The venue's own id of the account that was read. */
  readonly accountId?: string;
  readonly positions: readonly VenuePosition[];
  readonly openOrders: readonly VenueOrder[];
  /** Fills from the request's `sinceTradeMs` on; known ones may be among them. */
  readonly fills: readonly Fill[];
  /** Cash or wallet balance of the quote currency in money units. Null: the venue has no such figure. */
  readonly cash: number | Units | null;
  /** Cash movements as listed by the venue. Left out: they were not requested, or the venue lists none. */
  readonly movements?: readonly CashMovement[];
  /** Lists of cash movements that could not be read, each with the reason. */
  readonly movementsUnread?: readonly string[];
  /** Reading the movements takes longer; a later snapshot will have them. */
  readonly movementsUnfinished?: boolean;
  /** As far as the venue reports them. Left out: it reports none. */
  readonly quantityLimits?: readonly QuantityLimits[];
  /**
   * Instruments whose orders the venue can change in fewer ways than its capabilities say. Left out: none.
   */
  readonly fixedOrders?: readonly FixedOrders[];
  /** Instruments that can't be entered now. Left out: none. */
  readonly closedInstruments?: readonly ClosedInstrument[];
}

export type Command =
  /** `why` left out: a person's stop, lifted as the desk file says. */
  | { readonly name: 'stop'; readonly why?: HaltWhy }
  | { readonly name: 'closeAll' }
  /** Closes one position at the market, in every mode; nothing else changes. */
  | { readonly name: 'closePosition'; readonly symbol: string }
  /** Cancels entries only. Stops protect, and a cancelled closing order would only be sent again. */
  | { readonly name: 'cancelEntry'; readonly clientId: string }
  | { readonly name: 'kill' }
  /**
   * `authority`: the trader has already verified who allowed it (MAC or rule of the desk file). The engine checks
   * halt id, hash and causes.
   */
  | {
      readonly name: 'arm';
      readonly haltId: string;
      readonly configHash: string;
      readonly authority: 'rule' | 'person' | 'two-people';
      /** The position size chosen by the people who decided. Left out: unchanged. */
      readonly sizeFactorPpm?: number;
      /** Why, in their own words. Left out: nobody gave a reason. */
      readonly said?: readonly SaidReason[];
    }
  /**
   * `authorised`: the trader has verified a person's decision for exactly this change. Otherwise the size may only
   * shrink.
   */
  | { readonly name: 'resize'; readonly sizeFactorPpm: number; readonly authorised: boolean }
  /** `grant`: the trader has verified that these people approved exactly this. */
  | {
      readonly name: 'goLive';
      readonly grant: GoLiveGrant;
      readonly authority: 'person' | 'two-people';
    }
  | { readonly name: 'revokeGoLive' }
  /** Says who owns the coins that no trade explains. `cost`: decimal, for one coin, if they are the desk's. */
  | {
      readonly name: 'claimCoins';
      readonly symbol: string;
      readonly owner: CoinOwner;
      readonly cost: string | null;
    }
  | { readonly name: 'toggle'; readonly strategy: string; readonly enabled: boolean }
  | { readonly name: 'reconcile' }
  /** A signal from outside. It is recorded before anything acts on it. */
  | { readonly name: 'signal'; readonly signal: SignalRequest }
  /** Withdraws all revisions of a signal, including those still to come. Allowed in every mode. */
  | ({ readonly name: 'withdrawSignal' } & Pick<SignalName, 'source' | 'id'>)
  /**
   * A stock is split or has paid a dividend. `timed`: a backtest applies it exactly between the last price
   * before it and the first one after it. Otherwise a split is applied only while the market is closed or the
   * desk is halted.
   */
  | { readonly name: 'corporateAction'; readonly action: CorporateAction; readonly timed?: true }
  /** What looks like a split at the venue is not one: somebody traded. The venue's quantity then counts. */
  | { readonly name: 'noSplit'; readonly symbol: string }
  /** Explains a difference in cash, or a part of it. `amount`: money units, signed. */
  | { readonly name: 'explainCash'; readonly kind: CashKind; readonly amount: Units }
  /**
   * `approvedBy`: people whose approval of exactly this change the trader has verified. None: the change may only
   * tighten.
   */
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

/** Sent at `nextWakeMs` or at least every second; drives deadlines, staleness and the day boundary. */
export interface TickEvent extends Stamp {
  readonly kind: 'tick';
}

export type EngineEvent =
  | QuoteEvent
  | TradeEvent
  | BarEvent
  | CommandEvent
  | TickEvent
  | ({ readonly kind: 'order.accepted'; readonly clientId: string; readonly venueId: string } & Stamp)
  | ({
      readonly kind: 'order.rejected';
      readonly clientId: string;
      readonly code: string;
      readonly text: string;
      /** A stop whose trigger price the market has already passed. */
      readonly wouldTrigger?: boolean;
      /** A post-only order that the market would have filled at once. */
      readonly wouldTake?: boolean;
    } & Stamp)
  | ({ readonly kind: 'order.sendUnknown'; readonly clientId: string; readonly cause: string } & Stamp)
  | ({ readonly kind: 'order.lookup'; readonly clientId: string; readonly found: VenueOrder | null } & Stamp)
  | ({ readonly kind: 'order.lookupFailed'; readonly clientId: string; readonly cause: string } & Stamp)
  /** The venue's report on an order, requested or not. */
  | ({ readonly kind: 'order.update'; readonly order: VenueOrder } & Stamp)
  | ({ readonly kind: 'order.cancelled'; readonly clientId: string } & Stamp)
  | ({
      readonly kind: 'order.cancelRejected';
      readonly clientId: string;
      readonly code: string;
      readonly text: string;
    } & Stamp)
  | ({ readonly kind: 'order.amended'; readonly clientId: string; readonly quantityLots: number } & Stamp)
  /** The amend was refused; the order rests unchanged. */
  | ({
      readonly kind: 'order.amendRejected';
      readonly clientId: string;
      readonly code: string;
      readonly text: string;
    } & Stamp)
  /** The replace succeeded: `replaced` is cancelled and this order rests in its place. */
  | ({
      readonly kind: 'order.replaced';
      readonly clientId: string;
      readonly replaced: string;
      readonly venueId: string;
    } & Stamp)
  /** The new order was refused or not sent. `old`: what became of `replaced`. `tooMany`: cancel that first. */
  | ({
      readonly kind: 'order.replaceRejected';
      readonly clientId: string;
      readonly replaced: string;
      readonly old: 'rests' | 'cancelled' | 'notOpen';
      readonly code: string;
      readonly text: string;
      readonly wouldTrigger?: boolean;
      readonly tooMany?: boolean;
    } & Stamp)
  | ({ readonly kind: 'fill'; readonly fill: Fill } & Stamp)
  /** Cash that moves at the venue without a trade, reported as it moves. A snapshot lists it too. */
  | ({ readonly kind: 'venue.movement'; readonly movement: CashMovement } & Stamp)
  | ({ readonly kind: 'venue.correction'; readonly correction: TradeCorrection } & Stamp)
  | ({ readonly kind: 'venue.health'; readonly state: 'up' | 'down'; readonly detail: string } & Stamp)
  /** The circuit breaker of the venue's API changed its state. */
  | ({
      readonly kind: 'venue.breaker';
      readonly state: 'closed' | 'open' | 'halfOpen';
      readonly detail: string;
    } & Stamp)
  | ({ readonly kind: 'venue.snapshot'; readonly snapshot: VenueSnapshot } & Stamp)
  | ({ readonly kind: 'venue.snapshotFailed'; readonly requestId: number; readonly cause: string } & Stamp)
  | ({ readonly kind: 'clock.jump'; readonly gapMs: number } & Stamp)
  | ({ readonly kind: 'heartbeat.lost'; readonly which: HeardSide } & Stamp)
  | ({ readonly kind: 'journal.fault'; readonly detail: string } & Stamp)
  | ({ readonly kind: 'feed.ended'; readonly detail: string } & Stamp);

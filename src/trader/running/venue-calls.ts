/**
 * Carries the engine's effects to a venue that answers with promises, and returns its answers and its stream
 * as events.
 */
import type { HandedAction } from '../../domain/corporate-action.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { messageOf } from '../../domain/message-of.js';
import type { OrderIntent } from '../../domain/order.js';
import { NOT_SENT } from '../../domain/order-words.js';
import type { AmendOutcome, CashListed, ReplaceOutcome, SendOutcome } from '../../domain/venue.js';
import type { VenueSnapshot } from '../../engine/event.js';
import { longestReadingMs } from '../../engine/sync/request-snapshot.js';
import type { Approved } from '../../limits/gate.js';
import type { VenuePort, VenueStreamEvent } from '../../venue/port.js';
import type { Timers } from './clock.js';
import type { Unstamped, VenueLink } from './runner.js';

export type { Unstamped } from './runner.js';

class CallRefused extends Error {
  override readonly name = 'CallRefused';
}

class CallAbandoned extends Error {
  override readonly name = 'CallAbandoned';
}

/** Bounds the venue calls of one kind in number and time. There is no queue: a full lane refuses. */
export class CallLane {
  #underWay = 0;

  constructor(
    readonly name: string,
    readonly underWayMax: number,
    readonly abandonAfterMs: number,
    private readonly timers: Timers,
  ) {}

  get underWay(): number {
    return this.#underWay;
  }

  /** Rejects with `CallRefused` (never made), `CallAbandoned` (made, not answered), or the call's own error. */
  run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.underWayMax) {
      return Promise.reject(new CallRefused(`${this.underWayMax} ${this.name} calls are under way already`));
    }
    this.#underWay += 1;
    return new Promise<T>((resolve, reject) => {
      const answered = this.timers.after(this.abandonAfterMs, () => {
        reject(new CallAbandoned(`no answer within ${this.abandonAfterMs} ms`));
      });
      call().then(resolve, reject).finally(answered);
    }).finally(() => {
      this.#underWay -= 1;
    });
  }
}

const NOT_ABLE = { code: NOT_SENT, text: 'Not sent: this venue has no such request.' };

export async function amended(
  venue: VenuePort,
  clientId: string,
  instrument: InstrumentId,
  quantityLots: number,
): Promise<AmendOutcome> {
  const outcome = await venue.amendQuantity?.(clientId, instrument, quantityLots);
  return outcome ?? { kind: 'rejected', ...NOT_ABLE };
}

export async function replaced(
  venue: VenuePort,
  clientId: string,
  order: Approved<OrderIntent>,
): Promise<ReplaceOutcome> {
  return (await venue.replace?.(clientId, order)) ?? { kind: 'rejected', ...NOT_ABLE };
}

/** Null: only a lookup can tell. */
export function sentEvent(clientId: string, outcome: SendOutcome): Unstamped {
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'order.accepted', clientId, venueId: outcome.venueId };
    case 'rejected': {
      const { code, text, wouldTrigger = false, wouldTake } = outcome;
      const why = { wouldTrigger, ...(wouldTake === true ? { wouldTake } : {}) };
      return { kind: 'order.rejected', clientId, code, text, ...why };
    }
    case 'unknown':
      return { kind: 'order.sendUnknown', clientId, cause: outcome.cause };
  }
}

export function amendEvent(clientId: string, outcome: AmendOutcome): Unstamped | null {
  switch (outcome.kind) {
    case 'amended':
      return { kind: 'order.amended', clientId, quantityLots: outcome.quantityLots };
    case 'rejected':
      return { kind: 'order.amendRejected', clientId, code: outcome.code, text: outcome.text };
    case 'notOpen':
    case 'unknown':
      return null;
  }
}

const WHAT_BECAME_OF_THE_OLD = { rejected: 'rests', cancelledOnly: 'cancelled', notOpen: 'notOpen' } as const;

export function replaceEvent(oldId: string, clientId: string, outcome: ReplaceOutcome): Unstamped {
  switch (outcome.kind) {
    case 'replaced':
      return { kind: 'order.replaced', clientId, replaced: oldId, venueId: outcome.venueId };
    case 'unknown':
      return { kind: 'order.sendUnknown', clientId, cause: outcome.cause };
    default: {
      const { code, text } = outcome;
      const wouldTrigger = 'wouldTrigger' in outcome && outcome.wouldTrigger === true;
      const tooMany = outcome.kind === 'rejected' && outcome.tooMany === true;
      const old = WHAT_BECAME_OF_THE_OLD[outcome.kind];
      const why = { code, text, wouldTrigger, ...(tooMany ? { tooMany } : {}) };
      return { kind: 'order.replaceRejected', clientId, replaced: oldId, old, ...why };
    }
  }
}

/** Only a safety net: the engine decides earlier how long an answer may take. */
const ABANDON_AFTER_MS = 60_000;

/** The desk file's default. */
const ANSWER_TIMEOUT_MS = 2_000;

/** Concurrent snapshots: a second one begins only if the engine has given up the first. */
const READINGS_MAX = 2;
/**
 * A snapshot is abandoned after this factor times the engine's own wait: two that are never answered must not
 * block the next one.
 */
const READING_GRACE = 1.25;

/** Lists of cash movements may be long; the rest of the snapshot waits no longer than this for them. */
const LISTS_WAIT_MS = 1_000;

/** A pending answer never blocks another call. */
export class VenueCalls implements VenueLink {
  readonly #cancels: CallLane;
  readonly #submits: CallLane;
  readonly #reads: CallLane;
  readonly #accounts: CallLane;
  readonly #lists: CallLane;
  /** The newest snapshot request that had to wait. */
  #nextReading: (() => void) | null = null;
  /** A listing under way, or one that ended after its snapshot was delivered; the next snapshot includes it. */
  #listing: Promise<CashListed> | null = null;
  #post: (event: Unstamped) => void = () => undefined;

  /** `readingMsMax`: how long the engine waits for a snapshot. */
  constructor(
    readonly venue: VenuePort,
    private readonly timers: Timers,
    readingMsMax = longestReadingMs(ANSWER_TIMEOUT_MS),
    private readonly onHealth: (state: 'up' | 'down', detail: string) => void = () => {},
  ) {
    this.#cancels = new CallLane('cancel', 512, ABANDON_AFTER_MS, timers);
    this.#submits = new CallLane('submit', 256, ABANDON_AFTER_MS, timers);
    this.#reads = new CallLane('read', 256, ABANDON_AFTER_MS, timers);
    this.#accounts = new CallLane('account', READINGS_MAX, readingMsMax * READING_GRACE, timers);
    this.#lists = new CallLane('list', 1, ABANDON_AFTER_MS, timers);
  }

  connect(post: (event: Unstamped) => void): void {
    this.#post = post;
    this.venue.onEvent((event) => {
      if (event.kind === 'health') this.onHealth(event.state, event.detail);
      post(eventOf(event));
    });
  }

  get ordersUnderWay(): number {
    return this.#cancels.underWay + this.#submits.underWay;
  }

  submit(order: Approved<OrderIntent>): void {
    const { clientId } = order;
    this.#submits
      .run(() => this.venue.submit(order))
      .then(
        (outcome) => this.#post(sentEvent(clientId, outcome)),
        (error: unknown) => this.#post({ kind: 'order.sendUnknown', clientId, cause: messageOf(error) }),
      );
  }

  cancel(clientId: string, instrument: InstrumentId): void {
    this.#cancels
      .run(() => this.venue.cancel(clientId, instrument))
      .then(
        (outcome) => {
          if (outcome.kind === 'cancelled') this.#post({ kind: 'order.cancelled', clientId });
          else if (outcome.kind === 'notOpen') {
            this.#post({ kind: 'order.cancelRejected', clientId, code: outcome.code, text: outcome.text });
          } else this.lookup(clientId, instrument);
        },
        () => this.lookup(clientId, instrument),
      );
  }

  takeAction(handed: HandedAction): void {
    this.venue.takeAction?.(handed);
  }

  /** If no answer says what state the order is in, the order is looked up. */
  amend(clientId: string, instrument: InstrumentId, quantityLots: number): void {
    this.#cancels
      .run(() => amended(this.venue, clientId, instrument, quantityLots))
      .then(
        (outcome) => {
          const event = amendEvent(clientId, outcome);
          if (event === null) this.lookup(clientId, instrument);
          else this.#post(event);
        },
        () => this.lookup(clientId, instrument),
      );
  }

  replace(clientId: string, order: Approved<OrderIntent>): void {
    this.#submits
      .run(() => replaced(this.venue, clientId, order))
      .then(
        (outcome) => this.#post(replaceEvent(clientId, order.clientId, outcome)),
        (error: unknown) =>
          this.#post({ kind: 'order.sendUnknown', clientId: order.clientId, cause: messageOf(error) }),
      );
  }

  lookup(clientId: string, instrument: InstrumentId): void {
    this.#reads
      .run(() => this.venue.orderByClientId(clientId, instrument))
      .then(
        (found) => this.#post({ kind: 'order.lookup', clientId, found }),
        (error: unknown) => this.#post({ kind: 'order.lookupFailed', clientId, cause: messageOf(error) }),
      );
  }

  /** A request that finds no room waits; a newer one replaces it. */
  snapshot(requestId: number, sinceTradeMs: number, movementsSinceMs?: number): void {
    if (this.#accounts.underWay >= READINGS_MAX) {
      this.#nextReading = () => this.snapshot(requestId, sinceTradeMs, movementsSinceMs);
      return;
    }
    this.#accounts
      .run(() => this.#readAll(requestId, sinceTradeMs, movementsSinceMs))
      .then(
        (snapshot) => this.#post({ kind: 'venue.snapshot', snapshot }),
        (error: unknown) => this.#post({ kind: 'venue.snapshotFailed', requestId, cause: messageOf(error) }),
      )
      .finally(() => {
        const next = this.#nextReading;
        this.#nextReading = null;
        next?.();
      });
  }

  async #readAll(
    requestId: number,
    sinceTradeMs: number,
    movementsSinceMs: number | undefined,
  ): Promise<VenueSnapshot> {
    const asOfMs = this.venue.knownTime?.() ?? null;
    const [positions, openOrders, fills, balances, listed] = await Promise.all([
      this.venue.positions(),
      this.venue.openOrders(),
      this.venue.fillsSince(sinceTradeMs),
      this.venue.balances(),
      this.#movements(movementsSinceMs),
    ]);
    const { movements, unread: movementsUnread } = listed ?? NOTHING_LISTED;
    const unfinished = listed === null ? { movementsUnfinished: true } : {};
    const quantityLimits = this.venue.quantityLimits?.() ?? [];
    const account = { positions, openOrders, fills, cash: balances.cash };
    const closedInstruments = this.venue.closedInstruments?.() ?? [];
    const fixedOrders = this.venue.fixedOrders?.() ?? [];
    const fixed = fixedOrders.length === 0 ? {} : { fixedOrders };
    const time = asOfMs === null ? {} : { asOfMs };
    const accountId = this.venue.accountId?.() ?? null;
    const whose = accountId === null ? {} : { accountId };
    const listing = { movements, movementsUnread, ...unfinished };
    return {
      requestId,
      ...time,
      ...whose,
      ...account,
      ...listing,
      quantityLimits,
      closedInstruments,
      ...fixed,
    };
  }

  /**
   * If nothing can be read, nothing is explained, and the cash difference remains. Null: not finished yet.
   */
  async #movements(sinceMs: number | undefined): Promise<CashListed | null> {
    const { venue } = this;
    const read = venue.cashMovements?.bind(venue);
    if (sinceMs === undefined || read === undefined) {
      if (this.#lists.underWay === 0) this.#listing = null;
      return NOTHING_LISTED;
    }
    // A listing that is never answered is abandoned like any other call; otherwise nothing would ever be
    // read, and nobody asked.
    this.#listing ??= this.#lists
      .run(() => read(sinceMs))
      .catch((error: unknown) => ({ movements: [], unread: [messageOf(error)] }));
    const listed = await this.#within(this.#listing);
    if (listed !== null) this.#listing = null;
    return listed;
  }

  #within(listing: Promise<CashListed>): Promise<CashListed | null> {
    return new Promise((resolve) => {
      const done = this.timers.after(LISTS_WAIT_MS, () => resolve(null));
      void listing.then(resolve).finally(done);
    });
  }
}

const NOTHING_LISTED: CashListed = { movements: [], unread: [] };

/** Turns an event of the venue's stream into one for the engine. */
export function eventOf(event: VenueStreamEvent): Unstamped {
  switch (event.kind) {
    case 'fill':
      return { kind: 'fill', fill: event.fill };
    case 'correction':
      return { kind: 'venue.correction', correction: event.correction };
    case 'movement':
      return { kind: 'venue.movement', movement: event.movement };
    case 'order':
      return { kind: 'order.update', order: event.order };
    case 'breaker':
      return { kind: 'venue.breaker', state: event.state, detail: event.detail };
    case 'health':
      return { kind: 'venue.health', state: event.state, detail: event.detail };
  }
}

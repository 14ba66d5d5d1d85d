/**
 * The desk's own engine, strategies and limits on paper, stepped by prices alone: no clock, no randomness, no waiting.
 * The same prices give the same orders, fills and halts, on every machine and however often the run is begun again.
 */
import type { Effect } from '../../engine/effect.js';
import type { Engine } from '../../engine/engine.js';
import type { EngineEvent, Stamp } from '../../engine/event.js';
import type { EngineRecord } from '../../engine/record.js';
import type { MarketBar, MarketEvent } from '../../market/feed.js';
import type { SteppedPaperVenue } from '../../venue/paper/stepped-venue.js';
import type { VenueStreamEvent } from '../../venue/port.js';
import type { ArmingRule } from './arming-rule.js';
import type { VirtualTime } from './virtual-time.js';

/** As the running trader: a tick a second of wall time at least. */
const TICK_MS = 1000;
/** What one event of the market may bring about; more is a bug that would never end. */
const EVENTS_AT_ONCE_MAX = 10_000;

type Unstamped = EngineEvent extends infer E ? (E extends Stamp ? Omit<E, keyof Stamp> : never) : never;

export interface InstanceParts {
  readonly engine: Engine;
  readonly venue: SteppedPaperVenue;
  readonly time: VirtualTime;
  readonly arming: ArmingRule;
  readonly onRecord: (record: EngineRecord, wallMs: number) => void;
}

export class TradingInstance {
  readonly #parts: InstanceParts;
  readonly #queue: EngineEvent[] = [];
  #draining = false;
  #tickedWallMs = Number.NEGATIVE_INFINITY;

  constructor(parts: InstanceParts) {
    this.#parts = parts;
  }

  /** HALTED, and the venue is read. Throws what the engine says where it must not begin. */
  begin(): void {
    const begun = this.#parts.engine.begin(this.#parts.time.stamp());
    if (!begun.ok) throw new Error(begun.message);
    this.#draining = true;
    for (const effect of [...begun.effects]) this.#carry(effect);
    this.#draining = false;
    this.#drain();
  }

  /** Shows the strategies the past; causes no order. */
  warmUp({ volumeLots: _volume, ...bar }: MarketBar): void {
    const { wallMs } = this.#parts.time.stamp();
    this.#take({ kind: 'bar', ...bar, warmup: true, wallMs, marketMs: bar.openMs + bar.spanMs });
  }

  /** Orders that are on their way arrive, and deadlines pass, before the event of this time comes. */
  advanceTo(marketMs: number): void {
    this.#parts.time.moveTo(marketMs);
    this.#tick();
  }

  /** The venue matches before the engine sees the price, as a real one does. */
  onMarket(event: Extract<MarketEvent, { readonly marketMs: number }>): void {
    const { time, venue, arming, engine } = this.#parts;
    venue.onMarket(event);
    if (event.kind === 'quote') {
      const { instrument, bidTicks, askTicks } = event;
      this.#post({ kind: 'quote', instrument, bidTicks, askTicks });
    } else if (event.kind === 'bar') {
      const { volumeLots: _volume, ...bar } = event.bar;
      this.#post({ kind: 'bar', ...bar, warmup: false });
    }
    const command = arming.commandFor(engine, time.marketMs);
    if (command !== null) this.#post(command);
  }

  /** What the venue's stream says; comes while the market or an order is being dealt with. */
  onVenue(event: VenueStreamEvent): void {
    if (event.kind === 'fill') this.#post({ kind: 'fill', fill: event.fill });
    else if (event.kind === 'order') this.#post({ kind: 'order.update', order: event.order });
    else if (event.kind === 'health')
      this.#post({ kind: 'venue.health', state: event.state, detail: event.detail });
  }

  #tick(): void {
    const { engine, time } = this.#parts;
    const { wallMs } = time.stamp();
    const wakeMs = engine.nextWakeMs() ?? Number.POSITIVE_INFINITY;
    if (wallMs < Math.min(this.#tickedWallMs + TICK_MS, wakeMs)) return;
    this.#tickedWallMs = wallMs;
    this.#post({ kind: 'tick' });
  }

  #post(event: Unstamped): void {
    this.#take({ ...event, ...this.#parts.time.stamp() } as EngineEvent);
  }

  #take(event: EngineEvent): void {
    this.#queue.push(event);
    this.#drain();
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    let count = 0;
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
      count += 1;
      if (count > EVENTS_AT_ONCE_MAX) throw new Error('the engine and the paper venue do not come to rest');
      for (const effect of this.#parts.engine.process(event)) this.#carry(effect);
    }
    this.#draining = false;
  }

  #carry(effect: Effect): void {
    const { venue, time, onRecord } = this.#parts;
    switch (effect.kind) {
      case 'record':
        onRecord(effect.record, time.stamp().wallMs);
        this.#parts.arming.onRecord(effect.record);
        return;
      case 'submit':
        this.#submit(effect);
        return;
      case 'cancel':
        this.#cancel(effect.clientId);
        return;
      case 'lookup':
        this.#post({
          kind: 'order.lookup',
          clientId: effect.clientId,
          found: venue.orderByClientId(effect.clientId),
        });
        return;
      case 'requestSnapshot':
        this.#post({
          kind: 'venue.snapshot',
          snapshot: venue.snapshot(effect.requestId, effect.sinceTradeMs),
        });
        return;
      case 'reply':
        return;
    }
  }

  #submit({ order }: Extract<Effect, { readonly kind: 'submit' }>): void {
    const { clientId } = order;
    const outcome = this.#parts.venue.submit(order);
    if (outcome.kind === 'accepted')
      this.#post({ kind: 'order.accepted', clientId, venueId: outcome.venueId });
    else if (outcome.kind === 'rejected') {
      this.#post({ kind: 'order.rejected', clientId, code: outcome.code, text: outcome.text });
    } else this.#post({ kind: 'order.sendUnknown', clientId, cause: outcome.cause });
  }

  #cancel(clientId: string): void {
    const outcome = this.#parts.venue.cancel(clientId);
    if (outcome.kind === 'notOpen') {
      this.#post({ kind: 'order.cancelRejected', clientId, code: outcome.code, text: outcome.text });
    } else this.#post({ kind: 'order.cancelled', clientId });
  }
}

/**
 * The host of the core: feeds the engine one event at a time and carries its effects out in order. In its one
 * queue, a person's command goes before waiting market events, and a clock jump before everything. Clock,
 * timers, journal and venue link are passed in: the trader, a validation and the simulation of the tests all
 * run on this host.
 */

import type { HandedAction } from '../../domain/corporate-action.js';
import type { InstrumentId } from '../../domain/instrument.js';
import type { OrderIntent, OrderPurpose } from '../../domain/order.js';
import type { CommandOutcome, Effect, EquitySample } from '../../engine/effect.js';
import type { BeginOutcome } from '../../engine/engine.js';
import type { Command, EngineEvent, Stamp } from '../../engine/event.js';
import type { EngineRecord } from '../../engine/record.js';
import type { Approved } from '../../limits/gate.js';
import { type Clock, ClockWatch, TickTimer, type Timers } from './clock.js';

/** The trader refuses to start; no order was sent. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

const NOTHING: readonly Effect[] = [];
const SETTLE_MS_MAX = 1000;
/**
 * More waiting events than this mean that the engine can't keep up. That is a bug or a flood, and the trader ends.
 */
const QUEUE_MAX = 100_000;
/**
 * Most events processed without a pause: all of them answer the first one, and each other. With more, engine
 * and venue answer each other without end.
 */
const EVENTS_AT_ONCE_MAX = 20_000;

/** The part of the engine that the runner drives. */
export interface EngineCore {
  begin(stamp: Stamp): BeginOutcome;
  process(event: EngineEvent): readonly Effect[];
  nextWakeMs(): number | null;
}

/** Where the host writes records and learns that they are durable. */
export interface HostJournal {
  append(record: EngineRecord, wallMs: number, monotonicMs: number): void;
  /** Calls one of the two, now or later, depending on whether all records so far are on disk. */
  afterDurable(safe: () => void, failed: () => void): void;
  onFault(listener: (fault: { readonly detail: string }) => void): void;
}

/** An event without its time stamps. */
export type Unstamped = EngineEvent extends infer E
  ? E extends Stamp
    ? Omit<E, keyof Stamp>
    : never
  : never;

/** The host's link to the venue. The result of each call comes back as an event, at once or later. */
export interface VenueLink {
  /** Orders and cancels without an answer. */
  readonly ordersUnderWay: number;
  /** Called once, before any request. */
  connect(post: (event: Unstamped) => void): void;
  submit(order: Approved<OrderIntent>): void;
  cancel(clientId: string, instrument: InstrumentId): void;
  /** `quantityLots`: the new quantity, filled lots included. */
  amend(clientId: string, instrument: InstrumentId, quantityLots: number): void;
  /** Replaces the resting order `clientId` by this one. */
  replace(clientId: string, order: Approved<OrderIntent>): void;
  lookup(clientId: string, instrument: InstrumentId): void;
  /** A venue without corporate actions ignores it. */
  takeAction(handed: HandedAction): void;
  /** `movementsSinceMs`: also reads the venue's list of cash movements since then, if the venue has one. */
  snapshot(requestId: number, sinceTradeMs: number, movementsSinceMs?: number): void;
}

interface RunnerParts {
  readonly engine: EngineCore;
  readonly journal: HostJournal;
  readonly link: VenueLink;
  readonly clock: Clock;
  readonly timers: Timers;
  /**
   * `stepped`: time moves only when the owner of the run moves it. The owner also posts the ticks, and a gap in time
   * is a gap in the prices, not a process that stood still.
   */
  readonly pace: 'running' | 'stepped';
  readonly marketNowMs: () => number;
  readonly onRecord: (record: EngineRecord, wallMs: number) => void;
  /** Left out: nobody draws the equity curve. */
  readonly onEquity?: (sample: EquitySample) => void;
  /** The engine threw, which is a bug. The trader must end and come back HALTED. */
  readonly onBroken: (error: Error) => void;
}

export interface CommandRequest {
  readonly commandId: string;
  readonly by: string;
  readonly reason: string;
  readonly command: Command;
}

export class Runner {
  readonly #parts: RunnerParts;
  readonly #link: VenueLink;
  readonly #watch: ClockWatch | null;
  readonly #ticks: TickTimer;
  readonly #urgent: EngineEvent[] = [];
  readonly #queue: EngineEvent[] = [];
  readonly #replies = new Map<string, ((outcome: CommandOutcome) => void)[]>();
  /** Orders from the engine that wait for the disk. */
  readonly #unsent = new Map<string, OrderPurpose>();
  readonly #settledWaiters: (() => void)[] = [];
  #draining = false;
  #running = true;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#watch = parts.pace === 'running' ? new ClockWatch(parts.clock) : null;
    this.#link = parts.link;
    this.#ticks = new TickTimer({
      timers: parts.timers,
      monotonicMs: () => parts.clock.monotonicMs(),
      nextWakeMs: () => parts.engine.nextWakeMs(),
      isBusy: () => !this.#isSettled(),
      onTick: () => this.post({ kind: 'tick' }),
    });
    parts.link.connect((event) => this.post(event));
    parts.journal.onFault((fault) => this.post({ kind: 'journal.fault', detail: fault.detail }));
  }

  /** Stamps an event and processes it. */
  post(event: Unstamped): void {
    const { wallMs, marketMs, monotonicMs } = this.stamp();
    // Stamps first: an object that begins as a copy of another takes ten times as long to grow.
    this.take({ wallMs, marketMs, monotonicMs, ...event } as EngineEvent);
  }

  /** Appends an event to the queue and processes everything that waits. */
  take(event: EngineEvent): void {
    if (!this.#running) return;
    if (this.#queue.length >= QUEUE_MAX) {
      this.#broken(new Error(`more than ${QUEUE_MAX} events are waiting`));
      return;
    }
    // Nothing waits before it, and there is no clock to check first.
    const isNext = !this.#draining && this.#queue.length === 0 && this.#urgent.length === 0;
    if (isNext && this.#watch === null) {
      this.#drain(event);
      return;
    }
    this.#queue.push(event);
    this.#drain();
  }

  /** Of an event that the engine has processed already, while nothing waited: carries them out, and what follows from them. */
  carryOut(effects: readonly Effect[]): void {
    if (this.#running) this.#drain(undefined, effects);
  }

  /** Goes before waiting market events. Resolves with the engine's outcome. */
  command(request: CommandRequest): Promise<CommandOutcome> {
    return new Promise((resolve) => {
      const waiting = this.#replies.get(request.commandId) ?? [];
      this.#replies.set(request.commandId, [...waiting, resolve]);
      this.#urgent.push({ kind: 'command', ...request, ...this.stamp() });
      this.#drain();
    });
  }

  stamp(): Stamp {
    const { clock, marketNowMs } = this.#parts;
    return { wallMs: clock.wallMs(), marketMs: marketNowMs(), monotonicMs: clock.monotonicMs() };
  }

  /**
   * Resolves once no order or cancel waits for the disk or the venue, or after `SETTLE_MS_MAX`. Undefined:
   * none waits. A simulated or recorded market awaits it, so its time doesn't run ahead of its orders.
   */
  settled(): Promise<void> | undefined {
    if (this.#isSettled()) return undefined;
    return new Promise((resolve) => {
      const takeBack = this.#parts.timers.after(SETTLE_MS_MAX, resolve);
      this.#settledWaiters.push(() => {
        takeBack();
        resolve();
      });
    });
  }

  /**
   * How trader, backtest, validation and simulation all start: the engine, having replayed its records, is
   * HALTED and reads the venue; from here on it gets its ticks. Throws `StartRefused` with the engine's
   * reason if it must not begin.
   */
  begin(): void {
    const begun = this.#parts.engine.begin(this.stamp());
    if (!begun.ok) throw new StartRefused(begun.message);
    this.#draining = true; // events caused by these effects are processed after them
    for (const effect of begun.effects) this.#carry(effect);
    this.#draining = false;
    this.#drain();
    if (this.#parts.pace === 'running') this.#ticks.start();
  }

  /** No more events, ticks or orders. Calls under way are left to finish by themselves. */
  stop(): void {
    this.#running = false;
    this.#ticks.stop();
  }

  /** `first`: goes before everything that waits; `effects`: go before that. */
  #drain(first?: EngineEvent, effectsBefore = NOTHING): void {
    if (this.#draining) return;
    this.#draining = true;
    let onlyPrices = effectsBefore.length === 0; // a quote or trade without effects changes no deadline
    let count = 0;
    try {
      for (const effect of effectsBefore) this.#carry(effect);
      for (let event = first ?? this.#next(); event !== undefined && this.#running; event = this.#next()) {
        count += 1;
        if (count > EVENTS_AT_ONCE_MAX) throw new Error('the engine and the venue do not come to rest');
        const effects = this.#parts.engine.process(event);
        if ((event.kind !== 'quote' && event.kind !== 'trade') || effects.length > 0) onlyPrices = false;
        for (const effect of effects) this.#carry(effect);
      }
    } catch (error) {
      this.#broken(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#draining = false;
    }
    if (onlyPrices) return;
    this.#ticks.sooner();
    if (this.#settledWaiters.length > 0 && this.#isSettled()) {
      for (const settled of this.#settledWaiters.splice(0)) settled();
    }
  }

  #isSettled(): boolean {
    return this.#unsent.size === 0 && this.#link.ordersUnderWay === 0;
  }

  #next(): EngineEvent | undefined {
    if (this.#urgent.length === 0 && this.#queue.length === 0) return undefined;
    const gapMs = this.#watch?.look() ?? null;
    if (gapMs !== null) return { kind: 'clock.jump', gapMs, ...this.stamp() };
    return this.#urgent.shift() ?? this.#queue.shift();
  }

  /** After a jump the engine withdraws orders that wait for the disk: their price is too old. */
  #noticeJump(): void {
    const gapMs = this.#watch?.look() ?? null;
    if (gapMs === null) return;
    this.#urgent.unshift({ kind: 'clock.jump', gapMs, ...this.stamp() });
    this.#drain();
  }

  #carry(effect: Effect): void {
    switch (effect.kind) {
      case 'record': {
        const { clock } = this.#parts;
        const wallMs = clock.wallMs();
        this.#parts.journal.append(effect.record, wallMs, clock.monotonicMs());
        this.#parts.onRecord(effect.record, wallMs);
        return;
      }
      case 'submit':
        this.#sendOnceDurable(effect.order, (order) => this.#link.submit(order));
        return;
      case 'replace':
        this.#sendOnceDurable(effect.order, (order) => this.#link.replace(effect.clientId, order));
        return;
      case 'amend':
        this.#link.amend(effect.clientId, effect.instrument, effect.quantityLots);
        return;
      case 'cancel':
        if (this.#unsent.delete(effect.clientId))
          this.post({ kind: 'order.cancelled', clientId: effect.clientId });
        else this.#link.cancel(effect.clientId, effect.instrument);
        return;
      case 'corporateAction':
        this.#link.takeAction(effect.handed);
        return;
      case 'lookup':
        this.#lookUp(effect.clientId, effect.instrument);
        return;
      case 'requestSnapshot':
        this.#link.snapshot(effect.requestId, effect.sinceTradeMs, effect.movementsSinceMs);
        return;
      case 'equity':
        this.#parts.onEquity?.(effect.sample);
        return;
      case 'reply':
        this.#reply(effect.commandId, effect.outcome);
    }
  }

  /**
   * The venue would truthfully say that it never had an order that still waits for the disk, and another one would be
   * sent beside it. An entry is withdrawn, since its price is too old by now; all others leave once the disk answers.
   */
  #lookUp(clientId: string, instrument: InstrumentId): void {
    const purpose = this.#unsent.get(clientId);
    if (purpose === undefined) {
      this.#link.lookup(clientId, instrument);
    } else if (purpose === 'entry') {
      this.#unsent.delete(clientId);
      this.post({ kind: 'order.cancelled', clientId });
    } else {
      this.post({
        kind: 'order.lookupFailed',
        clientId,
        cause: 'not sent yet: its intent waits for the disk',
      });
    }
  }

  /** A cancel that arrives before the disk has answered withdraws the order, which is then never sent. */
  #sendOnceDurable(order: Approved<OrderIntent>, send: (order: Approved<OrderIntent>) => void): void {
    const { clientId, purpose } = order;
    this.#unsent.set(clientId, purpose);
    this.#parts.journal.afterDurable(
      () => {
        this.#noticeJump();
        if (this.#running && this.#unsent.delete(clientId)) send(order);
      },
      () => {
        if (!this.#unsent.delete(clientId)) return;
        this.post({
          kind: 'order.sendUnknown',
          clientId,
          cause: 'not sent: its intent could not be written',
        });
      },
    );
  }

  #reply(commandId: string, outcome: CommandOutcome): void {
    const [first, ...others] = this.#replies.get(commandId) ?? [];
    if (others.length > 0) this.#replies.set(commandId, others);
    else this.#replies.delete(commandId);
    first?.(outcome);
  }

  #broken(error: Error): void {
    this.stop();
    this.#parts.onBroken(error);
  }
}

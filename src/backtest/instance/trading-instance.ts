/**
 * The desk's own engine, strategies and limits on paper, stepped by prices alone: no clock, no randomness, no
 * waiting.
 * The same prices give the same orders, fills and halts, on every machine and however often the run is begun again.
 */
import type { MarketBar, MarketEvent } from '../../contracts/market-feed.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';
import type { Engine } from '../../engine/engine.js';
import type { EngineEvent, QuoteEvent } from '../../engine/event.js';
import type { EngineRecord } from '../../engine/record.js';
import { type CommandRequest, type HostJournal, Runner } from '../../trader/running/runner.js';
import type { SteppedPaperVenue } from '../../venue/paper/stepped-venue.js';
import type { ArmingRule } from './arming-rule.js';
import type { SteppedLink } from './stepped-link.js';
import type { VirtualTime } from './virtual-time.js';

/** As in the running trader: at least one tick a second. */
const TICK_MS = 1000;

/** The run writes its own journal in `onRecord`, which throws if it can't; so every record is durable at once. */
const WRITTEN_AT_ONCE: HostJournal = {
  append: () => undefined,
  afterDurable: (safe) => safe(),
  onFault: () => undefined,
};

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type TickEvent = Extract<EngineEvent, { readonly kind: 'tick' }>;

export interface InstanceParts {
  readonly engine: Engine;
  readonly link: SteppedLink;
  readonly time: VirtualTime;
  readonly arming: ArmingRule;
  /** By instrument. */
  readonly calendars: readonly SessionCalendar[];
  readonly onRecord: (record: EngineRecord, wallMs: number) => void;
  readonly takesNoShortcut: boolean;
}

export class TradingInstance {
  readonly #parts: InstanceParts;
  readonly #host: Runner;
  /** Nearly all events are these two kinds. The engine keeps none of them, so one object serves for each kind. */
  readonly #quote: Writable<QuoteEvent> = {
    ...{ kind: 'quote', instrument: 0, bidTicks: 0, askTicks: 0 },
    ...{ wallMs: 0, marketMs: 0, monotonicMs: 0 },
  };
  readonly #tickEvent: Writable<TickEvent> = { kind: 'tick', wallMs: 0, marketMs: 0, monotonicMs: 0 };
  #tickedMs = Number.NEGATIVE_INFINITY;
  /** Market time at which the next market opens or closes. */
  #boundaryMs: number;

  constructor(parts: InstanceParts) {
    this.#parts = parts;
    this.#boundaryMs = this.#nextBoundaryMs();
    const { engine, link, time, arming } = parts;
    this.#host = new Runner({
      engine,
      link,
      journal: WRITTEN_AT_ONCE,
      clock: time,
      timers: { after: (delayMs, work) => time.schedule(delayMs, work) },
      pace: 'stepped',
      marketNowMs: () => time.marketMs,
      onRecord: (record, wallMs) => {
        parts.onRecord(record, wallMs);
        arming.onRecord(record);
      },
      onBroken: (error) => {
        throw error;
      },
    });
  }

  /** Begins like the running trader. */
  begin(): void {
    this.#host.begin();
  }

  /** Shows the strategies past bars, which cause no order. */
  warmUp({ volumeLots: _volume, ...bar }: MarketBar): void {
    this.#host.take({
      kind: 'bar',
      ...bar,
      warmup: true,
      ...this.#host.stamp(),
      marketMs: bar.openMs + bar.spanMs,
    });
  }

  /** Orders under way arrive, and deadlines pass, before the event of this time. */
  advanceTo(marketMs: number): void {
    const { time } = this.#parts;
    // Prices pause over a close; what the desk does at the close must not wait for the first price afterwards.
    for (; this.#boundaryMs <= marketMs; this.#boundaryMs = this.#nextBoundaryMs()) {
      time.moveTo(this.#boundaryMs);
      this.#host.post({ kind: 'tick' });
    }
    time.moveTo(marketMs);
    this.#tick();
  }

  #nextBoundaryMs(): number {
    const { calendars, time } = this.#parts;
    return Math.min(...calendars.map((calendar) => calendar.phaseAt(time.marketMs).untilMs));
  }

  /** The venue matches before the engine sees the price, as a real one does. */
  onMarket(event: Extract<MarketEvent, { readonly marketMs: number }>): void {
    const { time, arming, engine } = this.#parts;
    this.#venue.onMarket(event);
    if (this.#parts.takesNoShortcut) this.#post(event);
    else if (event.kind === 'quote') {
      const { instrument, bidTicks, askTicks } = event;
      const wallMs = time.wallMs();
      const quote = this.#quote;
      quote.instrument = instrument;
      quote.bidTicks = bidTicks;
      quote.askTicks = askTicks;
      quote.wallMs = wallMs;
      quote.marketMs = time.marketMs;
      quote.monotonicMs = wallMs;
      this.#host.take(quote);
    } else if (event.kind === 'trade') {
      const { instrument, priceTicks, quantityLots, taker } = event;
      this.#host.post({ kind: 'trade', instrument, priceTicks, quantityLots, taker });
    } else if (event.kind === 'bar') {
      const { instrument, openMs, spanMs, openTicks, highTicks, lowTicks, closeTicks } = event.bar;
      const wallMs = time.wallMs();
      this.#host.take({
        kind: 'bar',
        instrument,
        openMs,
        spanMs,
        openTicks,
        highTicks,
        lowTicks,
        closeTicks,
        warmup: false,
        late: event.late === true,
        wallMs,
        marketMs: time.marketMs,
        monotonicMs: wallMs,
      });
    }
    const command = arming.commandFor(engine, time.marketMs);
    if (command !== null) void this.#host.command(command);
  }

  /** As any host posts what its feed brings. */
  #post(event: Extract<MarketEvent, { readonly marketMs: number }>): void {
    if (event.kind === 'bar') {
      const { volumeLots: _volume, ...bar } = event.bar;
      this.#host.post({ kind: 'bar', ...bar, warmup: false, late: event.late === true });
      return;
    }
    const { marketMs: _marketMs, ...price } = event;
    this.#host.post(price);
  }

  /** A command of people or programs, as the trader's control socket takes it. */
  command(request: CommandRequest): void {
    void this.#host.command(request);
  }

  get marketMs(): number {
    return this.#parts.time.marketMs;
  }

  get #venue(): SteppedPaperVenue {
    return this.#parts.link.venue;
  }

  #tick(): void {
    const { engine, time, takesNoShortcut } = this.#parts;
    const monotonicMs = time.monotonicMs();
    const isDue = monotonicMs >= this.#tickedMs + TICK_MS;
    if (!isDue && monotonicMs < (engine.nextWakeMs() ?? Number.POSITIVE_INFINITY)) return;
    this.#tickedMs = monotonicMs;
    if (takesNoShortcut) {
      this.#host.post({ kind: 'tick' });
      return;
    }
    const tick = this.#tickEvent;
    tick.wallMs = monotonicMs;
    tick.marketMs = time.marketMs;
    tick.monotonicMs = monotonicMs;
    this.#host.take(tick);
  }
}

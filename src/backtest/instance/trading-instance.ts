/**
 * The desk's own engine, strategies and limits on paper, stepped by prices alone: no clock, no randomness, no
 * waiting.
 * The same prices give the same orders, fills and halts, on every machine and however often the run is begun again.
 */

import type { MarketBar, MarketEvent } from '../../contracts/market-feed.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';
import type { Engine } from '../../engine/engine.js';
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

export interface InstanceParts {
  readonly engine: Engine;
  readonly link: SteppedLink;
  readonly time: VirtualTime;
  readonly arming: ArmingRule;
  /** By instrument. */
  readonly calendars: readonly SessionCalendar[];
  readonly onRecord: (record: EngineRecord, wallMs: number) => void;
}

export class TradingInstance {
  readonly #parts: InstanceParts;
  readonly #host: Runner;
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
    this.venue.onMarket(event);
    if (event.kind === 'quote') {
      const { instrument, bidTicks, askTicks } = event;
      this.#host.post({ kind: 'quote', instrument, bidTicks, askTicks });
    } else if (event.kind === 'trade') {
      const { instrument, priceTicks, quantityLots, taker } = event;
      this.#host.post({ kind: 'trade', instrument, priceTicks, quantityLots, taker });
    } else if (event.kind === 'bar') {
      const { volumeLots: _volume, ...bar } = event.bar;
      this.#host.post({ kind: 'bar', ...bar, warmup: false, late: event.late === true });
    }
    const command = arming.commandFor(engine, time.marketMs);
    if (command !== null) void this.#host.command(command);
  }

  /** A command of people or programs, as the trader's control socket takes it. */
  command(request: CommandRequest): void {
    void this.#host.command(request);
  }

  get marketMs(): number {
    return this.#parts.time.marketMs;
  }

  private get venue(): SteppedPaperVenue {
    return this.#parts.link.venue;
  }

  #tick(): void {
    const { engine, time } = this.#parts;
    const monotonicMs = time.monotonicMs();
    const wakeMs = engine.nextWakeMs() ?? Number.POSITIVE_INFINITY;
    if (monotonicMs < Math.min(this.#tickedMs + TICK_MS, wakeMs)) return;
    this.#tickedMs = monotonicMs;
    this.#host.post({ kind: 'tick' });
  }
}

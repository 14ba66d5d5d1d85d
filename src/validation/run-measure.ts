/** Measures everything that the report says, from prices and the engine's records. */
import { BarCoverage } from '../backtest/measure/data-problems.js';
import { EquityMeter } from '../backtest/measure/equity-meter.js';
import { RoundTrips } from '../backtest/measure/round-trips.js';
import type { Measure, TimedEvent } from '../backtest/run-on-prices.js';
import { HOUR_MS, MINUTE_MS } from '../domain/civil-date.js';
import type { Instrument } from '../domain/instrument.js';
import type { Halt } from '../domain/mode.js';
import { alwaysOpen, type SessionCalendar } from '../domain/sessions/session-calendar.js';
import { DrawdownMeter } from '../domain/statistics.js';
import type { EngineRecord } from '../engine/record.js';

/** Points of the equity curve. */
const CURVE_POINTS_MAX = 720;

interface EquityPoint {
  readonly marketMs: number;
  readonly equity: number;
}

interface HaltSeen {
  readonly cause: Halt['cause'];
  readonly reason: string;
  readonly resume: Halt['resume'];
  readonly atMs: number;
  /** Null: until the end. */
  liftedMs: number | null;
}

export interface SwitchedOff {
  readonly strategy: string;
  readonly reason: string;
  readonly atMs: number;
}

export class RunMeasure implements Measure {
  readonly equity: EquityMeter;
  readonly trips: RoundTrips;
  readonly drawdown = new DrawdownMeter();
  readonly coverage: readonly BarCoverage[];
  readonly hourly: number[];
  readonly curve: EquityPoint[];
  readonly halts: HaltSeen[] = [];
  /** Strategies that were switched off by their losses and not switched on again. */
  readonly switchedOff = new Map<string, SwitchedOff>();
  fills = 0;
  entriesDenied = 0;
  fees = 0;
  lastMs: number | null = null;
  readonly #curveStepMs: number;
  #nextHourMs: number;
  #nextCurveMs: number;

  /** From `fromMs` to `toMs`, market time. */
  constructor(
    readonly instruments: readonly Instrument[],
    readonly startingCash: number,
    readonly fromMs: number,
    readonly toMs: number,
    calendars: readonly SessionCalendar[],
  ) {
    this.equity = new EquityMeter(instruments, startingCash);
    this.trips = new RoundTrips(instruments);
    this.coverage = instruments.map(
      ({ id, symbol }) => new BarCoverage(symbol, fromMs, calendars[id] ?? alwaysOpen()),
    );
    this.hourly = [startingCash];
    this.curve = [{ marketMs: fromMs, equity: startingCash }];
    this.#curveStepMs = Math.max(MINUTE_MS, Math.ceil((toMs - fromMs) / CURVE_POINTS_MAX));
    this.#nextHourMs = fromMs + HOUR_MS;
    this.#nextCurveMs = fromMs + this.#curveStepMs;
    this.drawdown.add(fromMs, startingCash);
  }

  get closedTrades(): number {
    return this.trips.closed.length;
  }

  get fillCount(): number {
    return this.fills;
  }

  /** Called before the engine sees it. */
  onMarket(event: TimedEvent): void {
    this.#sampleUntil(event.marketMs);
    this.lastMs = event.marketMs;
    if (event.kind === 'bar') this.coverage[event.bar.instrument]?.add(event.bar);
    else if (event.kind === 'quote' && this.equity.quote(event.instrument, event.bidTicks, event.askTicks)) {
      this.drawdown.add(event.marketMs, this.equity.equity);
    }
  }

  onRecord(record: EngineRecord): void {
    if (record.type === 'fill') {
      this.fills += 1;
      this.fees += record.fill.fee;
      this.equity.fill(record.fill);
      this.trips.fill(record.fill);
      this.drawdown.add(record.fill.marketMs, this.equity.equity);
    } else if (record.type === 'fee.valued') {
      this.fees += record.fee;
      this.equity.feeValued(record.fee);
    } else if (record.type === 'cash') {
      this.equity.received(record.amount);
    } else if (record.type === 'order.denied') {
      this.entriesDenied += 1;
    } else if (record.type === 'halt' && record.halt.cause !== 'startup') {
      const { cause, reason, resume, atMarketMs: atMs } = record.halt;
      this.halts.push({ cause, reason, resume, atMs, liftedMs: null });
    } else if (record.type === 'armed') {
      for (const halt of this.halts) halt.liftedMs ??= record.marketMs;
    } else if (record.type === 'strategy.toggled') {
      const { strategy, reason, enabled, marketMs } = record;
      const atMs = this.switchedOff.get(strategy)?.atMs ?? marketMs;
      if (enabled) this.switchedOff.delete(strategy);
      else this.switchedOff.set(strategy, { strategy, reason, atMs });
    }
  }

  /** Called after the last event. */
  finish(): void {
    const reachedMs = this.lastMs ?? this.fromMs;
    this.#sampleUntil(Math.min(this.toMs, reachedMs + MINUTE_MS) + 1);
    this.curve.push({ marketMs: Math.min(this.toMs, reachedMs), equity: this.equity.equity });
  }

  /** The value for a full hour is the last one at or before it. */
  #sampleUntil(marketMs: number): void {
    while (this.#nextHourMs < marketMs && this.#nextHourMs <= this.toMs) {
      this.hourly.push(this.equity.equity);
      this.#nextHourMs += HOUR_MS;
    }
    if (this.#nextCurveMs >= marketMs) return;
    this.curve.push({ marketMs: this.#nextCurveMs, equity: this.equity.equity });
    while (this.#nextCurveMs < marketMs) this.#nextCurveMs += this.#curveStepMs;
  }
}

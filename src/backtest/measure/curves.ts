/**
 * Curves of bounded size over a time of unknown length: when there are too many slots, each pair is merged into one.
 */

import { MINUTE_MS } from '../../domain/civil-date.js';
import type { Engine } from '../../engine/engine.js';

/** At this many slots, pairs are merged; at least half of the slots remain. */
const SLOTS_MAX = 1_440;

/** Slots of equal length, aligned to 1970; the last one is still open. */
abstract class Slots<Slot extends { readonly startMs: number }> {
  readonly slots: Slot[] = [];
  stepMs = MINUTE_MS;

  /** Merges the second of two neighbours into the first. */
  protected abstract merge(into: Slot, next: Slot): void;
  protected abstract moved(slot: Slot, startMs: number): Slot;

  protected slotAt(atMs: number): Slot | undefined {
    const last = this.slots[this.slots.length - 1];
    return last !== undefined && atMs < last.startMs + this.stepMs ? last : undefined;
  }

  protected startOf(atMs: number): number {
    return Math.floor(atMs / this.stepMs) * this.stepMs;
  }

  protected halveIfFull(): void {
    if (this.slots.length < SLOTS_MAX) return;
    this.stepMs *= 2;
    const halved: Slot[] = [];
    for (const slot of this.slots) {
      const startMs = this.startOf(slot.startMs);
      const last = halved.at(-1);
      if (last !== undefined && last.startMs === startMs) this.merge(last, slot);
      else halved.push(this.moved(slot, startMs));
    }
    this.slots.splice(0, this.slots.length, ...halved);
  }
}

/** A candle of a chart, in ticks. */
export interface Candle {
  readonly startMs: number;
  readonly openTicks: number;
  highTicks: number;
  lowTicks: number;
  closeTicks: number;
}

type DrawnLines = ReturnType<Engine['strategyLines']>;

/** With the strategies' lines after the candle's first bar. Null: not known. */
interface DrawnCandle extends Candle {
  lines: DrawnLines | null;
}

export class Candles extends Slots<DrawnCandle> {
  add(atMs: number, bar: Omit<Candle, 'startMs'>): void {
    const slot = this.slotAt(atMs);
    if (slot !== undefined) {
      this.merge(slot, bar);
      return;
    }
    const { openTicks, highTicks, lowTicks, closeTicks } = bar;
    const prices = { openTicks, highTicks, lowTicks, closeTicks };
    this.slots.push({ startMs: this.startOf(atMs), ...prices, lines: null });
    this.halveIfFull();
  }

  /** So only for the first bar of a candle: the cost does not grow with the number of bars. */
  get isUndrawn(): boolean {
    return this.slots[this.slots.length - 1]?.lines === null;
  }

  draw(lines: DrawnLines): void {
    const last = this.slots[this.slots.length - 1];
    if (last !== undefined) last.lines ??= lines;
  }

  protected merge(into: DrawnCandle, next: Omit<Candle, 'startMs'>): void {
    into.highTicks = Math.max(into.highTicks, next.highTicks);
    into.lowTicks = Math.min(into.lowTicks, next.lowTicks);
    into.closeTicks = next.closeTicks;
  }

  protected moved(slot: DrawnCandle, startMs: number): DrawnCandle {
    return { ...slot, startMs };
  }
}

interface EquitySlot {
  readonly startMs: number;
  /** The time of its values. */
  atMs: number;
  /** The last values in the slot, in money units. */
  equity: number;
  buyAndHold: number;
  /** The deepest drawdown in the slot, as a fraction of the peak. */
  drawdown: number;
}

export class EquityCurve extends Slots<EquitySlot> {
  #peak = Number.NEGATIVE_INFINITY;

  add(atMs: number, equity: number, buyAndHold: number): void {
    this.#peak = Math.max(this.#peak, equity);
    const drawdown = (this.#peak - equity) / this.#peak;
    const slot = this.slotAt(atMs);
    if (slot !== undefined) {
      slot.atMs = atMs;
      slot.equity = equity;
      slot.buyAndHold = buyAndHold;
      if (drawdown > slot.drawdown) slot.drawdown = drawdown;
      return;
    }
    this.slots.push({ startMs: this.startOf(atMs), atMs, equity, buyAndHold, drawdown });
    this.halveIfFull();
  }

  protected merge(into: EquitySlot, next: EquitySlot): void {
    into.atMs = next.atMs;
    into.equity = next.equity;
    into.buyAndHold = next.buyAndHold;
    into.drawdown = Math.max(into.drawdown, next.drawdown);
  }

  protected moved(slot: EquitySlot, startMs: number): EquitySlot {
    return { ...slot, startMs };
  }
}

/**
 * Last quotes and what the positions are worth at them. Not durable: it is built anew from prices after a restart.
 * Typed arrays and one running sum, so that a quote costs the same however many instruments there are.
 */
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import { withinRange } from '../domain/money.js';
import type { PositionEntry } from './state.js';

/** `quotedWallMs` of an instrument that had no quote yet. */
const NEVER = -1;

export class MarketBook {
  readonly bidTicks: Float64Array;
  readonly askTicks: Float64Array;
  readonly quotedWallMs: Float64Array;
  /** Wall time of the newest quote of any instrument. */
  freshestWallMs = NEVER;
  /** Cash plus what every position is worth, money units. */
  equity = 0;
  /** Positions that had no quote yet and are therefore worth what they cost: as after a restart. */
  private unpriced = 0;
  private readonly quantityLots: Float64Array;
  private readonly value: Float64Array;
  private readonly perTickLot: Float64Array;
  /** What is taken off the market value: the cost of a linear position, nothing on spot. */
  private readonly carried: Float64Array;

  constructor(private readonly instruments: readonly Instrument[]) {
    const count = instruments.length;
    this.bidTicks = new Float64Array(count);
    this.askTicks = new Float64Array(count);
    this.quotedWallMs = new Float64Array(count).fill(NEVER);
    this.quantityLots = new Float64Array(count);
    this.value = new Float64Array(count);
    this.perTickLot = Float64Array.from(instruments, (instrument) => instrument.moneyPerTickLot);
    this.carried = new Float64Array(count);
  }

  /** False where the quote can't be a price: crossed, not positive, or of no instrument of ours. */
  quote(at: InstrumentId, bidTicks: number, askTicks: number, wallMs: number): boolean {
    if (!(bidTicks > 0 && askTicks >= bidTicks && at >= 0 && at < this.bidTicks.length)) return false;
    const lots = this.quantityLots[at] as number;
    if (lots !== 0 && this.quotedWallMs[at] === NEVER) this.unpriced -= 1;
    this.bidTicks[at] = bidTicks;
    this.askTicks[at] = askTicks;
    this.quotedWallMs[at] = wallMs;
    this.freshestWallMs = wallMs;
    if (lots !== 0) {
      const worth = this.worthAt(at, lots);
      this.equity += worth - (this.value[at] as number);
      this.value[at] = worth;
    }
    return true;
  }

  /** A long position is worth what selling it brings, a short one what buying it back costs. */
  private worthAt(at: InstrumentId, lots: number): number {
    const mark = (lots > 0 ? this.bidTicks[at] : this.askTicks[at]) as number;
    return lots * mark * (this.perTickLot[at] as number) - (this.carried[at] as number);
  }

  /** Takes over positions and cash after an execution or a replay. */
  hold(positions: readonly PositionEntry[], cash: number): void {
    let total = cash;
    this.unpriced = 0;
    for (const position of positions) {
      const at = position.instrument;
      if (position.quantityLots !== 0 && this.quotedWallMs[at] === NEVER) this.unpriced += 1;
      const linear = this.instruments[at]?.kind === 'linear';
      this.quantityLots[at] = position.quantityLots;
      this.carried[at] = linear ? position.cost : 0;
      this.value[at] = this.worth(at, position, linear);
      total += this.value[at] as number;
    }
    this.equity = withinRange(total);
  }

  /** Equity is what everything is worth now, not partly what it once cost. */
  get isPriced(): boolean {
    return this.unpriced === 0;
  }

  /** Before the first quote a position is worth what it cost. */
  private worth(at: InstrumentId, position: PositionEntry, linear: boolean): number {
    if (position.quantityLots === 0) return 0;
    if (this.quotedWallMs[at] === NEVER) return linear ? 0 : position.cost;
    return this.worthAt(at, position.quantityLots);
  }

  /** Result of the open position at the last quote, money units. */
  unrealised(position: PositionEntry): number {
    if (position.quantityLots === 0 || this.quotedWallMs[position.instrument] === NEVER) return 0;
    const value = this.value[position.instrument] as number;
    return this.instruments[position.instrument]?.kind === 'linear' ? value : value - position.cost;
  }

  hasQuote(at: InstrumentId): boolean {
    return this.quotedWallMs[at] !== NEVER;
  }

  /** Wall milliseconds since the last quote; null where there was none. */
  quoteAgeMs(at: InstrumentId, wallMs: number): number | null {
    const quoted = this.quotedWallMs[at];
    return quoted === undefined || quoted === NEVER ? null : wallMs - quoted;
  }
}

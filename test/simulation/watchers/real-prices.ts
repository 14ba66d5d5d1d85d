/** A quote that is no price is used for nothing: no equity, day, entry, worth of a fee or rate rests on it. */
import { parseUnits } from '../../../src/domain/money.js';
import type { Fill, OrderIntent } from '../../../src/domain/order.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import { CountedQuotes } from '../counted-quotes.js';
import type { FollowedBook } from '../followed-book.js';
import { isWrongQuote } from '../outside.js';
import { Rates } from '../rates.js';
import type { Scenario } from '../scenario.js';
import type { Moment, Watcher } from '../watcher.js';

/** The real market moves by less between a quote and its belief; wrong quotes are further away. */
const NEAR = 0.12;
/** The feed may be silent for a while after the process stood still: nothing contradicts what came before. */
const SILENT_MS_MAX = 6_000;
/** Money units. */
const ROUNDING = 100_000_000;

export class RealPrices implements Watcher {
  /** The newest real one, by instrument. */
  readonly #bids = new Map<number, number>();
  /** After a silence the newest one may be held back, and what was known before it counts. */
  readonly #counted = new CountedQuotes();
  #thawedMs = Number.NEGATIVE_INFINITY;
  readonly #rates: Rates;

  constructor(
    private readonly followed: FollowedBook,
    private readonly scenario: Scenario,
  ) {
    this.#rates = new Rates(scenario.instruments);
  }

  restarted(): void {
    this.#bids.clear();
    this.#counted.restarted();
  }

  heard(event: EngineEvent, wallMs: number): void {
    if (event.kind === 'clock.jump') this.#counted.clockJumped();
    if (event.kind !== 'quote') return;
    this.#bids.set(event.instrument, event.bidTicks);
    this.#counted.take(event.instrument, event.bidTicks, wallMs);
  }

  thawed(wallMs: number): void {
    this.#thawedMs = wallMs;
  }

  looked(moment: Moment): string | null {
    return moment.wallMs - this.#thawedMs <= SILENT_MS_MAX ? this.lookedClosely(moment) : null;
  }

  /** What the desk goes by is something that the market said. */
  lookedClosely({ view }: Moment): string | null {
    const wrong = view().quotes.find(isWrongQuote);
    return wrong === undefined
      ? null
      : `${wrong.bidTicks} / ${wrong.askTicks} is taken for the price of ${wrong.instrument}, and no market said so`;
  }

  recorded(record: EngineRecord): string | null {
    if (record.type === 'equity') return this.#objection('equity', record.equity);
    if (record.type === 'fee.valued') return this.#feeObjection(record.asset, record.amount, record.fee);
    if (record.type === 'fill') return this.#fillObjection(record.fill);
    if (record.type === 'position.adopted' || record.type === 'trades.crossed')
      return this.#rateObjection(record.instrument, record.rate);
    return record.type === 'day' ? this.#objection("the day's start", record.startEquity) : null;
  }

  left(effect: Effect): string | null {
    if (effect.kind === 'equity') return this.#objection('a point of the curve', effect.sample.equity);
    return effect.kind === 'submit' && effect.order.purpose === 'entry' ? this.#far(effect.order) : null;
  }

  #far({ clientId, instrument, side, limitTicks, protectTicks, signal }: OrderIntent): string | null {
    const bid = this.#bids.get(instrument);
    // Its price is its sender's, as old as the signal: it may be anywhere before its stop.
    if (signal !== undefined && protectTicks !== null) {
      const bids = [bid, this.#counted.bidTicks(instrument)].filter((ticks) => ticks !== undefined);
      const isPast = bids.every((ticks) => (side === 'buy' ? ticks < protectTicks : ticks > protectTicks));
      return isPast && bids.length > 0
        ? `entry ${clientId} of a signal left though its stop is passed`
        : null;
    }
    if (bid === undefined || limitTicks === null || Math.abs(limitTicks - bid) <= bid * NEAR) return null;
    return `entry ${clientId} asks for ${limitTicks}, the market is at ${bid}`;
  }

  /** Nobody but the desk says by which rate it books this. */
  #rateObjection(instrument: number, rate: number | undefined): string | null {
    if (this.#rates.by(instrument) === null)
      return rate === undefined
        ? null
        : `what is booked of ${instrument} has a rate, and nothing converts it`;
    const known = [
      this.#rates.at(instrument, (at) => this.#bids.get(at)),
      this.#rates.at(instrument, (at) => this.#counted.bidTicks(at)),
    ];
    const isReal = known.some((ours) => ours !== undefined && Math.abs((rate ?? 0) - ours) <= ours * NEAR);
    return isReal ? null : `${instrument} is booked at the rate ${rate}, the market is at ${known[0]}`;
  }

  /** A part of what was bought costs what was paid for it, to the unit, however late the purchase is heard of. */
  #fillObjection({ instrument, side, priceTicks, fee, feeIn }: Fill): string | null {
    if (feeIn === undefined || feeIn.unvalued === true) return null;
    const { id, base } = this.scenario.instruments[instrument]!;
    if (feeIn.asset !== base || side !== 'buy') return this.#feeObjection(feeIn.asset, feeIn.amount, fee);
    const paid = this.#worth(feeIn.amount, id, priceTicks);
    if (Math.abs(fee - paid) <= 1) return null;
    return `a fee of ${feeIn.amount} ${base} counts as ${fee}, ${Math.round(paid)} was paid for it`;
  }

  /** What was paid in another asset is worth what the market asks for it. */
  #feeObjection(asset: string, amount: string, fee: number): string | null {
    const priced = this.scenario.instruments.find(({ base }) => base === asset);
    const bid = this.#bids.get(priced?.id ?? -1);
    if (priced === undefined || bid === undefined) return null;
    const worth = this.#worth(amount, priced.id, bid);
    if (Math.abs(fee - worth) <= worth * NEAR + 1) return null;
    return `a fee of ${amount} ${asset} counts as ${fee}, at the price of the market it is worth ${Math.round(worth)}`;
  }

  #worth(amount: string, instrument: number, priceTicks: number): number {
    const { lotSize, moneyPerTickLot } = this.scenario.instruments[instrument]!;
    return (Number(parseUnits(amount)) / Number(parseUnits(lotSize))) * priceTicks * moneyPerTickLot;
  }

  /** Known only where everything that is held has a price. */
  #objection(what: string, found: number): string | null {
    const newest = this.#differs(found, (at) => this.#bids.get(at));
    if (newest === null || this.#differs(found, (at) => this.#counted.bidTicks(at)) === null) return null;
    return `${what} is ${found}, at the prices of the market it comes to ${newest}`;
  }

  /** What it comes to at these prices where that is something else, money units; null: it is that, or nobody knows. */
  #differs(found: number, bidTicksOf: (at: number) => number | undefined): number | null {
    let held = 0;
    for (const { id, moneyPerTickLot } of this.scenario.instruments) {
      const bid = bidTicksOf(id);
      if (this.followed.second.holdings[id]!.coins === 0n) continue;
      const rate = this.#rates.at(id, bidTicksOf);
      if (bid === undefined || rate === undefined) return null;
      held += (Math.abs(this.followed.second.lots(id)) + 1) * bid * moneyPerTickLot * rate;
    }
    const expected = this.followed.second.equity(
      (at) => bidTicksOf(at) ?? 0,
      (at) => this.#rates.at(at, bidTicksOf) ?? 0,
    );
    return Math.abs(found - expected) <= held * NEAR + ROUNDING ? null : Math.round(expected);
  }
}

/** Entries that wait in the core: each leaves once at most, with a stop, at its moment, and never while the desk is halted. */
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { WaitingEntry } from '../../../src/engine/waiting-entry.js';
import type { FollowedBook } from '../followed-book.js';
import type { Scenario } from '../scenario.js';
import { isTradableAt, SURELY_TRADABLE } from '../tradable.js';
import type { Moment, Watcher } from '../watcher.js';

export class WaitingEntries implements Watcher {
  readonly #waiting = new Map<string, WaitingEntry>();
  readonly #due = new Map<string, WaitingEntry>();
  readonly #intended = new Set<string>();
  readonly #bids = new Map<number, number>();
  /** By client id: the best price that was heard since it began to wait for a turn. */
  readonly #best = new Map<string, number>();
  #isHalted = true;

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
  ) {}

  heard(event: EngineEvent): void {
    if (event.kind !== 'quote') return;
    this.#bids.set(event.instrument, event.bidTicks);
    for (const { clientId, instrument, side, trail } of this.#waiting.values()) {
      if (trail === undefined || instrument !== event.instrument) continue;
      const before = this.#best.get(clientId) ?? trail.bestTicks;
      const best = side === 'buy' ? Math.min(before, event.askTicks) : Math.max(before, event.bidTicks);
      this.#best.set(clientId, best);
    }
  }

  restarted(records: readonly EngineRecord[]): void {
    for (const of of [this.#waiting, this.#due, this.#intended, this.#best]) of.clear();
    this.#isHalted = true;
    for (const record of records) this.recorded(record);
  }

  recorded(record: EngineRecord): string | null {
    switch (record.type) {
      case 'halt':
        this.#isHalted = true;
        return null;
      case 'armed':
        this.#isHalted = false;
        return null;
      case 'entry.waits':
        this.#waiting.set(record.entry.clientId, record.entry);
        if (record.entry.trail !== undefined)
          this.#best.set(record.entry.clientId, record.entry.trail.bestTicks);
        return this.#isHalted ? `${record.entry.clientId} waits while the desk is halted` : null;
      case 'entry.over':
        return this.#end(record);
      case 'order.intended':
        return this.#sent(record);
      default:
        return null;
    }
  }

  #end({ clientId, outcome, marketMs }: Extract<EngineRecord, { type: 'entry.over' }>): string | null {
    const entry = this.#waiting.get(clientId);
    if (entry === undefined) return `${clientId} is over and never waited`;
    this.#waiting.delete(clientId);
    if (outcome !== 'due') return null;
    this.#due.set(clientId, entry);
    const { fromMs, untilMs } = entry;
    const isEarly = fromMs !== null && marketMs < fromMs;
    if (isEarly || (untilMs !== null && marketMs >= untilMs))
      return `${clientId} is due at ${marketMs}, and waited from ${fromMs} until ${untilMs}`;
    return entry.type === 'reversal' && this.#isInTheWay(entry)
      ? `${clientId} is due while the trade that it turns round, or an order of that, is still there`
      : null;
  }

  #isInTheWay({ instrument: at }: WaitingEntry): boolean {
    const rests = (['protective', 'exit', 'close'] as const).some(
      (purpose) => this.book.liveOn(at, purpose).length > 0,
    );
    const lots = this.book.lots[at] ?? 0;
    return (
      rests || isTradableAt(this.scenario.instruments[at]!, lots, this.#bids.get(at) ?? 0, SURELY_TRADABLE)
    );
  }

  #sent({ order }: Extract<EngineRecord, { type: 'order.intended' }>): string | null {
    const { clientId, waited, purpose, protectTicks, signal } = order;
    if (purpose !== 'entry') return null;
    if (waited === undefined)
      return this.scenario.waits !== null && signal === undefined && this.#waiting.has(clientId)
        ? `the entry ${clientId} leaves while it waits`
        : null;
    if (!this.#due.has(clientId)) return `the entry ${clientId} leaves before its moment`;
    if (this.#intended.has(clientId)) return `the entry ${clientId} leaves twice`;
    this.#intended.add(clientId);
    if (this.#isHalted) return `the entry ${clientId} that waited leaves while the desk is halted`;
    return protectTicks === null ? `the entry ${clientId} that waited leaves without a stop` : null;
  }

  left(effect: Effect, { view }: Moment): string | null {
    if (effect.kind !== 'submit' || effect.order.waited === undefined) return null;
    const { clientId, instrument, side } = effect.order;
    const entry = this.#due.get(clientId);
    const quote = view().quotes.find((one) => one.instrument === instrument);
    if (entry === undefined || quote === undefined)
      return `the entry ${clientId} leaves and waited for no price`;
    if (entry.trail !== undefined) return this.#turned(entry, effect.order, quote);
    if (entry.touchTicks === null) return null;
    const isTouched =
      side === 'buy' ? quote.askTicks <= entry.touchTicks : quote.bidTicks >= entry.touchTicks;
    return isTouched ? null : `the entry ${clientId} leaves, and ${entry.touchTicks} is not touched`;
  }

  /** The desk may have held back the best price that it heard, and not the one at which the market turned. */
  #turned(
    { clientId, side, trail, protectTicks }: WaitingEntry,
    order: { readonly protectTicks: number | null },
    { bidTicks, askTicks }: { readonly bidTicks: number; readonly askTicks: number },
  ): string | null {
    const { ticks, bestTicks } = trail!;
    const toward = side === 'buy' ? 1 : -1;
    const now = side === 'buy' ? askTicks : bidTicks;
    const best = this.#best.get(clientId) ?? bestTicks;
    const turned = toward * (now - best);
    if (turned < ticks)
      return `the entry ${clientId} leaves, and the market has turned by ${turned} of ${ticks}`;
    const stop = toward * ((order.protectTicks ?? 0) - protectTicks);
    const [least, most] = [toward * (best - bestTicks), Math.min(0, toward * (now - bestTicks) - ticks)];
    return stop >= least && stop <= most
      ? null
      : `the entry ${clientId} leaves with its stop at ${order.protectTicks}, which did not come along`;
  }

  looked({ view }: Moment): string | null {
    const { mode, waiting } = view();
    return mode === 'ACTIVE' || waiting.length === 0 ? null : `an entry waits while the desk is ${mode}`;
  }
}

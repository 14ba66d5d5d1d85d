/**
 * Two strategies on one instrument: what each of them holds, worked out anew from the fills. No exit and no stop is
 * for more than its own trade, none takes from the other one's, and each trade has its own stop.
 */
import type { OrderIntent } from '../../../src/domain/order.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import type { Scenario } from '../scenario.js';
import { addLots, NOBODY, sharesOf } from '../shares.js';
import { isTradableAt, SURELY_TRADABLE } from '../tradable.js';
import type { Unprotectable } from '../unprotectable.js';
import { EXIT_WORDS, type Moment, type Watcher } from '../watcher.js';

/** Longer than this without its own stop, and neither closing nor halted. */
const BARE_MS_MAX = 15_000;
const RESTS: ReadonlySet<string> = new Set(['working', 'partlyFilled']);

export class SideBySide implements Watcher {
  /** By instrument: lots by owner, signed, oldest first. */
  readonly #held = new Map<number, Map<string, number>>();
  readonly #orders = new Map<string, OrderIntent>();
  /** "strategy/instrument" whose trade is being closed. */
  readonly #exiting = new Set<string>();
  readonly #bids = new Map<number, number>();
  /** Looked up, and the venue did not have them: one that it takes all the same sells what another exit has sold since. */
  readonly #absent = new Set<string>();
  /** Stops beside which the venue takes no other: they give way to one that is elsewhere. */
  readonly #noRoom = new Set<string>();
  readonly #bareSinceMs = new Map<string, number>();
  /** Who gave lots for the newest fill, and the order that was filled. */
  #taken: { readonly order: OrderIntent | undefined; readonly owners: readonly string[] } | null = null;

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
    private readonly unprotectable: Unprotectable,
  ) {}

  restarted(records: readonly EngineRecord[]): void {
    for (const state of [
      this.#held,
      this.#orders,
      this.#exiting,
      this.#bareSinceMs,
      this.#absent,
      this.#noRoom,
    ])
      state.clear();
    for (const record of records) this.#take(record);
    this.#exiting.clear();
  }

  heard(event: EngineEvent): void {
    if (event.kind === 'quote') this.#bids.set(event.instrument, event.bidTicks);
    if (event.kind === 'order.replaceRejected' && event.tooMany === true) this.#noRoom.add(event.replaced);
  }

  thawed(): void {
    this.#bareSinceMs.clear();
  }

  marketClosed(): void {
    this.#bareSinceMs.clear();
  }

  recorded(record: EngineRecord, moment: Moment): string | null {
    const objection = this.#objection(record, moment);
    this.#take(record);
    return objection;
  }

  /** What a reading of the account shows of an order is no order of this process: a journal put back forgot its trade. */
  left(effect: Effect): string | null {
    if (effect.kind !== 'submit' && effect.kind !== 'replace') return null;
    return this.#tooMuch(effect.order) ?? this.#withoutRoom(effect.order);
  }

  looked({ wallMs }: Moment): string | null {
    for (const [instrument, held] of this.#held) {
      for (const [owner, lots] of held) {
        const key = `${owner}/${instrument}`;
        if (!this.#isBare(instrument, owner, lots, wallMs)) this.#bareSinceMs.delete(key);
        else if (!this.#bareSinceMs.has(key)) this.#bareSinceMs.set(key, wallMs);
        const sinceMs = this.#bareSinceMs.get(key) ?? wallMs;
        if (wallMs - sinceMs > BARE_MS_MAX)
          return `${lots} lots of ${owner} in ${instrument} have had no stop of their own for ${wallMs - sinceMs} ms`;
      }
    }
    return null;
  }

  lookedClosely({ view }: Moment): string | null {
    for (const { instrument, quantityLots, parts, strategy } of view().positions) {
      const shown =
        parts.length > 0
          ? parts.map((part) => [part.strategy, part.quantityLots] as const)
          : [[strategy, quantityLots] as const];
      const [theirs, ours] = [new Map(shown), this.#held.get(instrument) ?? new Map<string, number>()];
      const sum = shown.reduce((lots, [, own]) => lots + own, 0);
      if (sum !== quantityLots)
        return `${quantityLots} lots are held in ${instrument}, its trades have ${sum}`;
      for (const owner of new Set([...theirs.keys(), ...ours.keys()]))
        if ((theirs.get(owner) ?? 0) !== (ours.get(owner) ?? 0))
          return `${owner} has ${theirs.get(owner) ?? 0} lots in ${instrument}, its fills come to ${ours.get(owner) ?? 0}`;
    }
    return null;
  }

  #objection(record: EngineRecord, { wallMs }: Moment): string | null {
    if (record.type === 'order.state' && record.state === 'cancelling')
      return this.#takenOff(record.clientId, wallMs);
    if (record.type !== 'trade.closed' || this.#taken === null) return null;
    const { order, owners } = this.#taken;
    if (!owners.includes(record.strategy)) return `the trade ${record.trade} is closed, and gave nothing`;
    const isOthers = order !== undefined && order.purpose !== 'close' && order.strategy !== record.strategy;
    return isOthers && order.purpose === 'exit' && !this.#absent.has(order.clientId)
      ? `the exit ${order.clientId} of ${order.strategy} has closed the trade ${record.trade} of ${record.strategy}`
      : null;
  }

  #tooMuch({ purpose, strategy, instrument, quantityLots, clientId }: OrderIntent): string | null {
    if (purpose !== 'protective' && purpose !== 'exit') return null;
    const own = Math.abs(this.#held.get(instrument)?.get(strategy) ?? 0);
    return quantityLots > own
      ? `the ${purpose} order ${clientId} is for ${quantityLots} lots, and ${strategy} has ${own}`
      : null;
  }

  /** Each trade needs a stop, and each strategy that may have one: here, all enter at a limit. */
  #withoutRoom({ purpose, strategy, instrument, clientId }: OrderIntent): string | null {
    const bounds = this.scenario.instruments[instrument]!;
    if (purpose !== 'entry' || bounds.maxStops === undefined) return null;
    const bidTicks = this.#bids.get(instrument) ?? 0;
    const trading = [...(this.#held.get(instrument) ?? [])]
      .filter(([, lots]) => isTradableAt(bounds, lots, bidTicks, SURELY_TRADABLE))
      .map(([owner]) => owner);
    const entering = this.book.liveOn(instrument, 'entry').map(({ intent }) => intent.strategy);
    const needed = new Set([...trading, ...entering, strategy]).size;
    return needed <= bounds.maxStops
      ? null
      : `the entry ${clientId} left, ${needed} stops would be needed in ${instrument}, and the venue takes ${bounds.maxStops}`;
  }

  /** A stop that fits its trade goes only for an exit of that trade, or for one elsewhere that has no room beside it. */
  #takenOff(clientId: string, wallMs: number): string | null {
    const order = this.book.live.get(clientId);
    if (order?.intent.purpose !== 'protective' || order.state === 'cancelling') return null;
    const { strategy, instrument, stopTicks, side } = order.intent;
    const own = this.#held.get(instrument)?.get(strategy) ?? 0;
    const fits = order.leftLots === Math.abs(own) && side === (own > 0 ? 'sell' : 'buy');
    const isLeft = this.book.closing || this.#exiting.has(`${strategy}/${instrument}`);
    if (own === 0 || !fits || isLeft || this.unprotectable.has(instrument, wallMs)) return null;
    const moved = this.#entriesStop(strategy, instrument);
    const isElsewhere = moved !== null && moved !== stopTicks;
    const others = this.book
      .liveOn(instrument, 'protective')
      .filter(({ intent }) => intent.strategy === strategy);
    return isElsewhere || others.length > 1 || strategy === NOBODY || this.#noRoom.has(clientId)
      ? null
      : `${clientId}, the stop of ${strategy} for its ${own} lots, was taken off and nothing closes its trade`;
  }

  /** Where the newest filled entry of the strategy wants its stop. */
  #entriesStop(strategy: string, instrument: number): number | null {
    let stopTicks: number | null = null;
    for (const order of this.#orders.values())
      if (order.strategy === strategy && order.instrument === instrument && order.purpose === 'entry')
        stopTicks = order.protectTicks;
    return stopTicks;
  }

  #isBare(instrument: number, owner: string, lots: number, wallMs: number): boolean {
    const { id } = this.scenario.instruments[instrument]!;
    if (lots === 0 || this.book.mode !== 'ACTIVE' || this.book.closing) return false;
    if (this.#exiting.has(`${owner}/${id}`) || this.unprotectable.has(id, wallMs)) return false;
    const bidTicks = this.#bids.get(instrument) ?? 0;
    // The stop is for less than the market: what is just enough for an order there may be too small for one.
    if (!isTradableAt(this.scenario.instruments[instrument]!, lots, bidTicks, SURELY_TRADABLE)) return false;
    return !this.book
      .liveOn(id, 'protective')
      .some(
        ({ intent, leftLots, state }) =>
          intent.strategy === owner && RESTS.has(state) && leftLots === Math.abs(lots),
      );
  }

  #take(record: EngineRecord): void {
    if (record.type === 'order.intended') this.#orders.set(record.order.clientId, record.order);
    if (record.type === 'order.state' && record.state === 'absent') this.#absent.add(record.clientId);
    if (record.type === 'note' && record.text.endsWith(EXIT_WORDS)) this.#noteExit(record);
    if (record.type === 'fill') {
      const { instrument, side, quantityLots, clientId } = record.fill;
      this.#change(instrument, side === 'buy' ? quantityLots : -quantityLots, this.#orders.get(clientId));
    }
    if (record.type === 'position.adopted')
      this.#change(record.instrument, record.quantityLots - this.#lots(record.instrument), undefined);
    if (record.type === 'trades.crossed') {
      const { instrument, quantityLots, seller, buyer } = record;
      this.#add(instrument, seller.strategy, -quantityLots);
      this.#add(instrument, buyer.strategy, quantityLots);
      this.#taken = { order: undefined, owners: [seller.strategy, buyer.strategy] };
    }
    if (record.type === 'coins.claimed') {
      const at = this.scenario.instruments.findIndex(({ symbol }) => symbol === record.symbol);
      this.#change(at, record.quantityLots, undefined);
    }
    if (record.type === 'halt' && record.halt.mode !== 'REDUCING') this.#exiting.clear();
  }

  #noteExit({ strategy, symbol }: Extract<EngineRecord, { readonly type: 'note' }>): void {
    const at = this.scenario.instruments.findIndex((instrument) => instrument.symbol === symbol);
    const owners = strategy === null ? [...(this.#held.get(at)?.keys() ?? [])] : [strategy];
    for (const owner of owners) this.#exiting.add(`${owner}/${at}`);
  }

  #lots(instrument: number): number {
    return [...(this.#held.get(instrument)?.values() ?? [])].reduce((sum, lots) => sum + lots, 0);
  }

  /** What reduces is the owner's own, then nobody's, then of the trade that is open for longest. */
  #change(instrument: number, signedLots: number, order: OrderIntent | undefined): void {
    const held = this.#held.get(instrument) ?? new Map<string, number>();
    this.#held.set(instrument, held);
    if (this.scenario.against) {
      const shares = sharesOf(held, signedLots, order);
      const closed = shares.filter(([owner, lots]) => this.#add(instrument, owner, lots) === 'closed');
      this.#taken = { order, owners: closed.map(([owner]) => owner) };
      return;
    }
    const owner = order?.strategy ?? NOBODY;
    let left = signedLots;
    const taken: string[] = [];
    for (const giver of new Set([owner, NOBODY, ...held.keys()])) {
      const lots = held.get(giver) ?? 0;
      if (lots === 0 || left === 0 || lots > 0 === left > 0) continue;
      const by = Math.sign(left) * Math.min(Math.abs(left), Math.abs(lots));
      left -= by;
      taken.push(giver);
      if (lots + by === 0) this.#close(held, giver, instrument);
      else held.set(giver, lots + by);
    }
    if (left !== 0) held.set(owner, (held.get(owner) ?? 0) + left);
    this.#taken = { order, owners: taken };
  }

  #add(instrument: number, owner: string, signedLots: number): 'closed' | 'open' {
    const held = this.#held.get(instrument) ?? new Map<string, number>();
    this.#held.set(instrument, held);
    const became = addLots(held, owner, signedLots);
    if (became === 'closed') this.#exiting.delete(`${owner}/${instrument}`);
    if (became === 'closed') this.#bareSinceMs.delete(`${owner}/${instrument}`);
    return became;
  }

  #close(held: Map<string, number>, owner: string, instrument: number): void {
    held.delete(owner);
    this.#bareSinceMs.delete(`${owner}/${instrument}`);
    this.#exiting.delete(`${owner}/${instrument}`);
  }
}

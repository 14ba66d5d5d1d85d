/**
 * A strategy withdraws its own entries, changes one, or asks for one of two. Exits and stops stay as they
 * are.
 */
import type { ExitPlan } from '../../domain/exits.js';
import { isDoneAtOnce } from '../../domain/order.js';
import { type Core, liveOrders, note, remainingLots, sessionsAt } from '../core.js';
import { takeEntryOff } from '../orders/change-order.js';
import { endWaiting } from '../orders/end-waiting.js';
import { nextClientId } from '../orders/place-order.js';
import type { OrderEntry } from '../state.js';
import type { WaitingEntry } from '../waiting-entry.js';
import { type EntryOrigin, enter, wouldEnter } from './enter.js';
import type { EntryChange, RestingWish } from './strategy.js';
import type { StrategySlot } from './strategy-slot.js';
import { waitInstead, waitingNow, waitToChange } from './waiting-entries.js';

/**
 * Withdraws resting entries and those that wait in the core. Lots filled before the cancel arrives keep their
 * stop.
 */
export function withdrawEntries(core: Core, slot: StrategySlot, because: string): void {
  const { name, instrument } = slot;
  const at = instrument.id;
  const reason = `${name} withdrew it: ${because}`;
  const dropped = endWaiting(core, reason, ({ instrument: on, strategy }) => on === at && strategy === name);
  const live = liveOrders(core, at).filter(
    ({ intent }) => intent.purpose === 'entry' && intent.strategy === name,
  );
  for (const entry of live) takeEntryOff(core, entry, reason);
  if (dropped + live.length > 0) slot.entriesRefused = '';
  else refuse(core, slot, because, 'no entry to withdraw');
}

/**
 * An order is judged with its new prices first, then comes off the book, and is judged again when it is sent
 * anew, for no more lots than are left of it. A venue's replace is never used: a fill on its way would add to
 * the quantity.
 */
export function changeEntry(core: Core, slot: StrategySlot, wish: EntryChange): void {
  const { name, instrument } = slot;
  const at = instrument.id;
  const isOwn = ({ strategy, side }: Pick<WaitingEntry, 'strategy' | 'side'>): boolean =>
    strategy === name && side === (wish.side ?? side);
  const orders = liveOrders(core, at).filter(({ intent }) => intent.purpose === 'entry' && isOwn(intent));
  const waiting = [...core.state.waiting.values()].filter((one) => one.instrument === at && isOwn(one));
  const [order] = orders;
  const [waits] = waiting;
  const why = whyNotChange(orders, waiting, wish);
  if (why !== null) {
    refuse(core, slot, wish.because, why);
    return;
  }
  slot.entriesRefused = '';
  if (order !== undefined) changeOrder(core, slot, order, wish);
  else if (waits !== undefined) changeWaiting(core, slot, waits, wish);
}

function whyNotChange(
  orders: readonly OrderEntry[],
  waiting: readonly WaitingEntry[],
  { ticks }: EntryChange,
): string | null {
  if (orders.length + waiting.length === 0) return 'no entry to change';
  if (waiting.some(({ type }) => type === 'change')) return 'its entry is being changed already';
  if (orders.length + waiting.length > 1) return 'it has several entries: say which side, or cancel them';
  if (orders.some(({ state }) => state === 'cancelling')) return 'its entry is being taken off already';
  if (orders.some(({ intent }) => isDoneAtOnce(intent))) return 'its entry never rests';
  if (waiting.some(({ type }) => type === 'reversal')) return 'its entry waits for its trade to be closed';
  if (ticks !== undefined && waiting.some(({ touchTicks }) => touchTicks === null))
    return 'its entry waits for a time or a turn of the market, and has no price to change';
  return null;
}

function changeOrder(core: Core, slot: StrategySlot, order: OrderEntry, wish: EntryChange): void {
  const { clientId, signal, oneOf } = order.intent;
  const { because } = wish;
  const asked = wishOf(order, core.watches.get(clientId)?.barsLeft ?? 1, because);
  const before = changed(withoutItsEnd(core, order, asked), { because });
  const next = changed(before, wish);
  if (JSON.stringify(next) === JSON.stringify(before)) return;
  const origin: EntryOrigin = {
    ...(signal === undefined ? {} : { signal }),
    ...{ changes: clientId, oneOf, leftLots: remainingLots(order) },
  };
  if (!wouldEnter(core, slot, next, origin)) return;
  takeEntryOff(core, order, `${slot.name} changes it: ${wish.because}`);
  waitToChange(core, slot, order, next);
}

/** Drops the end that the old exits set: the new order has its own. */
function withoutItsEnd(core: Core, { intent }: OrderEntry, wish: RestingWish): RestingWish {
  const leadMs = intent.exits?.beforeCloseMs;
  if (leadMs === undefined || wish.type === 'stop') return wish;
  const { untilMs } = sessionsAt(core, intent.instrument).calendar.phaseAt(core.marketMs);
  const { untilMs: itsEndMs, ...rest } = wish;
  return itsEndMs === untilMs - leadMs ? rest : wish;
}

/** The entry as its order describes it. */
function wishOf({ intent }: OrderEntry, restBars: number, because: string): RestingWish {
  const { side, limitTicks, stopTicks, protectTicks, exits, postOnly, untilMs } = intent;
  const [worst, protect] = [limitTicks ?? 0, protectTicks ?? 0];
  const wish = { side, protectTicks: protect, restBars, because, ...(exits === undefined ? {} : { exits }) };
  if (stopTicks !== null)
    return { ...wish, type: 'stop', stopTicks, slippageTicks: Math.abs(worst - stopTicks) };
  return {
    ...{ ...wish, limitTicks: worst },
    ...(postOnly === true ? { postOnly } : {}),
    ...(untilMs === undefined ? {} : { untilMs }),
  };
}

function changed(before: RestingWish, { ticks, protectTicks, exits }: EntryChange): RestingWish {
  const { exits: former, ...rest } = before;
  const others = {
    ...(protectTicks === undefined ? {} : { protectTicks }),
    ...withExits(exits ?? former),
  };
  if (ticks === undefined) return { ...rest, ...others };
  return rest.type === 'stop'
    ? { ...rest, ...others, stopTicks: ticks }
    : { ...rest, ...others, limitTicks: ticks };
}

/**
 * An empty plan is left out, as in a new entry: without exits, an entry keeps those of the trade it adds to.
 */
const withExits = (exits: ExitPlan | undefined): { readonly exits?: ExitPlan } =>
  exits === undefined || Object.keys(exits).length === 0 ? {} : { exits };

function changeWaiting(core: Core, slot: StrategySlot, old: WaitingEntry, wish: EntryChange): void {
  const { exits: former, ...rest } = waitingNow(core, old);
  const { touchTicks, limitTicks } = rest;
  const { ticks = touchTicks, protectTicks = rest.protectTicks, because } = wish;
  const movedBy = (ticks ?? 0) - (touchTicks ?? 0);
  const exits = withExits(wish.exits ?? former);
  const isSame = JSON.stringify(exits) === JSON.stringify(withExits(former));
  if (movedBy === 0 && protectTicks === rest.protectTicks && isSame) return;
  waitInstead(core, slot, old, {
    ...rest,
    ...{ touchTicks: ticks, limitTicks: limitTicks === null ? null : limitTicks + movedBy, protectTicks },
    ...exits,
    because,
  });
}

/** Both or neither. The core links them, at every venue: `takeOthersOff`. */
export function enterOneOf(
  core: Core,
  slot: StrategySlot,
  [one, other]: readonly [RestingWish, RestingWish],
  write: (text: string) => void,
  origin: EntryOrigin,
): void {
  const oneOf = nextClientId(core);
  if (!enter(core, slot, one, write, { ...origin, oneOf })) return;
  if (enter(core, slot, other, write, { ...origin, oneOf })) return;
  const first = core.state.orders.get(oneOf);
  if (first !== undefined) takeEntryOff(core, first, 'the other of the two was refused');
}

/** A strategy that asks for the same at each quote is answered once, however it words the request. */
function refuse(core: Core, slot: StrategySlot, because: string, why: string): void {
  if (slot.entriesRefused !== why) note(core, 'info', `${because}: ${why}`, slot.instrument.id, slot.name);
  slot.entriesRefused = why;
}

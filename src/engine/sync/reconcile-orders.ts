/** Compares open orders at the venue with ours. */
import type { InstrumentId } from '../../domain/instrument.js';
import {
  FINAL_ORDER_STATES,
  isBounded,
  isRestingTarget,
  type OrderIntent,
  type OrderPurpose,
} from '../../domain/order.js';
import type { VenueOrder } from '../../domain/venue.js';
import {
  type Core,
  capabilitiesAt,
  commit,
  exitRules,
  instrumentAt,
  isOurs,
  isSplitAsked,
  liveOrders,
  note,
  progressAt,
  type SnapshotRequest,
} from '../core.js';
import type { VenueSnapshot } from '../event.js';
import { raiseForeign } from '../halts.js';
import { otherTerms } from '../orders/amend-order.js';
import { cancelOrder, changeOrder, sendLookup } from '../orders/change-order.js';
import { observeOrder } from '../orders/order-events.js';
import { watchOf } from '../orders/order-watch.js';
import type { Difference } from '../record.js';
import type { OrderEntry } from '../state.js';

const NOT_OURS = 'not ours';

/** What rests at the venue and is not the desk's, or not as the desk sent it, as the newest reading has it. Null: nothing. */
export function foreignOrders({ sync, state }: Core): string | null {
  if (sync.state !== 'differences') return null;
  const foreign = state.lastDifferences.filter(({ what, rule }) => what === 'order' && rule === 'halt');
  return foreign.length === 0 ? null : foreign.map(({ symbol, venues }) => `${symbol} ${venues}`).join(', ');
}

export function reconcileOrders(core: Core, snapshot: VenueSnapshot, asked: SnapshotRequest): Difference[] {
  const differences: Difference[] = [];
  const open = new Set<string>();
  for (const order of snapshot.openOrders) {
    open.add(order.clientId);
    const difference = openAtVenue(core, order, asked);
    if (difference !== null) differences.push(difference);
  }
  for (const { id } of core.config.instruments) {
    for (const entry of liveOrders(core, id)) {
      if (!open.has(entry.intent.clientId)) missingAtVenue(core, entry, asked);
    }
  }
  return differences;
}

function openAtVenue(core: Core, order: VenueOrder, asked: SnapshotRequest): Difference | null {
  const entry = core.state.orders.get(order.clientId);
  if (entry !== undefined) return knownOrder(core, entry, order, asked);
  const symbol = core.config.instruments[order.instrument]?.symbol ?? '?';
  const venues = `${order.clientId} ${order.side} ${order.quantityLots} lots`;
  if (isOurs(core, order.clientId) && symbol !== '?') {
    adoptOrder(core, order);
    return { what: 'order', symbol, ours: 'unknown', venues, rule: 'adopt' };
  }
  foreignOrder(core, symbol, venues);
  return { what: 'order', symbol, ours: NOT_OURS, venues, rule: 'halt' };
}

function knownOrder(
  core: Core,
  entry: OrderEntry,
  order: VenueOrder,
  asked: SnapshotRequest,
): Difference | null {
  const final = FINAL_ORDER_STATES.has(entry.state);
  if (!final || entry.state === 'absent') {
    observeOrder(core, entry, order);
    if (!final) return null;
  } else {
    /** It ended while the snapshot was on its way. */
    if (!isCurrent(core, order.instrument, asked)) return null;
    core.effects.push({ kind: 'cancel', clientId: order.clientId, instrument: order.instrument });
  }
  const symbol = core.config.instruments[order.instrument]?.symbol ?? '?';
  return { what: 'order', symbol, ours: final ? 'ended' : entry.state, venues: order.state, rule: 'correct' };
}

/** Nothing of the desk's own has happened there since the snapshot was asked for. */
const isCurrent = (core: Core, at: InstrumentId, asked: SnapshotRequest): boolean =>
  asked.activity[at] === core.progress[at]?.activity;

/**
 * Orders that rest at the venue in another form than they were sent in. Called after the positions: a venue may rewrite
 * orders at a split, and a stop in new shares stays until a person has said that it was one.
 */
export function reconcileTerms(core: Core, snapshot: VenueSnapshot, asked: SnapshotRequest): Difference[] {
  return snapshot.openOrders.flatMap((order) => {
    const { clientId, instrument: at } = order;
    const entry = core.state.orders.get(clientId);
    const isUnsure = core.sync.suspected.has(at) || isSplitAsked(core, at);
    if (entry === undefined || isUnsure || !isCurrent(core, at, asked)) return [];
    return changedOrder(core, entry, order) ?? [];
  });
}

/**
 * A stop or target that still closes its trade stays where a person has put it, and nothing is entered. Anything else
 * is not what the gate judged, or would trade more than it is for: it goes, and what is still needed is sent anew.
 */
function changedOrder(core: Core, entry: OrderEntry, order: VenueOrder): Difference | null {
  const terms = otherTerms(core, entry, order);
  if (terms === null) return null;
  const { intent } = entry;
  const { clientId, purpose, instrument: at, quantityLots } = intent;
  const { symbol } = instrumentAt(core, at);
  const venues = `${clientId}: ${terms}`;
  const what = `${symbol}: the ${purpose} order ${clientId} was changed at the venue, not by the desk (${terms})`;
  const closes = purpose === 'protective' ? order.stopTicks !== null : isRestingTarget(intent);
  if (closes && order.quantityLots <= quantityLots) {
    const until =
      'nothing is entered until it is put back or cancelled there: the desk then sends what is missing';
    if (!isToldAlready(core)) tellForeign(core, at, `${what}. It stays, and ${until}`);
    return { what: 'order', symbol, ours: 'as it was sent', venues, rule: 'halt' };
  }
  const next = purpose === 'protective' ? ', and the stop that the position needs is sent' : '';
  tellForeign(core, at, `${what}; it is cancelled${next}`);
  cancelOrder(core, entry, 'it was changed at the venue');
  return { what: 'order', symbol, ours: 'as it was sent', venues, rule: 'correct' };
}

/** Our books say that it rests, the venue does not list it: look it up. */
function missingAtVenue(core: Core, entry: OrderEntry, asked: SnapshotRequest): void {
  const resting = entry.state === 'working' || entry.state === 'partlyFilled' || entry.state === 'cancelling';
  const watch = watchOf(core, entry.intent.clientId);
  if (!resting || watch.lookupAtMs !== null || watch.lookupByMs !== null) return;
  if (asked.activity[entry.intent.instrument] !== core.progress[entry.intent.instrument]?.activity) return;
  sendLookup(core, entry);
}

const PURPOSES: Readonly<Record<VenueOrder['type'], OrderPurpose>> = {
  stop: 'protective',
  limit: 'entry',
  market: 'close',
};

/** Ours by its id, although the state no longer knows it. */
function adoptOrder(core: Core, order: VenueOrder): void {
  const purpose = purposeOf(core, order);
  const intent: OrderIntent = {
    clientId: order.clientId,
    instrument: order.instrument,
    strategy: 'fermata',
    purpose,
    side: order.side,
    type: order.type,
    quantityLots: order.quantityLots,
    limitTicks: purpose === 'entry' || order.type === 'limit' ? order.limitTicks : null,
    stopTicks: order.stopTicks,
    protectTicks: null,
    reduceOnly: purpose !== 'entry' && exitRules(core, order.instrument).reduceOnly,
    timeInForce: order.type === 'market' && purpose === 'entry' ? 'IOC' : 'GTC',
    ...(order.group === undefined ? {} : { group: order.group }),
  };
  commit(core, { type: 'order.intended', order: intent, marketMs: core.marketMs });
  const entry = core.state.orders.get(order.clientId);
  if (entry === undefined) return;
  changeOrder(core, entry, 'accepted', 'found open at the venue', order.venueId);
  if (purpose === 'protective') noteFoundStop(core, order);
  // In a trading desk it would rest for ever: no strategy watches it, and after a fill its stop would be a
  // different one.
  if (purpose === 'entry') cancelOrder(core, entry, 'the journal has forgotten its stop and its time');
}

/** A position whose own stop the journal has forgotten, too, keeps this one: a stop never goes away from the market. */
function noteFoundStop(core: Core, { instrument, side, stopTicks }: VenueOrder): void {
  if (stopTicks === null) return;
  const progress = progressAt(core, instrument);
  const { foundStop } = progress;
  const isFarther =
    foundStop?.side === side &&
    (side === 'sell' ? foundStop.stopTicks >= stopTicks : foundStop.stopTicks <= stopTicks);
  if (!isFarther) progress.foundStop = { side, stopTicks };
}

/** A limit order in a group is a target; entries are never linked. */
function purposeOf(core: Core, order: VenueOrder): OrderPurpose {
  if (isBoundedEntry(core, order)) return 'entry';
  return order.type === 'limit' && order.group !== undefined ? 'exit' : PURPOSES[order.type];
}

/**
 * Only an entry has a worst price. A sell order is not an entry if the venue can't sell short: some venues hold a
 * protective stop as a limit order behind its trigger.
 */
function isBoundedEntry(core: Core, order: VenueOrder): boolean {
  return isBounded(order) && (order.side === 'buy' || capabilitiesAt(core, order.instrument).shorting);
}

/** Placed by a second trader, or by a person on the venue's own screen. */
function foreignOrder(core: Core, symbol: string, venues: string): void {
  if (isToldAlready(core)) return;
  tellForeign(core, undefined, `${symbol}: the venue holds an order that is not ours (${venues})`);
}

/** Whatever differs besides is in what refuses to arm. */
const isToldAlready = ({ state }: Core): boolean =>
  state.halts.some((halt) => halt.cause === 'reconciliation');

function tellForeign(core: Core, at: InstrumentId | undefined, reason: string): void {
  note(core, 'alarm', reason, at);
  raiseForeign(core, reason);
}

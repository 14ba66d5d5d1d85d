/**
 * After an entry is filled, the venue's own list of open orders must show the stop and the target; an
 * acknowledgement is not enough. An order that it does not list is looked up, as after every snapshot, and
 * placed again.
 */
import { formatDecimal } from '../../domain/decimal.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { shownTicks } from '../../domain/order.js';
import {
  type Core,
  capabilitiesAt,
  instrumentAt,
  note,
  positionAt,
  progressAt,
  type SnapshotRequest,
} from '../core.js';
import type { VenueSnapshot } from '../event.js';
import { liveStops } from '../flow/flatten.js';
import { isConfirmed } from '../flow/wanted-stop.js';
import { targetBeside } from '../orders/linked-orders.js';
import { type OrderEntry, openLots } from '../state.js';
import { VERIFY_AFTER_MS } from '../timing.js';
import { readSoon } from './request-snapshot.js';

/**
 * Only if the venue links orders. Otherwise the stop rests by itself, and each snapshot compares it anyway.
 */
export function verifySoon(core: Core, at: InstrumentId): void {
  if (!capabilitiesAt(core, at).linksOrders) return;
  progressAt(core, at).unverified = true;
  readSoon(core, VERIFY_AFTER_MS);
}

export function verifyExits(core: Core, snapshot: VenueSnapshot, asked: SnapshotRequest): void {
  for (const { id } of core.config.instruments) {
    const progress = progressAt(core, id);
    if (!progress.unverified) continue;
    if (openLots(positionAt(core, id)) === 0) progress.unverified = false;
    // A snapshot that began before the last change says nothing about it.
    else if (asked.activity[id] !== progress.activity) readSoon(core, VERIFY_AFTER_MS);
    else verify(core, id, snapshot);
  }
}

function verify(core: Core, at: InstrumentId, { openOrders }: VenueSnapshot): void {
  const isWhole = positionAt(core, at).parts.length === 0;
  const stops = isWhole ? liveStops(core, at).slice(0, 1) : liveStops(core, at);
  const targets = stops.flatMap((stop) => targetBeside(core, stop) ?? []);
  const children = [...stops, ...targets];
  if (children.length === 0 || !children.every(isConfirmed)) {
    readSoon(core, VERIFY_AFTER_MS);
    return;
  }
  const isListed = ({ intent }: OrderEntry) =>
    openOrders.some(({ clientId }) => clientId === intent.clientId);
  const missing = children.filter((child) => !isListed(child));
  const { symbol } = instrumentAt(core, at);
  if (missing.length > 0) {
    const text = `${symbol}: the venue has acknowledged ${named(core, at, missing)} and does not list it as open`;
    note(core, 'alarm', `${text}; it is looked up`, at);
    readSoon(core, VERIFY_AFTER_MS);
    return;
  }
  progressAt(core, at).unverified = false;
  note(
    core,
    'info',
    `${symbol}: read back from the venue after the fill, as working: ${named(core, at, children)}`,
    at,
  );
}

/** "stop 15300.00 and target 15100.00". */
function named(core: Core, at: InstrumentId, orders: readonly OrderEntry[]): string {
  const { tickSize } = instrumentAt(core, at);
  return orders
    .map(({ intent }) => {
      const what = intent.purpose === 'protective' ? 'stop' : 'target';
      return `${what} ${formatDecimal(shownTicks(intent) ?? 0, tickSize)}`;
    })
    .join(' and ');
}

/** An order of unknown fate is looked up by its client id, patiently, and never resent. */
import { type Core, capabilitiesAt, exitRules, instrumentAt, type OrderWatch, positionAt } from '../core.js';
import type { OrderEntry } from '../state.js';
import {
  ABSENT_GRACE_MS,
  ABSENT_GRACE_OTHERS_MS,
  ABSENT_GRACE_REDUCING_MS,
  retryDelayMs,
} from '../timing.js';
import { changeOrder } from './change-order.js';
import { earliest, watchOf } from './order-watch.js';

/**
 * After this many rounds, an acknowledged order that the venue no longer knows is given up; the position is
 * read back anyway.
 */
const FORGOTTEN_AFTER_ROUNDS = 3;
/** This many readings since the start must show no coins besides the desk's before that is believed. */
const READINGS_BELIEVED = 2;

/**
 * The lookup failed or got no answer, which says nothing about the order. It may be an old lookup, so one
 * that is already due is not postponed.
 */
export function lookupFailed(core: Core, entry: OrderEntry): void {
  const watch = core.watches.get(entry.intent.clientId);
  if (watch === undefined) return;
  watch.lookupByMs = null;
  watch.lookupAtMs = earliest(watch.lookupAtMs, core.monotonicMs + retryDelayMs(watch.lookupAttempts));
  watch.lookupAttempts += 1;
}

/**
 * The venue says that it never had the order. Only the second such answer is believed, some time after the
 * first: the send may have been slower than the lookup.
 */
export function lookupFoundNothing(core: Core, entry: OrderEntry): void {
  const watch = watchOf(core, entry.intent.clientId);
  watch.lookupByMs = null;
  const grace = graceMs(core, entry);
  if (watch.firstAbsentMs === null) {
    watch.firstAbsentMs = core.monotonicMs;
    watch.lookupAtMs = core.monotonicMs + grace;
  } else if (core.monotonicMs - watch.firstAbsentMs < grace) {
    watch.lookupAtMs = watch.firstAbsentMs + grace;
  } else {
    concludeAbsent(core, entry, watch);
  }
}

function concludeAbsent(core: Core, entry: OrderEntry, watch: OrderWatch): void {
  watch.firstAbsentMs = null;
  const reason = 'looked up twice: the venue never had it';
  if (changeOrder(core, entry, 'foundAbsent', reason)) return;
  watch.lookupAttempts += 1;
  watch.lookupAtMs = core.monotonicMs + retryDelayMs(watch.lookupAttempts);
  if (watch.lookupAttempts >= FORGOTTEN_AFTER_ROUNDS)
    changeOrder(core, entry, 'expired', 'the venue acknowledged it and no longer knows it');
}

/**
 * A second closing order does no harm if neither can open a position. If the account also has coins that are
 * not the desk's, it can: the venue can't tell whose they are and sells them. If such coins ever existed, or
 * a single reading showed some, there may be some now: a venue in trouble has been read as empty twice in a
 * row. One reading without such coins does not rule them out. Of a stock, `shorting: false` is the desk's own rule:
 * a broker sells it short.
 */
function graceMs(core: Core, entry: OrderEntry): number {
  const { purpose, instrument, side } = entry.intent;
  const { kind, symbol } = instrumentAt(core, instrument);
  if (purpose !== 'close' && purpose !== 'exit') return ABSENT_GRACE_MS;
  const { shorting } = capabilitiesAt(core, instrument);
  const { reduceOnly } = exitRules(core, instrument);
  const besideOthers =
    core.state.coins.has(symbol) ||
    core.sync.surplus.has(instrument) ||
    (core.config.coinsNeedOwner === true && core.sync.readings < READINGS_BELIEVED);
  if (!reduceOnly && side === 'sell' && besideOthers) return ABSENT_GRACE_OTHERS_MS;
  const owesNothing = kind === 'spot' && !shorting;
  const onlyReduces =
    reduceOnly || (owesNothing && side === 'sell' && positionAt(core, instrument).quantityLots > 0);
  return onlyReduces ? ABSENT_GRACE_REDUCING_MS : ABSENT_GRACE_MS;
}

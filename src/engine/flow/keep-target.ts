/**
 * The target that closes the rest of a trade. If the venue links orders, the target rests there in one group
 * with the stop: a fill of one reduces the other. It is placed only once the stop rests, so the position is
 * protected first, and cancelled before anything else closes the position. Until it rests, the core holds it
 * like any other target.
 */
import { type TargetReason, WHOLE_TRADE_PPM } from '../../domain/exits.js';
import {
  type Core,
  capabilitiesAt,
  commit,
  isWhole,
  liveOrders,
  progressAt,
  remainingLots,
} from '../core.js';
import { mayReduce } from '../halts.js';
import { cancelOrder, sendLookup } from '../orders/change-order.js';
import { followsSoon, restingTargets } from '../orders/linked-orders.js';
import { isAsked } from '../orders/order-watch.js';
import { nextClientId, placeOrder } from '../orders/place-order.js';
import { type Holding, holdingsOf, type OrderEntry } from '../state.js';
import { TARGET_ENDS_MAX, TARGET_RETRY_MS } from '../timing.js';
import { ownerOf } from '../trades/trade.js';
import { tradeWithExits } from './exits.js';

interface WantedTarget {
  readonly limitTicks: number;
  readonly why: TargetReason;
}

/** `stop` rests and covers the whole position. */
export function keepTarget(core: Core, position: Holding, stop: OrderEntry): void {
  const at = position.instrument;
  const isPart = !isWhole(core, position);
  const targets = restingTargets(core, at).filter(
    ({ intent }) => !isPart || intent.strategy === ownerOf(position),
  );
  // A group covers the whole position, so the core holds the targets of its parts.
  if (isPart) {
    for (const target of targets) cancelOrder(core, target, 'another strategy has a trade beside it');
    return;
  }
  const wanted = wantedTarget(core, position);
  if (targets.length === 0) {
    const progress = progressAt(core, at);
    progress.unlikeSinceMs = null;
    if (progress.endedGroup !== null && progress.endedGroup === stop.intent.group) sendLookup(core, stop);
    progress.endedGroup = null;
    if (wanted !== null && mayRest(core, stop)) place(core, position, stop, wanted);
    return;
  }
  const lots = Math.abs(position.quantityLots);
  for (const target of targets) {
    const belongs = wanted !== null && isBeside(target, stop, wanted);
    if (belongs && remainingLots(target) === lots) progressAt(core, at).unlikeSinceMs = null;
    else if (!belongs || !followsSoon(core, stop, lots)) cancelOrder(core, target, 'the position changed');
  }
}

/** Null: the next target closes only a part of the trade, or there is none. */
function wantedTarget(core: Core, position: Holding): WantedTarget | null {
  const exits = tradeWithExits(core, position)?.exits;
  const { targets = [] } = exits?.plan ?? {};
  const reached = exits?.reached ?? 0;
  const next = targets[reached];
  if (next?.closedPpm !== WHOLE_TRADE_PPM) return null;
  return { limitTicks: next.ticks, why: `target ${reached + 1} of ${targets.length}` };
}

function isBeside({ intent }: OrderEntry, stop: OrderEntry, { limitTicks }: WantedTarget): boolean {
  const { side, group } = stop.intent;
  return (
    group !== undefined && intent.group === group && intent.side === side && intent.limitTicks === limitTicks
  );
}

/**
 * A target rests only with the stop and no other order: an entry would change both, and a closing order would
 * fill alongside it.
 */
function mayRest(core: Core, stop: OrderEntry): boolean {
  const { clientId, instrument, group } = stop.intent;
  const { exiting, parting, securing, targetAtMs, targetEnds } = progressAt(core, instrument);
  const watch = core.watches.get(clientId);
  if (watch !== undefined && isAsked(watch)) return false;
  if (group === undefined || exiting !== null || parting !== null || securing !== null) return false;
  if (!mayReduce(core) || targetEnds >= TARGET_ENDS_MAX) return false;
  return core.monotonicMs >= targetAtMs && liveOrders(core, instrument).every((one) => one === stop);
}

function place(core: Core, position: Holding, { intent }: OrderEntry, wanted: WantedTarget): void {
  const at = position.instrument;
  const sent = placeOrder(core, {
    clientId: nextClientId(core),
    instrument: at,
    strategy: ownerOf(position),
    purpose: 'exit',
    side: intent.side,
    type: 'limit',
    quantityLots: Math.abs(position.quantityLots),
    limitTicks: wanted.limitTicks,
    stopTicks: null,
    protectTicks: null,
    reduceOnly: capabilitiesAt(core, at).reduceOnly,
    timeInForce: 'GTC',
    why: wanted.why,
    ...(intent.group === undefined ? {} : { group: intent.group }),
  });
  if (sent) progressAt(core, at).endedHere = null;
  else progressAt(core, at).targetAtMs = core.monotonicMs + TARGET_RETRY_MS;
}

/**
 * Recorded before the fill that completes the target, so the trade it closes reads like one that the core
 * closes at the market.
 */
export function noteTargetFilled(core: Core, target: OrderEntry, priceTicks: number): void {
  const { instrument, limitTicks, strategy } = target.intent;
  const position = core.state.positions[instrument];
  const held = position === undefined ? [] : holdingsOf(position);
  const holding = held.length === 1 ? held[0] : held.find((one) => ownerOf(one) === strategy);
  const trade = holding?.trade ?? null;
  if (holding === undefined || trade === null) return;
  const wanted = wantedTarget(core, holding);
  if (wanted === null || wanted.limitTicks !== limitTicks) return;
  commit(core, {
    type: 'target.reached',
    instrument,
    trade: trade.id,
    targets: (trade.exits?.reached ?? 0) + 1,
    priceTicks,
    marketMs: core.marketMs,
  });
}

/** From a wish to an order: client id, risk gate, journal, and only then the venue. */
import type { InstrumentId } from '../../domain/instrument.js';
import type { OrderIntent } from '../../domain/order.js';
import { type Core, commit, instrumentAt, liveOrders, positionAt, remainingLots, workAt } from '../core.js';
import { isDust } from '../flow/dust.js';
import { needsGoLive } from '../halts/go-live-missing.js';
import { isClosing } from '../halts/mode.js';
import type { RiskCheck } from '../risk/check.js';
import { judge } from '../risk/gate.js';
import { clientIdOf } from './client-id.js';
import { openFeeReason } from './fee-value.js';
import { newWatch } from './order-watch.js';

export type OrderWish = Omit<OrderIntent, 'clientId'>;

/**
 * True where the order was approved and handed over; a refusal is recorded with its reason. `replaces`: client id of the
 * resting order whose place it takes.
 */
export function placeOrder(
  core: Core,
  wish: OrderWish,
  barsLeft: number | null = null,
  replaces: string | null = null,
): boolean {
  const clientId = clientIdOf(core.config.incarnation, core.state.clientSequence + 1);
  const intent: OrderIntent = { clientId, ...wish };
  const { approved, denial } = judge(riskCheck(core, intent));
  if (approved === null) {
    const { limit, reason } = denial;
    commit(core, { type: 'order.denied', order: intent, limit, reason, marketMs: core.marketMs });
    return false;
  }
  const link = replaces === null ? {} : { replaces };
  commit(core, { type: 'order.intended', order: approved, ...link, marketMs: core.marketMs });
  const watch = newWatch(core.monotonicMs + core.config.closeAll.answerTimeoutMs);
  watch.barsLeft = barsLeft;
  core.watches.set(clientId, watch);
  workAt(core, wish.instrument).activity += 1;
  if (replaces === null) core.effects.push({ kind: 'submit', order: approved });
  else core.effects.push({ kind: 'replace', clientId: replaces, order: approved });
  return true;
}

function riskCheck(core: Core, intent: OrderIntent): RiskCheck {
  const { config, limits, market, state } = core;
  const at = intent.instrument;
  return {
    intent,
    instrument: instrumentAt(core, at),
    mode: core.begun ? state.mode : 'HALTED',
    needsGoLive: needsGoLive(core),
    closing: isClosing(core) || workAt(core, at).securing !== null,
    positionLots: positionAt(core, at).quantityLots,
    restingEntryLots: restingEntryLots(core, at),
    otherOpenPositions: openPositions(core, at),
    equity: market.equity,
    dailyFloor: limits.dailyFloor,
    drawdownFloor: limits.drawdownFloor,
    quoteAgeMs: market.quoteAgeMs(at, core.monotonicMs),
    bidTicks: market.bidTicks[at] ?? Number.NaN,
    askTicks: market.askTicks[at] ?? Number.NaN,
    staleMs: config.staleMs,
    venueBreaker: core.venueBreaker.state,
    closed: core.closed.get(at) ?? null,
    openFees: openFeeReason(core),
    sizeFactorPpm: state.sizeFactorPpm,
    risk: config.risk,
    capabilities: config.capabilities,
  };
}

export function restingEntryLots(core: Core, at: InstrumentId): number {
  let lots = 0;
  for (const entry of liveOrders(core, at)) {
    if (entry.intent.purpose === 'entry') lots += remainingLots(entry);
  }
  return lots;
}

/** Instruments with a position, or with an entry that can still become one; `except` is left out. */
export function openPositions(core: Core, except: InstrumentId | null = null): number {
  let open = 0;
  for (const { id } of core.config.instruments) {
    if (id === except) continue;
    const held = positionAt(core, id).quantityLots !== 0 && !isDust(core, id);
    if (held || restingEntryLots(core, id) > 0) open += 1;
  }
  return open;
}

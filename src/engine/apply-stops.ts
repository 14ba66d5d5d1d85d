/** Protective stops that were made smaller at the venue, and times without a stop. */
import type { EngineRecord } from './record.js';
import type { EngineState } from './state.js';

type Of<T extends EngineRecord['type']> = Extract<EngineRecord, { readonly type: T }>;

export function applyAmended(
  state: EngineState,
  { clientId, quantityLots, reason }: Of<'order.amended'>,
): void {
  const entry = state.orders.get(clientId);
  if (entry === undefined)
    throw new RangeError(`an amendment of the order ${clientId}, which was never intended`);
  entry.intent = { ...entry.intent, quantityLots };
  entry.amended = true;
  entry.reason = reason;
}

export function applyStopGap(state: EngineState, { why, symbol, ms, marketMs }: Of<'stop.gap'>): void {
  const before = state.stopGaps.get(why);
  const count = (before?.count ?? 0) + 1;
  const longest =
    before === undefined || ms > before.longestMs ? { symbol, marketMs, longestMs: ms } : before;
  state.stopGaps.set(why, { ...longest, count, newestMs: ms });
}

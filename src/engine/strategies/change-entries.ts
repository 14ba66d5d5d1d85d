/** A strategy takes its own entries back. Its exits and stops are never touched. */
import { type Core, note } from '../core.js';
import { cancelEntryOrders } from '../orders/cancel-order.js';
import { endWaiting } from '../orders/end-waiting.js';
import type { StrategySlot } from './strategy-slot.js';

/** Those that rest, and those that wait in the core. What the venue fills before the cancel arrives keeps its stop. */
export function withdrawEntries(core: Core, slot: StrategySlot, because: string): void {
  const { name, instrument } = slot;
  const at = instrument.id;
  const reason = `${name} withdrew it: ${because}`;
  const dropped = endWaiting(core, reason, ({ instrument: on, strategy }) => on === at && strategy === name);
  const live = cancelEntryOrders(core, at, reason, name);
  if (dropped + live > 0) slot.entriesRefused = '';
  else refuse(core, slot, `${because}: no entry to withdraw`);
}

/** A strategy that asks for the same at each bar is answered once. */
function refuse(core: Core, slot: StrategySlot, text: string): void {
  if (slot.entriesRefused !== text) note(core, 'info', text, slot.instrument.id, slot.name);
  slot.entriesRefused = text;
}

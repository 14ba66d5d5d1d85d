/** Waiting entries are dropped wherever resting ones are cancelled: at once, since nobody else knows them. */
import type { InstrumentId } from '../../domain/instrument.js';
import { type Core, commit } from '../core.js';
import type { WaitingEntry } from '../waiting-entry.js';

export function endWaiting(
  core: Core,
  reason: string,
  which: (entry: WaitingEntry) => boolean = () => true,
): number {
  if (core.state.waiting.size === 0) return 0;
  const ending = [...core.state.waiting.values()].filter(which);
  for (const entry of ending) overWith(core, entry, 'dropped', reason);
  return ending.length;
}

/** Drops the waiting entries whose moment has passed without a quote. */
export function endOverdue(core: Core): void {
  if (core.state.waiting.size === 0) return;
  for (const entry of [...core.state.waiting.values()])
    if (isOverdue(entry, core.marketMs)) overWith(core, entry, 'dropped', overdueReason(entry));
}

export const isOverdue = ({ untilMs }: WaitingEntry, marketMs: number): boolean =>
  untilMs !== null && marketMs >= untilMs;

export const overdueReason = ({ type }: WaitingEntry): string =>
  type === 'reversal'
    ? 'the trade that it was to turn round was not closed in time'
    : type === 'change'
      ? 'the order that it changes did not come off the book in time'
      : 'no price came at its moment';

export function overWith(
  core: Core,
  { clientId, instrument, strategy }: WaitingEntry,
  outcome: 'due' | 'dropped',
  reason: string,
): void {
  core.waitingBars.delete(clientId);
  core.bestTicks.delete(clientId);
  const about = { clientId, instrument, strategy, outcome, reason };
  commit(core, { type: 'entry.over', ...about, marketMs: core.marketMs });
}

/** Whether an entry waits in this instrument, of any strategy or of one. */
export function isAnyWaiting({ state }: Core, at: InstrumentId, of?: string): boolean {
  if (state.waiting.size === 0) return false;
  for (const { instrument, strategy } of state.waiting.values())
    if (instrument === at && strategy === (of ?? strategy)) return true;
  return false;
}

/**
 * Switches a strategy off after too many losses in a row and reviews it after some hours of market time: it
 * is switched on again if one of its markets is in the regime that it is made for, else it stays off for as
 * long again. A person's switch stays.
 */

import { HOUR_MS } from '../../domain/civil-date.js';
import { type Core, commit, note } from '../core.js';
import { cancelOrder } from '../orders/change-order.js';
import { endWaiting } from '../orders/end-waiting.js';
import type { StrategyTrack } from '../state.js';
import type { Regime } from './market-meters.js';
import { declaredOf } from './registry.js';
import type { StrategySlot } from './strategy-slot.js';

/** Called after anything that may have closed a trade. */
export function disableLosing(core: Core): void {
  const { maxConsecutiveLosses } = core.config.tracker;
  for (const [strategy, { lossesInARow, off }] of core.state.tracks) {
    if (lossesInARow < maxConsecutiveLosses || off !== null) continue;
    if (
      !slotsOf(core, strategy).some(({ enabledByFile }) => core.state.toggles.get(strategy) ?? enabledByFile)
    )
      continue;
    const reason = `${lossesInARow} losses in a row; looked at again after ${hours(core)} h of market time`;
    switchOff(core, strategy, reason);
    note(core, 'warn', `${strategy} was switched off: ${reason}`);
  }
}

/** Called once a market minute. */
export function reviewDisabled(core: Core): void {
  for (const [strategy, track] of core.state.tracks) if (isReviewDue(core, track)) review(core, strategy);
}

export function isAnyReviewDue({ config, state }: Core, marketMs: number): boolean {
  for (const track of state.tracks.values()) if (isReviewDue({ config, marketMs }, track)) return true;
  return false;
}

/** By the absolute value, because another recording may begin earlier; the old time then means nothing. */
const isReviewDue = (
  { config, marketMs }: Pick<Core, 'config' | 'marketMs'>,
  { off }: StrategyTrack,
): boolean =>
  off?.automatic === true && Math.abs(marketMs - off.atMarketMs) >= config.tracker.reEnableCheckMs;

/** Market time of the next review. Null: only a person can switch it on. */
export function nextReviewMs(core: Core, strategy: string): number | null {
  const off = core.state.tracks.get(strategy)?.off ?? null;
  return off?.automatic ? off.atMarketMs + core.config.tracker.reEnableCheckMs : null;
}

export function regimeAt(core: Core, slot: StrategySlot): Regime {
  return core.regimes[slot.instrument.id]?.regime ?? 'unknown';
}

function review(core: Core, strategy: string): void {
  const slots = slotsOf(core, strategy);
  const known = slots.filter((slot) => regimeAt(core, slot) !== 'unknown');
  // Right after a start nothing is known of the market yet; the next minute tries again.
  if (known.length === 0) return;
  const fitting = known.filter((slot) => regimeAt(core, slot) === suitedRegime(core, strategy));
  const words = known.map((slot) => `${slot.instrument.symbol} is ${regimeAt(core, slot)}`).join(', ');
  if (fitting.length === 0) {
    switchOff(core, strategy, `looked at again: ${words}; it stays off for ${hours(core)} h of market time`);
    return;
  }
  const reason = `looked at again: ${words}`;
  switchStrategy(core, { strategy, enabled: true, automatic: true, by: 'fermata', reason });
  note(core, 'info', `${strategy} is on again: ${words}`);
}

function switchOff(core: Core, strategy: string, reason: string): void {
  switchStrategy(core, { strategy, enabled: false, automatic: true, by: 'fermata', reason });
}

function slotsOf(core: Core, strategy: string): StrategySlot[] {
  return core.slots.filter(({ name }) => name === strategy);
}

function suitedRegime(core: Core, strategy: string): Regime | undefined {
  const listed = core.config.strategies.find(({ name }) => name === strategy);
  return listed === undefined ? undefined : declaredOf(listed)?.suits;
}

function hours(core: Core): number {
  return core.config.tracker.reEnableCheckMs / HOUR_MS;
}

/** Switches a strategy on or off, on record. Switching it off cancels its resting entries. */
interface StrategySwitch {
  readonly strategy: string;
  readonly enabled: boolean;
  /** Switched by the tracker, which only ever undoes its own switches. */
  readonly automatic: boolean;
  readonly by: string;
  readonly reason: string;
}

export function switchStrategy(core: Core, change: StrategySwitch): void {
  commit(core, { type: 'strategy.toggled', ...change, marketMs: core.marketMs });
  if (!change.enabled) cancelEntriesOf(core, change.strategy);
}

function cancelEntriesOf(core: Core, strategy: string): void {
  endWaiting(core, `${strategy} was switched off`, (entry) => entry.strategy === strategy);
  for (const orders of core.state.live) {
    for (const entry of [...orders.values()]) {
      const { intent } = entry;
      if (intent.purpose === 'entry' && intent.strategy === strategy) {
        cancelOrder(core, entry, `${strategy} was switched off`);
      }
    }
  }
}
